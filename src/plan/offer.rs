//! Count, time and cost of instances of one type for a job.

use super::{Estimate, Instance, Prices};
use serde::Serialize;

/// Maximum instances of a job.
const MAX_INSTANCES: usize = 1000;

/// Keys per LIST request.
const PAGE: f64 = 1000.0;

/// Maximum requests of a shard in addition to those of its customers: files read for their columns, and tables written.
const REQUESTS_OF_A_SHARD: f64 = 10.0;

/// A job on instances of one type.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Offer {
    /// The instance type.
    pub instance: Instance,
    /// Number of instances.
    pub count: usize,
    /// Seconds from the first read of any instance to the last write, without the time to start them.
    pub seconds: f64,
    /// The price of the instances for that time.
    pub price: f64,
    /// Memory that each needs in bytes, if known.
    pub memory: Option<u64>,
    /// Whether the job meets the deadline.
    pub in_time: bool,
    /// Its requests to a bucket.
    pub requests: Requests,
    /// The price of the requests, if the price list has any.
    pub price_of_requests: Option<f64>,
}

/// Requests of a job to a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Requests {
    /// GET of the input.
    pub get: f64,
    /// PUT of artifacts and tables.
    pub put: f64,
    /// LIST of the input and of existing artifacts.
    pub list: f64,
}

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Before the work begins.
    pub base: u64,
    /// Per thread.
    pub thread: u64,
    /// Per customer.
    pub customer: u64,
}

impl Offer {
    /// The fewest instances of a type that finish `within` this many seconds, or else as many as finish soonest.
    #[must_use]
    pub fn new(
        estimate: &Estimate,
        instance: &Instance,
        prices: &Prices,
        memory: Option<Memory>,
        within: Option<f64>,
    ) -> Self {
        let threads = instance.vcpus * instance.speed;
        let longest = estimate.by_file.iter().copied().fold(0.0, f64::max);
        // One thread processes a file of one customer.
        let least = if estimate.bundles { longest / threads } else { longest / instance.speed };
        let seconds = |count: usize| {
            let mut shards = vec![0.0; count];
            estimate.by_file.iter().enumerate().for_each(|(at, seconds)| shards[at % count] += seconds);
            (shards.into_iter().fold(0.0, f64::max) / threads).max(least)
        };
        let most = estimate.files.clamp(1, MAX_INSTANCES);
        let count = within.map_or(1, |within| {
            // Time nearly always decreases with the number of instances, so bisection is good enough.
            let (mut low, mut high) = (1, most);
            while low < high {
                let middle = usize::midpoint(low, high);
                if seconds(middle) <= within { high = middle } else { low = middle + 1 }
            }
            low
        });
        let seconds = seconds(count);
        let memory = memory.map(|Memory { base, thread, customer }| {
            base + thread * instance.vcpus as u64 + customer * (estimate.customers / count as f64) as u64
        });
        let requests = Requests::new(estimate, count);
        Self {
            price_of_requests: requests.price(prices),
            requests,
            instance: instance.clone(),
            count,
            seconds,
            price: count as f64 * instance.price * seconds / 3600.0,
            memory,
            in_time: within.is_none_or(|within| seconds <= within),
        }
    }

    /// Whether the instance has enough memory, as far as is known.
    #[must_use]
    pub fn fits(&self) -> bool {
        match (self.memory, self.instance.memory) {
            (Some(needed), Some(gib)) => needed as f64 <= gib * f64::from(1 << 30),
            _ => true,
        }
    }
}

impl Requests {
    /// Requests of `count` instances in a run without existing artifacts.
    #[must_use]
    pub fn new(estimate: &Estimate, count: usize) -> Self {
        let (files, shards) = (estimate.files as f64, count as f64);
        Self {
            // Files of several customers are read twice: first to count their customers.
            get: files * if estimate.bundles { 2.0 } else { 1.0 } + REQUESTS_OF_A_SHARD * shards,
            put: estimate.customers + REQUESTS_OF_A_SHARD * shards,
            list: shards * ((files / PAGE).ceil().max(1.0) + 1.0),
        }
    }

