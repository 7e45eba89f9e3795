//! What `/metrics` says, in the form of Prometheus.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use std::time::Duration;

/// Upper ends of the classes of latencies, in seconds.
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

/// Everything that is counted.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Family<Operation, Histogram, fn() -> Histogram>,
    loads: Counter,
    load_seconds: Histogram,
    pub(super) load_failures: Counter,
    pub(super) unloads: Counter,
    pub(super) evictions: Counter,
    connections: Gauge,
    answering: Gauge,
    gauges: [Gauge; 7],
}

/// What is looked up when somebody asks.
pub(super) struct Levels {
    pub(super) models: usize,
    pub(super) model_bytes: u64,
    pub(super) budget_bytes: u64,
    pub(super) resident_bytes: u64,
    pub(super) waiting: usize,
    pub(super) captures_lost: u64,
    pub(super) log_lines_lost: u64,
}

/// Names and meanings of the [`Levels`], in their order.
const LEVELS: [(&str, &str); 7] = [
    ("manyfit_models", "Models in memory"),
    ("manyfit_model_memory_bytes", "Memory that the models take, as charged to the budget"),
    ("manyfit_model_memory_limit_bytes", "Memory that the models may take"),
    ("process_resident_memory_bytes", "Memory of the process, as the system counts it"),
    ("manyfit_requests_waiting", "Requests that wait for their turn to be computed"),
    ("manyfit_captures_lost", "Requests that were to be captured and were not, since the start"),
    ("manyfit_log_lines_lost", "Lines of the log that nobody read, since the start"),
];

fn latencies() -> Histogram {
    Histogram::new(SECONDS)
}

/// One that is counted as long as this lives.
pub(super) struct Counted(Gauge);

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
    pub(super) fn new() -> Self {
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
            answering: Gauge::default(),
            gauges: Default::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register("manyfit_requests", "Requests by operation and status", self.requests.clone());
        let seconds = "From a request's head to its answer, by operation";
        registry.register("manyfit_request_seconds", seconds, self.seconds.clone());
        registry.register("manyfit_loads", "Models loaded", self.loads.clone());
        registry.register("manyfit_load_seconds", "Reading a model", self.load_seconds.clone());
        registry.register("manyfit_load_failures", "Models that could not be loaded", self.load_failures.clone());
        registry.register("manyfit_unloads", "Models unloaded, evictions included", self.unloads.clone());
        registry.register("manyfit_evictions", "Models unloaded to make room for others", self.evictions.clone());
        registry.register("manyfit_connections", "Open connections", self.connections.clone());
        registry.register("manyfit_requests_under_way", "Requests that have no answer yet", self.answering.clone());
        for ((name, meaning), gauge) in LEVELS.into_iter().zip(&self.gauges) {
            registry.register(name, meaning, gauge.clone());
        }
        self
    }

    /// Counts a connection while it is open.
    pub(super) fn connection(&self) -> Counted {
        Counted::new(&self.connections)
    }

    pub(super) fn connections(&self) -> i64 {
        self.connections.get()
    }

    /// Counts a request until it is answered, or given up.
    pub(super) fn request(&self) -> Counted {
        Counted::new(&self.answering)
    }

    pub(super) fn requests_under_way(&self) -> i64 {
        self.answering.get()
    }

    /// Counts a request that was answered.
    pub(super) fn answered(&self, operation: &'static str, status: u16, elapsed: Duration) {
        self.requests.get_or_create(&Request { operation, status }).inc();
        self.seconds.get_or_create(&Operation { operation }).observe(elapsed.as_secs_f64());
    }

    /// Counts a model that was loaded.
    pub(super) fn loaded(&self, seconds: f64) {
        self.loads.inc();
        self.load_seconds.observe(seconds);
    }

    /// The text.
    pub(super) fn text(&self, levels: &Levels) -> String {
        let values = [
            levels.models as u64,
            levels.model_bytes,
            levels.budget_bytes,
            levels.resident_bytes,
            levels.waiting as u64,
            levels.captures_lost,
            levels.log_lines_lost,
        ];
        for (gauge, value) in self.gauges.iter().zip(values) {
            gauge.set(value as i64);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string does not fail");
        text
    }
}
