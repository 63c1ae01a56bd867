//! Figures for Prometheus: every name that `/metrics` shows is defined and explained here.

use prometheus::core::Collector;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

/// Seconds from 100 µs to 10 s: an append takes some hundred µs, a client waits 10 s at most.
const SECONDS: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// All figures of this process.
pub struct Metrics {
    registry: Registry,
    /// Requests by `method`, `route` (its template, `unmatched` for a path that has none) and `status`.
    pub requests: IntCounterVec,
    /// Seconds until the head of the answer, by `route`.
    pub request_seconds: HistogramVec,
    /// Requests under way.
    pub in_flight: IntGauge,
    /// Open connections.
    pub connections: IntGauge,
    /// Records that the log took.
    pub appended: IntCounter,
    /// Seconds that an append took until it was durable.
    pub append_seconds: Histogram,
    /// Appends that failed, by `kind`: `refused` (surely not in the log) or `unknown`.
    pub append_failures: IntCounterVec,
    /// What left no trace in the log, by `what`: `clicks_unrecorded`, redirects whose click was not recorded.
    pub noted: IntCounterVec,
    /// Records applied, by `machine`.
    pub applied: IntCounterVec,
    /// Queries that partitions of this node were asked, by `machine`.
    pub queries: IntCounterVec,
    /// Seconds that a worker held a partition for one batch.
    pub apply_seconds: Histogram,
    /// Seconds that writing a view's changes to disk took.
    pub flush_seconds: Histogram,
    /// The next offset that a view will apply, by `machine` and `partition`.
    pub applied_offset: IntGaugeVec,
    /// Partitions that this node has stopped, until an operator decides or a newer build runs.
    pub stopped: IntGauge,
    /// Nodes of the cluster that are there.
    pub nodes: IntGauge,
    /// Shards that this node has open, by `state`: `holds` (it answers for them), `standby` or `warming`.
    pub shards: IntGaugeVec,
    /// Shards for which no node answers that is there.
    pub shards_unheld: IntGauge,
    /// How often this node began to answer for a shard.
    pub takeovers: IntCounter,
    /// Milliseconds since this node of several has reached the log; -1 while it catches up after a longer pause.
    pub log_contact_ms: IntGauge,
    /// Requests that wait for their outcome.
    pub waiting: IntGauge,
    /// Clients that follow streams.
    pub stream_subscribers: IntGauge,
    /// Streams that are followed, each by one client or many.
    pub stream_feeds: IntGauge,
    /// Events that were handed to clients of streams.
    pub stream_events: IntCounter,
    /// Clients of streams that had missed too much and were given the whole answer.
    pub stream_resets: IntCounter,
    /// Bytes that may still be written to the disk of the data folder.
    pub disk_free: IntGauge,
    /// How much room that disk has: 0 enough, 1 below `--disk-warn`, 2 below `--disk-refuse`.
    pub disk_room: IntGauge,
    /// Past views that are there or being built.
    pub asof_views: IntGauge,
    /// Records that were replayed to build past views.
    pub asof_replayed: IntCounter,
    /// Seconds that building a past view took, without the wait for its turn.
    pub asof_build_seconds: Histogram,
}

