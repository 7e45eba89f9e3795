//! The printed report.

use super::{Estimate, Memory, Offer, Requests};
use crate::words::counted;
use serde::Serialize;
use std::fmt;

/// An estimate and offers for a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Estimated resources of all files.
    pub estimate: Estimate,
    /// Memory of a process, if the system reports it.
    pub memory: Option<Memory>,
    /// Requests of one instance to a bucket.
    pub requests: Requests,
    /// The deadline in seconds.
    pub within: Option<f64>,
    /// An offer for each instance type of the price list.
    pub offers: Vec<Offer>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { estimate, memory, requests, within, offers } = self;
        let Estimate { bundles, files, tried_files, tried, customers, seconds, error, artifacts, .. } = estimate;
        let about = if *bundles && tried_files < files { "about " } else { "" };
        let (size, failed) = (bytes(estimate.bytes as f64), 100.0 * estimate.failing());
        let customers = counted(customers.round() as usize, "customer");
        writeln!(f, "{}, {size}: {about}{customers}", counted(*files, "file"))?;
        let (sampled, time) = (tried.customers, duration(tried.seconds));
        let (sample, sampled) = (counted(*tried_files, "file"), counted(sampled, "customer"));
        writeln!(f, "sample: {sample} with {sampled} in {time} on one thread")?;
        if tried.failed > 0 {
            writeln!(f, "{failed:.1} % of them failed; run train for the reasons")?;
        }
        let error = 200.0 * error / seconds.max(f64::MIN_POSITIVE);
        let (time, size) = (duration(*seconds), bytes(*artifacts));
        writeln!(f, "work: {time} of one thread, ± {error:.0} %; artifacts: {size}")?;
        if let Some(Memory { base, thread, customer }) = memory {
            let (base, thread) = (bytes(*base as f64), bytes(*thread as f64));
            writeln!(f, "memory: {base}, and {thread} per thread, {customer} bytes per customer")?;
        }
        let Requests { get, put, list } = requests;
        writeln!(f, "requests of one instance to a bucket: {get:.0} GET, {put:.0} PUT, {list:.0} LIST")?;
        if offers.is_empty() {
            return Ok(());
        }
        let header = ["instance", "count", "time", "memory", "price", "requests", ""].map(String::from);
        let row = |offer: &Offer| {
            let remark = match (offer.in_time, offer.fits()) {
                (_, false) => "not enough memory",
                (false, _) => "too slow",
                _ => "",
            };
            [
                offer.instance.name.clone(),
                offer.count.to_string(),
                duration(offer.seconds),
                offer.memory.map_or(String::new(), |memory| bytes(memory as f64)),
                format!("{:.4}", offer.price),
                offer.price_of_requests.map_or(String::new(), |price| format!("{price:.4}")),
                remark.to_owned(),
            ]
        };
        let rows: Vec<[String; 7]> = std::iter::once(header).chain(offers.iter().map(row)).collect();
        let widths: Vec<usize> =
            (0..7).map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
        if let Some(within) = within {
            writeln!(f, "\nfewest instances of each type that finish within {}:", duration(*within))?;
        } else {
            writeln!(f, "\none instance of each type (--within 1h for the fewest that finish in an hour):")?;
        }
        for row in &rows {
            let [name, count, time, memory, price, requests, remark] = row;
            let line = format!(
                "{name:<0$}  {count:>1$}  {time:>2$}  {memory:>3$}  {price:>4$}  {requests:>5$}  {remark}",
                widths[0], widths[1], widths[2], widths[3], widths[4], widths[5]
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A size with three significant digits.
fn bytes(bytes: f64) -> String {
    let (unit, name) = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")]
        .into_iter()
        .find(|(unit, _)| bytes >= *unit)
        .unwrap_or((1.0, "bytes"));
    let value = bytes / unit;
    let digits = if unit > 1.0 && value < 10.0 { 2 } else { usize::from(unit > 1.0 && value < 100.0) };
    format!("{value:.digits$} {name}")
}

/// A time in seconds, minutes or hours.
fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 100.0 => format!("{seconds:.1} s"),
        seconds if seconds < 6000.0 => format!("{:.1} min", seconds / 60.0),
        seconds => format!("{:.1} h", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_read_well() {
        assert_eq!(
            [0.0, 999.0, 1234.0, 45_600.0, 1e8, 2.5e9].map(bytes).join(", "),
            "0 bytes, 999 bytes, 1.23 kB, 45.6 kB, 100 MB, 2.50 GB"
        );
        assert_eq!([0.04, 59.0, 150.0, 7200.0].map(duration).join(", "), "0.0 s, 59.0 s, 2.5 min, 2.0 h");
    }
}
