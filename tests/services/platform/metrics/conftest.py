"""Each test has metrics of its own, all zero."""

from collections.abc import Callable

import pytest

from services.platform.metrics import recording
from services.platform.metrics.definitions import Metrics
from services.worker import metrics_state as present_state

Value = Callable[..., float]


@pytest.fixture(autouse=True)
def own_metrics(monkeypatch: pytest.MonkeyPatch) -> Metrics:
    metrics = Metrics()
    monkeypatch.setattr(recording, "_metrics", [metrics])
    monkeypatch.setattr(present_state, "_last", present_state._LastRead())
    return metrics


@pytest.fixture
def value(own_metrics: Metrics) -> Value:
    """A sample's value by its name and labels; 0 where there is none."""

    def read(name: str, **labels: str) -> float:
        return own_metrics.registry.get_sample_value(name, labels) or 0.0

    return read
