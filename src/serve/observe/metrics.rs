//! Metrics for `/metrics`, in OpenMetrics text format.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use std::time::Duration;

/// Upper bounds of the latency buckets, in seconds.
const SECONDS: [f64; 14] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 20.0, 60.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request {
    operation: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

/// All metrics.
#[derive(Debug)]
pub(in crate::serve) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Family<Operation, Histogram, fn() -> Histogram>,
    loads: Counter,
    load_seconds: Histogram,
    pub(in crate::serve) load_failures: Counter,
    pub(in crate::serve) unloads: Counter,
    pub(in crate::serve) evictions: Counter,
    connections: Gauge,
    in_flight: Gauge,
    gauges: [Gauge; 7],
}

/// Values that are read when metrics are requested.
pub(in crate::serve) struct Levels {
    pub(in crate::serve) models: usize,
    pub(in crate::serve) model_bytes: u64,
    pub(in crate::serve) budget_bytes: u64,
    pub(in crate::serve) resident_bytes: u64,
    pub(in crate::serve) waiting: usize,
    pub(in crate::serve) captures_lost: u64,
    pub(in crate::serve) log_lines_lost: u64,
}

/// Names, help texts and values of the [`Levels`].
const LEVELS: [(&str, &str, fn(&Levels) -> u64); 7] = [
    ("manyfit_models", "Models in memory", |levels| levels.models as u64),
    ("manyfit_model_memory_bytes", "Memory of the loaded models, as charged to the budget", |levels| {
        levels.model_bytes
    }),
    ("manyfit_model_memory_limit_bytes", "Memory budget for models", |levels| levels.budget_bytes),
    ("process_resident_memory_bytes", "Resident memory of the process", |levels| levels.resident_bytes),
    ("manyfit_requests_waiting", "Requests waiting to be computed", |levels| levels.waiting as u64),
    ("manyfit_captures_lost", "Requests that should have been captured but were lost, since the start", |levels| {
        levels.captures_lost
    }),
    ("manyfit_log_lines_lost", "Log lines dropped because nobody read the log, since the start", |levels| {
        levels.log_lines_lost
    }),
];

fn latencies() -> Histogram {
    Histogram::new(SECONDS)
}

/// Counts as one until it is dropped.
pub(in crate::serve) struct Counted(Gauge);

impl Counted {
    fn new(count: &Gauge) -> Self {
        count.inc();
        Self(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    pub(in crate::serve) fn new() -> Self {
        let metrics = Self {
            registry: Registry::default(),
            requests: Family::default(),
            seconds: Family::new_with_constructor(latencies as fn() -> Histogram),
            loads: Counter::default(),
            load_seconds: latencies(),
            load_failures: Counter::default(),
            unloads: Counter::default(),
            evictions: Counter::default(),
            connections: Gauge::default(),
            in_flight: Gauge::default(),
            gauges: Default::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register("manyfit_requests", "Requests by operation and status", self.requests.clone());
        let seconds = "Time from request head to response, by operation";
        registry.register("manyfit_request_seconds", seconds, self.seconds.clone());
        registry.register("manyfit_loads", "Models loaded", self.loads.clone());
        registry.register("manyfit_load_seconds", "Time to load a model", self.load_seconds.clone());
        registry.register("manyfit_load_failures", "Models that could not be loaded", self.load_failures.clone());
        registry.register("manyfit_unloads", "Models unloaded, including evictions", self.unloads.clone());
        registry.register("manyfit_evictions", "Models unloaded to make room for others", self.evictions.clone());
        registry.register("manyfit_connections", "Open connections", self.connections.clone());
        registry.register("manyfit_requests_under_way", "Requests in flight", self.in_flight.clone());
        for ((name, help, _), gauge) in LEVELS.into_iter().zip(&self.gauges) {
            registry.register(name, help, gauge.clone());
        }
        self
    }

    /// Counts a connection while it is open.
    pub(in crate::serve) fn connection(&self) -> Counted {
        Counted::new(&self.connections)
    }

    pub(in crate::serve) fn connections(&self) -> i64 {
        self.connections.get()
    }

    /// Counts a request while it is in flight.
    pub(in crate::serve) fn request(&self) -> Counted {
        Counted::new(&self.in_flight)
    }

    pub(in crate::serve) fn requests_in_flight(&self) -> i64 {
        self.in_flight.get()
    }

    /// Counts a completed request.
    pub(in crate::serve) fn responded(&self, operation: &'static str, status: u16, elapsed: Duration) {
        self.requests.get_or_create(&Request { operation, status }).inc();
        self.seconds.get_or_create(&Operation { operation }).observe(elapsed.as_secs_f64());
    }

    /// Counts a loaded model.
    pub(in crate::serve) fn loaded(&self, seconds: f64) {
        self.loads.inc();
        self.load_seconds.observe(seconds);
    }

    /// All metrics as text.
    pub(in crate::serve) fn text(&self, levels: &Levels) -> String {
        for ((.., value), gauge) in LEVELS.into_iter().zip(&self.gauges) {
            gauge.set(value(levels) as i64);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string does not fail");
        text
    }
}