    /// Their price, if the price list has prices of requests.
    #[must_use]
    pub fn price(&self, prices: &Prices) -> Option<f64> {
        let of = |count: f64, price: Option<f64>| price.map(|price| count / 1000.0 * price);
        let known = [of(self.get, prices.get), of(self.put, prices.put), of(self.list, prices.list)];
        known.iter().any(Option::is_some).then(|| known.iter().flatten().sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Groups, Tried};
    use crate::store::Entry;

    /// Files of so many seconds each, tried to the last.
    fn fleet(seconds: &[u64]) -> Estimate {
        let file = |(i, size): (usize, &u64)| Entry { key: format!("{i:05}.csv"), size: *size };
        let mut sample = Groups::new(seconds.iter().enumerate().map(file).collect(), 0);
        while let Some(batch) = sample.next_batch() {
            let seconds = batch.files.iter().map(|file| file.size as f64).sum();
            sample.record(&batch, Tried { seconds, customers: batch.files.len(), ..Tried::default() });
        }
        Estimate::new(&sample, false)
    }

    fn machine(vcpus: f64) -> Instance {
        Instance { name: "m".into(), vcpus, memory: Some(1.0), price: 2.0, speed: 1.0 }
    }

    fn offer(estimate: &Estimate, vcpus: f64, within: Option<f64>) -> Offer {
        Offer::new(estimate, &machine(vcpus), &Prices::default(), None, within)
    }

    #[test]
    fn the_fewest_instances_that_are_done_in_time_are_offered() {
        let estimate = fleet(&vec![10; 360]);
        let one = offer(&estimate, 1.0, None);
        assert_eq!((one.count, one.seconds.round(), one.price.round()), (1, 3600.0, 2.0));
        let four = offer(&estimate, 4.0, Some(90.0));
        assert_eq!((four.count, four.seconds.round(), four.in_time), (10, 90.0, true));
        assert!((four.price - 10.0 * 2.0 * 90.0 / 3600.0).abs() < 1e-9);
    }

    #[test]
    fn one_large_customer_keeps_the_job_from_ending_sooner() {
        let seconds: Vec<u64> = [vec![1; 100], vec![500]].concat();
        let late = offer(&fleet(&seconds), 8.0, Some(60.0));
        assert!(!late.in_time && late.seconds >= 500.0, "{late:?}");
        let bundled = offer(&Estimate { bundles: true, ..fleet(&seconds) }, 8.0, Some(80.0));
        assert!(bundled.in_time, "{bundled:?}");
    }

    #[test]
    fn memory_goes_with_threads_and_with_the_customers_of_an_instance() {
        let estimate = fleet(&vec![1; 1000]);
        let memory = Memory { base: 10 << 20, thread: 100 << 20, customer: 400 };
        let needs = |vcpus| Offer::new(&estimate, &machine(vcpus), &Prices::default(), Some(memory), None);
        assert_eq!(needs(4.0).memory, Some((410 << 20) + 400_000));
        assert!(needs(4.0).fits() && !needs(16.0).fits());
    }

    #[test]
    fn requests_go_with_files_customers_and_instances() {
        let estimate = fleet(&vec![1; 2500]);
        let requests = Requests::new(&estimate, 4);
        assert_eq!(requests, Requests { get: 2540.0, put: 2540.0, list: 16.0 });
        assert_eq!(requests.price(&Prices::default()), None);
        let prices = Prices { put: Some(0.005), get: Some(0.0004), ..Prices::default() };
        assert!((requests.price(&prices).unwrap() - 2.54 * 0.0054).abs() < 1e-12);
        assert_eq!(Requests::new(&Estimate { bundles: true, ..estimate }, 4).get, 5040.0);
    }
}
