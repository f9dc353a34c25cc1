"""Choosing the option of a model that is nearest to the requested one. Pure functions."""

import math
from collections.abc import Sequence


def nearest_ratio(ratios: Sequence[str], width: int, height: int) -> str | None:
    """The ratio ("16:9") nearest to width x height; None if `ratios` is empty."""

    def distance(ratio: str) -> float:
        across, down = (float(part) for part in ratio.split(":"))
        return abs(math.log(across / down) - math.log(width / height))

    return min(ratios, key=distance) if ratios else None


def nearest_duration(durations_seconds: Sequence[int], requested_seconds: float) -> int | None:
    """The shortest duration that is long enough, else the longest; None if there is none."""
    if not durations_seconds:
        return None
    sufficient = [seconds for seconds in durations_seconds if seconds >= requested_seconds - 0.05]
    return min(sufficient) if sufficient else max(durations_seconds)
