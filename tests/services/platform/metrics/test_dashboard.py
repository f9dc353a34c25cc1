"""docs/grafana/ekonte.json asks only for metrics and labels that there are; docs/operating.md names every metric."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from services.platform.metrics.definitions import Metrics

DOCS = Path(__file__).resolve().parents[4] / "docs"
DASHBOARD = json.loads((DOCS / "grafana" / "ekonte.json").read_text("utf-8"))
METRIC = re.compile(r"\b((?:ekonte|process)_\w+)")
GROUPED = re.compile(r"by \(([^)]*)\)")
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
# What Prometheus itself adds, and what a function makes.
ADDED_LABELS = {"instance", "job"}


def samples() -> dict[str, set[str]]:
    """The names under which samples can be asked for, with their labels."""
    found: dict[str, set[str]] = {}
    metrics = Metrics()
    for name in vars(metrics):
        collector: Any = getattr(metrics, name)
        if not hasattr(collector, "_labelnames"):
            continue
        (family,) = collector.describe()
        labels = set(collector._labelnames) | ({"le"} if family.type == "histogram" else set())
        for suffix in SUFFIXES.get(family.type, ("",)):
            found[family.name + suffix] = labels
    for family in metrics.present.describe():
        found[family.name] = set(family._labelnames)
    for family in metrics.registry.collect():
        if family.name.startswith("process_"):
            found |= {sample.name: set(sample.labels) for sample in family.samples}
    return found


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def queries() -> list[str]:
    asked = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [*asked, *(variable["query"]["query"] for variable in DASHBOARD["templating"]["list"][1:])]


@pytest.mark.parametrize("query", queries())
def test_every_query_asks_for_metrics_and_labels_that_there_are(query: str) -> None:
    known = samples()
    names = METRIC.findall(query)
    assert names
    assert [name for name in names if name not in known] == []
    labels = ADDED_LABELS.union(*(known[name] for name in names))
    grouped = {label.strip() for group in GROUPED.findall(query) for label in group.split(",")}
    filtered = set(re.findall(r"[{,]\s*(\w+)\s*(?:=~|!=|=)", query))
    assert (grouped | filtered) - labels == set()


def test_every_legend_shows_labels_that_the_query_keeps() -> None:
    for panel in panels():
        for target in panel["targets"]:
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            grouped = GROUPED.findall(target["expr"])
            kept = {label.strip() for group in grouped for label in group.split(",")} if grouped else ADDED_LABELS
            assert shown <= kept, panel["title"]


def test_every_metric_of_ours_is_on_the_dashboard() -> None:
    asked = {name for query in queries() for name in METRIC.findall(query)}
    families = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in asked}
    ours = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in samples() if name.startswith("ekonte_")}
    assert ours - families == set()


def test_the_dashboard_has_its_rows_and_no_two_panels_in_one_place() -> None:
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == ["Jobs", "Pool", "Upstream", "API", "Workers"]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)


def test_the_documents_have_every_metric() -> None:
    text = (DOCS / "operating.md").read_text("utf-8")
    named = set(re.findall(r"`(ekonte_\w+)`", text))
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in samples() if name.startswith("ekonte_")}
    assert named & families == families
    assert named <= families