impl Metrics {
    /// A fresh set.
    #[must_use]
    pub fn new() -> Self {
        let registry = Registry::new();
        let all = Making { registry: &registry };
        let requests = all.counters(
            "millrace_http_requests_total",
            "Requests, by method, template of the route, and status",
            &["method", "route", "status"],
        );
        let request_seconds = all.histograms(
            "millrace_http_request_seconds",
            "Seconds until the head of the answer, by template of the route",
            &["route"],
        );
        let in_flight = all.gauge("millrace_http_requests_in_flight", "Requests under way");
        let connections = all.gauge("millrace_http_connections", "Open connections");
        let appended = all.counter("millrace_log_appended_records_total", "Records that the log took");
        let append_seconds = all.histogram("millrace_log_append_seconds", "Seconds until an append was durable");
        let append_failures = all.counters(
            "millrace_log_append_failures_total",
            "Appends that failed, by kind: refused (surely not in the log) or unknown",
            &["kind"],
        );
        let noted = all.counters(
            "millrace_noted_total",
            "What left no trace in the log, by what: clicks_unrecorded are redirects whose click was not recorded",
            &["what"],
        );
        let applied = all.counters("millrace_applied_records_total", "Records applied, by machine", &["machine"]);
        let queries =
            all.counters("millrace_queries_total", "Queries that partitions were asked, by machine", &["machine"]);
        let apply_seconds = all.histogram("millrace_apply_batch_seconds", "Seconds that a batch held its partition");
        let flush_seconds = all.histogram("millrace_flush_seconds", "Seconds that writing a view's changes took");
        let place = &["machine", "partition"];
        let applied_offset =
            all.gauges("millrace_partition_applied_offset", "The next offset that the view applies", place);
        let stopped = all.gauge("millrace_partitions_stopped", "Partitions that this node has stopped");
        let nodes = all.gauge("millrace_nodes", "Nodes of the cluster that are there");
        let shards = all.gauges("millrace_shards", "Shards open here, by state: holds, standby, warming", &["state"]);
        let shards_unheld = all.gauge("millrace_shards_unheld", "Shards for which no node answers that is there");
        let takeovers = all.counter("millrace_takeovers_total", "How often this node began to answer for a shard");
        let log_contact_ms = all.gauge(
            "millrace_log_contact_milliseconds",
            "Time since this node of several has reached the log; -1 while it catches up after a longer pause",
        );
        let waiting = all.gauge("millrace_requests_waiting", "Requests that wait for their outcome");
        let stream_subscribers = all.gauge("millrace_stream_subscribers", "Clients that follow streams");
        let stream_feeds = all.gauge("millrace_stream_feeds", "Streams that are followed");
        let stream_events = all.counter("millrace_stream_events_total", "Events handed to clients of streams");
        let stream_resets = all.counter("millrace_stream_resets_total", "Clients of streams that had missed too much");
        let disk_free =
            all.gauge("millrace_disk_free_bytes", "Bytes that may still be written to the data folder's disk");
        let disk_room = all
            .gauge("millrace_disk_room", "0: enough, 1: below --disk-warn, 2: below --disk-refuse, writes are refused");
        let asof_views = all.gauge("millrace_asof_views", "Past views that are there or being built");
        let asof_replayed = all.counter("millrace_asof_replayed_records_total", "Records replayed to build past views");
        let asof_build_seconds = all.histogram("millrace_asof_build_seconds", "Seconds that building a past view took");
        Self {
            requests,
            request_seconds,
            in_flight,
            connections,
            appended,
            append_seconds,
            append_failures,
            noted,
            applied,
            queries,
            apply_seconds,
            flush_seconds,
            applied_offset,
            stopped,
            nodes,
            shards,
            shards_unheld,
            takeovers,
            log_contact_ms,
            waiting,
            stream_subscribers,
            stream_feeds,
            stream_events,
            stream_resets,
            disk_free,
            disk_room,
            asof_views,
            asof_replayed,
            asof_build_seconds,
            registry,
        }
    }

    /// All figures in Prometheus's text format.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut out).expect("memory takes what is written");
        String::from_utf8(out).expect("names and labels are UTF-8")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes figures and registers them. The names above are fixed, so that a bad or double one fails in every test.
struct Making<'a> {
    registry: &'a Registry,
}

impl Making<'_> {
    fn add<C: Collector + Clone + 'static>(&self, made: prometheus::Result<C>) -> C {
        let collector = made.expect("the name is valid");
        self.registry.register(Box::new(collector.clone())).expect("the name is not taken");
        collector
    }

    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.add(IntCounter::new(name, help))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.add(IntCounterVec::new(Opts::new(name, help), labels))
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.add(IntGauge::new(name, help))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.add(IntGaugeVec::new(Opts::new(name, help), labels))
    }

    fn histogram(&self, name: &str, help: &str) -> Histogram {
        self.add(Histogram::with_opts(HistogramOpts::new(name, help).buckets(SECONDS.to_vec())))
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str]) -> HistogramVec {
        self.add(HistogramVec::new(HistogramOpts::new(name, help).buckets(SECONDS.to_vec()), labels))
    }
}

/// Adds one to a gauge for as long as it lives.
pub struct Counted(IntGauge);

impl Counted {
    /// Counts.
    #[must_use]
    pub fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_shown_under_their_names() {
        let metrics = Metrics::new();
        metrics.requests.with_label_values(&["GET", "/v1/x/{id}", "200"]).inc();
        metrics.append_seconds.observe(0.0003);
        let counted = Counted::new(&metrics.in_flight);
        let text = metrics.text();
        for line in [
            "millrace_http_requests_total{method=\"GET\",route=\"/v1/x/{id}\",status=\"200\"} 1",
            "millrace_log_append_seconds_bucket{le=\"0.0005\"} 1",
            "millrace_http_requests_in_flight 1",
        ] {
            assert!(text.contains(line), "{text}");
        }
        drop(counted);
        assert!(metrics.text().contains("millrace_http_requests_in_flight 0"));
    }
}
