//! Metrics for `/metrics`, in OpenMetrics text format.

use prometheus_client::{
    encoding::{
        EncodeLabelSet,
        text::{encode_eof, encode_registry},
    },
    metrics::{
        counter::Counter,
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
    },
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
    pub(in crate::serve) loads: Counter,
    pub(in crate::serve) load_seconds: Histogram,
    pub(in crate::serve) load_failures: Counter,
    pub(in crate::serve) unloads: Counter,
    pub(in crate::serve) evictions: Counter,
    pub(in crate::serve) unseen_categories: Counter,
    pub(in crate::serve) connections: Gauge,
    pub(in crate::serve) in_flight: Gauge,
    pub(in crate::serve) waiting: Gauge,
}

fn latencies() -> Histogram {
    Histogram::new(SECONDS)
}

/// Registers a metric and returns it.
fn register<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

fn counter(registry: &mut Registry, name: &str, help: &str) -> Counter {
    register(registry, name, help, Counter::default())
}

/// Counts as one until it is dropped.
pub(in crate::serve) struct Counted(Gauge);

impl Counted {
    pub(in crate::serve) fn new(count: &Gauge) -> Self {
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
        Self {
            requests: register(all, "manyfit_requests", "Requests by operation and status", Family::default()),
            seconds: register(
                all,
                "manyfit_request_seconds",
                "Time from request head to response, by operation",
                seconds,
            ),
            loads: counter(all, "manyfit_loads", "Models loaded"),
            load_seconds: register(all, "manyfit_load_seconds", "Time to load a model", latencies()),
            load_failures: counter(all, "manyfit_load_failures", "Models that could not be loaded"),
            unloads: counter(all, "manyfit_unloads", "Models unloaded, including evictions"),
            evictions: counter(all, "manyfit_evictions", "Models unloaded to make room for others"),
            unseen_categories: counter(
                all,
                "manyfit_unseen_categories",
                "Values in rows of features that are no category of the model and count as missing",
            ),
            connections: register(all, "manyfit_connections", "Open connections", Gauge::default()),
            in_flight: register(all, "manyfit_requests_under_way", "Requests in flight", Gauge::default()),
            waiting: register(all, "manyfit_requests_waiting", "Requests waiting to be computed", Gauge::default()),
            registry,
        }
    }

    /// Counts a completed request.
    pub(in crate::serve) fn responded(&self, operation: &'static str, status: u16, elapsed: Duration) {
        self.requests.get_or_create(&Request { operation, status }).inc();
        self.seconds.get_or_create(&Operation { operation }).observe(elapsed.as_secs_f64());
    }

    /// All metrics as text, and gauges that are measured now: name, help and value.
    pub(in crate::serve) fn text(&self, measured: &[(&str, &str, u64)]) -> String {
        let mut gauges = Registry::default();
        for (name, help, value) in measured {
            gauges.register(*name, *help, ConstGauge::new(*value));
        }
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)
            .and_then(|()| encode_registry(&mut text, &gauges))
            .and_then(|()| encode_eof(&mut text))
            .expect("writing to a string does not fail");
        text
    }
}
