"""The metrics themselves: their names, and labels that cannot grow without end."""

import re

from prometheus_client import generate_latest

from services.platform.metrics.definitions import (
    ANONYMOUS,
    LONGEST_NAME,
    OTHER,
    OWNER_SECONDS,
    ActiveOwners,
    Metrics,
    NameBudget,
)

NAME = re.compile(r"ekonte_[a-z]+(_[a-z]+)*")


def test_names_keep_to_the_conventions_of_prometheus() -> None:
    for family in [*Metrics().registry.collect(), *Metrics().present.describe()]:
        if family.name.startswith(("process_", "python_")):
            continue
        assert NAME.fullmatch(family.name), family.name
        assert family.documentation.endswith("."), family.name
        if family.type == "histogram":
            assert family.name.endswith("_seconds"), family.name


def test_two_of_them_know_nothing_of_each_other() -> None:
    one, other = Metrics(), Metrics()
    one.websockets.inc()
    assert "ekonte_websocket_connections 1.0" in generate_latest(one.registry).decode()
    assert "ekonte_websocket_connections 0.0" in generate_latest(other.registry).decode()


def test_no_metric_has_a_creation_time() -> None:
    metrics = Metrics()
    metrics.refused_requests.labels("X").inc()
    assert "_created" not in generate_latest(metrics.registry).decode()


def test_a_name_without_end_is_other() -> None:
    names = NameBudget(limit=3)
    assert [names.label(name) for name in ("a", "b", "c", "d", "a", None, "")] == [
        "a",
        "b",
        "c",
        OTHER,
        "a",
        ANONYMOUS,
        ANONYMOUS,
    ]
    assert NameBudget().label("x" * (LONGEST_NAME + 1)) == OTHER


def test_owners_count_once_and_only_for_a_while() -> None:
    owners = ActiveOwners()
    for owner, at in (("mira", 0.0), ("noor", 10.0), ("mira", 20.0)):
        owners.record(owner, at)
    assert owners.count(20.0) == 2
    assert owners.count(10.0 + OWNER_SECONDS) == 1
    assert owners.count(20.0 + OWNER_SECONDS) == 0
