"""Reading what the test's own runtime has counted."""

from services.platform.runtime import runtime


def value(name: str, **labels: str) -> float:
    """A sample's value by its name and labels; 0 where there is none."""
    return runtime().metrics.registry.get_sample_value(name, labels) or 0.0


def values(name: str) -> dict[tuple[str, ...], float]:
    """The values of a metric by their labels' values."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in runtime().metrics.registry.collect()
        for sample in family.samples
        if sample.name == name
    }
