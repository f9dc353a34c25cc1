"""What of a model's own choices comes nearest to what is wanted: pure functions."""

import math
from collections.abc import Sequence


def nearest_ratio(ratios: Sequence[str], width: int, height: int) -> str | None:
    """The ratio ("16:9") whose shape is nearest to width x height; None where there is none to choose."""

    def distance(ratio: str) -> float:
        across, down = (float(part) for part in ratio.split(":"))
        return abs(math.log(across / down) - math.log(width / height))

    return min(ratios, key=distance) if ratios else None


def nearest_duration(durations_seconds: Sequence[int], wanted_seconds: float) -> int | None:
    """The shortest length that is long enough, else the longest; None where there is none to choose."""
    if not durations_seconds:
        return None
    enough = [seconds for seconds in durations_seconds if seconds >= wanted_seconds - 0.05]
    return min(enough) if enough else max(durations_seconds)
