//! Metrics for `/metrics`, in OpenMetrics text format.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry},
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
    // Set when metrics are requested.
    pub(in crate::serve) models: Gauge,
    pub(in crate::serve) model_bytes: Gauge,
    pub(in crate::serve) budget_bytes: Gauge,
    pub(in crate::serve) resident_bytes: Gauge,
    pub(in crate::serve) waiting: Gauge,
    pub(in crate::serve) captures_lost: Gauge,
    pub(in crate::serve) log_lines_lost: Gauge,
}

fn latencies() -> Histogram {
    Histogram::new(SECONDS)
}

/// Registers a metric and returns it.
fn register<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
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
        let mut registry = Registry::default();
        let all = &mut registry;
        let seconds = Family::new_with_constructor(latencies as fn() -> Histogram);
        let seconds_help = "Time from request head to response, by operation";
        let captures_help = "Requests that should have been captured but were lost, since the start";
        let log_help = "Log lines dropped because nobody read the log, since the start";
        let gauge = Gauge::default;
        Self {
            requests: register(all, "manyfit_requests", "Requests by operation and status", Family::default()),
            seconds: register(all, "manyfit_request_seconds", seconds_help, seconds),
            loads: register(all, "manyfit_loads", "Models loaded", Counter::default()),
            load_seconds: register(all, "manyfit_load_seconds", "Time to load a model", latencies()),
            load_failures: register(
                all,
                "manyfit_load_failures",
                "Models that could not be loaded",
                Counter::default(),
            ),
            unloads: register(all, "manyfit_unloads", "Models unloaded, including evictions", Counter::default()),
            evictions: register(
                all,
                "manyfit_evictions",
                "Models unloaded to make room for others",
                Counter::default(),
            ),
            connections: register(all, "manyfit_connections", "Open connections", gauge()),
            in_flight: register(all, "manyfit_requests_under_way", "Requests in flight", gauge()),
            models: register(all, "manyfit_models", "Models in memory", gauge()),
            model_bytes: register(all, "manyfit_model_memory_bytes", "Memory charged to the loaded models", gauge()),
            budget_bytes: register(all, "manyfit_model_memory_limit_bytes", "Memory budget for models", gauge()),
            resident_bytes: register(all, "process_resident_memory_bytes", "Resident memory of the process", gauge()),
            waiting: register(all, "manyfit_requests_waiting", "Requests waiting to be computed", gauge()),
            captures_lost: register(all, "manyfit_captures_lost", captures_help, gauge()),
            log_lines_lost: register(all, "manyfit_log_lines_lost", log_help, gauge()),
            registry,
        }
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
    pub(in crate::serve) fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string does not fail");
        text
    }
}
