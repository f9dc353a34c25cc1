"""Defines all metrics of a process, in a registry of their own. docs/operating.md lists them, docs/grafana has a
dashboard.

Names and units follow Prometheus: prefix `ekonte_`, base units, `_total` for counters. Label values come from our own
code or from a catalogue; a name that callers choose goes through a NameBudget first.
"""

import threading
import time
from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from services.platform.version import VERSION

# They would add a series per metric with its creation time, which is not used.
disable_created_metrics()  # type: ignore[no-untyped-call]

ANONYMOUS = "anonymous"
INVALID = "invalid"
OTHER = "other"
MAX_NAMES = 200
LONGEST_NAME = 64
OWNER_SECONDS = 300.0
MAX_OWNERS = 100_000

WAIT_BUCKETS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 1800, 3600, 14_400, 43_200)
RUN_BUCKETS = (0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600)
CALL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 45, 120)
OPERATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
PASS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
LAG_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)


class NameBudget:
    """Limits the different values of a label to `limit`; later values, and too long ones, become `other`.

    Each value of a label is a time series that is kept for the life of the process, so callers must not be able to
    create any number of them.
    """

    def __init__(self, limit: int = MAX_NAMES) -> None:
        self._limit = limit
        self._known: set[str] = set()

    def label(self, name: str | None) -> str:
        if not name:
            return ANONYMOUS
        if name in self._known:
            return name
        if len(name) > LONGEST_NAME or len(self._known) >= self._limit:
            return OTHER
        self._known.add(name)
        return name


class ActiveOwners:
    """The owners who sent a request recently. Safe to call from any thread."""

    def __init__(self) -> None:
        self._seen_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def record(self, owner: str, now: float | None = None) -> None:
        with self._lock:
            if owner in self._seen_at or len(self._seen_at) < MAX_OWNERS:
                self._seen_at[owner] = time.monotonic() if now is None else now

    def count(self, now: float | None = None) -> int:
        oldest = (time.monotonic() if now is None else now) - OWNER_SECONDS
        with self._lock:
            self._seen_at = {owner: seen_at for owner, seen_at in self._seen_at.items() if seen_at > oldest}
            return len(self._seen_at)


class PresentState(Collector):
    """Gauges of the database's state as of its last reading; none before the first, or while it cannot be read."""

    def __init__(self) -> None:
        self.families: list[GaugeMetricFamily] = []

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return [jobs_family(), accounts_family(), workers_family()]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return list(self.families)


def jobs_family() -> GaugeMetricFamily:
    return GaugeMetricFamily(
        "ekonte_jobs",
        "Live jobs and pending callbacks: waiting (due now), delayed (due later, or sleeping until they are woken)"
        " or running. The same in every process.",
        labels=("queue", "state"),
    )


def accounts_family() -> GaugeMetricFamily:
    return GaugeMetricFamily(
        "ekonte_accounts",
        "Accounts, by whether they have a cooldown. The same in every process.",
        labels=("provider", "site", "status", "cooling"),
    )


def workers_family() -> GaugeMetricFamily:
    return GaugeMetricFamily("ekonte_workers", "Worker processes with a valid lease. The same in every process.")


class Metrics:
    """All metrics, initially zero."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.operation_names = NameBudget()
        self.upstream_codes = NameBudget()
        self.owners = ActiveOwners()
        self.present = PresentState()
        registry.register(self.present)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.build = Gauge("ekonte_build_info", "Always 1; the version is its label.", ("version",), registry=registry)
        self.build.labels(VERSION).set(1)

        self.jobs_ended = Counter(
            "ekonte_jobs_ended",
            "Ended jobs; error is empty if there was none.",
            ("type", "state", "error"),
            registry=registry,
        )
        self.job_wait = Histogram(
            "ekonte_job_wait_seconds",
            "Time from a job's creation to its start, in its first run.",
            ("type",),
            buckets=WAIT_BUCKETS,
            registry=registry,
        )
        self.job_run = Histogram(
            "ekonte_job_run_seconds",
            "Time from a job's start to its end, in its first run.",
            ("type",),
            buckets=RUN_BUCKETS,
            registry=registry,
        )

        self.upstream_calls = Histogram(
            "ekonte_upstream_call_seconds",
            "Requests to providers with account pools.",
            ("provider", "site", "operation"),
            buckets=CALL_BUCKETS,
            registry=registry,
        )
        self.upstream_refusals = Counter(
            "ekonte_upstream_refusals",
            "Requests and tasks that upstream refused or did not respond to; code is upstream's own.",
            ("provider", "site", "operation", "kind", "code"),
            registry=registry,
        )
        self.credits_spent = Counter(
            "ekonte_credits_spent",
            "Known credits of tasks that upstream accepted: the price at first, corrected once measured.",
            ("provider", "model"),
            registry=registry,
        )
        self.credits_returned = Counter(
            "ekonte_credits_returned",
            "Credits that were refunded, or counted as spent and not charged; subtract them from ekonte_credits_spent.",
            ("provider", "model"),
            registry=registry,
        )

        self.operations = Counter(
            "ekonte_graphql_operations", "Ended operations.", ("operation", "type"), registry=registry
        )
        self.operation_errors = Counter(
            "ekonte_graphql_errors", "Errors in responses.", ("operation", "type", "code"), registry=registry
        )
        self.operation_time = Histogram(
            "ekonte_graphql_operation_seconds",
            "Duration of queries and mutations.",
            ("operation", "type"),
            buckets=OPERATION_BUCKETS,
            registry=registry,
        )
        self.refused_requests = Counter(
            "ekonte_graphql_refusals", "Requests refused before any operation ran.", ("code",), registry=registry
        )
        self.subscriptions = Gauge(
            "ekonte_graphql_subscriptions", "Open subscriptions.", ("operation",), registry=registry
        )
        self.websockets = Gauge("ekonte_websocket_connections", "Open WebSockets.", registry=registry)
        self.active_owners = Gauge(
            "ekonte_active_owners", "Different callers of this process in the last 5 minutes.", registry=registry
        )
        self.active_owners.set_function(self.owners.count)

        self.callbacks = Counter(
            "ekonte_callbacks",
            "Tries of callbacks: delivered, failed (retried later) or given_up.",
            ("event", "outcome"),
            registry=registry,
        )
        self.actor_runs = Histogram(
            "ekonte_actor_run_seconds",
            "Actor runs, each of which processes all due work of its kind.",
            ("actor", "queue"),
            buckets=RUN_BUCKETS,
            registry=registry,
        )
        self.actors_running = Gauge(
            "ekonte_actors_running", "Actor runs in progress.", ("actor", "queue"), registry=registry
        )
        self.scheduling = Histogram(
            "ekonte_scheduling_pass_seconds",
            "Passes of the pool's scheduler.",
            ("kind",),
            buckets=PASS_BUCKETS,
            registry=registry,
        )
        self.placed = Counter(
            "ekonte_scheduling_placed",
            "Jobs that passes assigned to accounts.",
            ("kind",),
            registry=registry,
        )
        self.loop_lag = Histogram(
            "ekonte_event_loop_lag_seconds",
            "Delay of the event loop in waking a task, sampled each second.",
            buckets=LAG_BUCKETS,
            registry=registry,
        )
        self.database_errors = Counter(
            "ekonte_database_errors",
            "Failed statements and transactions: busy (retried), away (unreachable), other.",
            ("kind",),
            registry=registry,
        )
        self.audit_lost = Counter(
            "ekonte_audit_entries_lost",
            "Audit log entries that could not be written to the database; the log has them.",
            registry=registry,
        )
