"""Plain values of upstream's JSON, whose types vary: a number may be text, a list may be missing."""

import math
from collections.abc import Mapping
from typing import Any, TypeVar

Missing = TypeVar("Missing")


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def mappings(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list, or those of an object whose values they are."""
    values = list(value.values()) if isinstance(value, Mapping) else value
    return [item for item in values if isinstance(item, Mapping)] if isinstance(values, list) else []


def text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def whole_number(value: object, missing: Missing) -> int | Missing:
    """An integer given as a number or as text; `missing` for anything else."""
    if isinstance(value, bool):
        return missing
    if isinstance(value, str):
        value = value.strip()
        return int(value) if value.lstrip("-").isdecimal() and value.isascii() and len(value) <= 20 else missing
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else missing


def seconds(value: object) -> float | None:
    """A time in seconds above 0, given as a number or as text; None for anything else."""
    try:
        found = float(value) if isinstance(value, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return None
    return found if 0 < found < math.inf else None
