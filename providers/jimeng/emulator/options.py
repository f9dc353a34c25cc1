"""Settings of the emulated service, which can be changed while it runs."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass
class Options:
    """seconds_per_image, seconds_per_video: processing time of a task (all its results), times 1 ± jitter.

    visible_after_seconds: range of the time for which queries do not return a new task. deduplicates: whether a known
    submit_id returns the existing task instead of starting another. image_slots, video_slots: concurrent tasks of the
    whole service, others wait in its queue; 0: unlimited. link_seconds: lifetime of result links. picture_credits,
    clip_credits_per_second: prices that the catalogue does not have.
    credit_history_delay_seconds: time until a charge or refund appears in the credit history. has_queue_info: whether
    records contain queue_info. image_format: png or webp.
    """

    seed: int = 0
    seconds_per_image: float = 20.0
    seconds_per_video: float = 120.0
    jitter: float = 0.0
    visible_after_seconds: tuple[float, float] = (0.0, 0.0)
    deduplicates: bool = True
    image_slots: int = 0
    video_slots: int = 0
    images_per_task: int = 4
    link_seconds: float = 86_400.0
    picture_credits: int = 4
    clip_credits_per_second: int = 5
    credit_history_delay_seconds: float = 0.0
    token_seconds: float = 3_600.0
    device_time_tolerance_seconds: float = 300.0
    has_queue_info: bool = True
    image_format: str = "png"
    is_fast: bool = False
    draws_ahead: bool = True

    def seconds_for(self, kind: str) -> float:
        return self.seconds_per_image if kind == "IMAGE" else self.seconds_per_video

    def slots_for(self, kind: str) -> int:
        return self.image_slots if kind == "IMAGE" else self.video_slots

    def as_mapping(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def change(options: Options, changes: Mapping[str, Any]) -> None:
    """Sets the given options, all or none. Raises ValueError with the name of an unknown or invalid option."""
    values = {name: checked(name, value) for name, value in changes.items()}
    for name, value in values.items():
        setattr(options, name, value)


def checked(name: str, value: Any) -> Any:
    field = next((field for field in dataclasses.fields(Options) if field.name == name), None)
    if field is None:
        raise ValueError(f"{name} is not a setting of the emulator")
    if name == "visible_after_seconds":
        return _range(name, value)
    check, words = _CHECKS.get(name) or _CHECKS[type(field.default)]
    if not check(value):
        raise ValueError(f"{name} must be {words}")
    return float(value) if isinstance(field.default, float) else value


def seconds_range(name: str, value: Any) -> tuple[float, float]:
    """A range of seconds; a single number is used for both ends."""
    return _range(name, value)


def _range(name: str, value: Any) -> tuple[float, float]:
    ends = [value, value] if _is_number(value) else value
    is_pair = isinstance(ends, list | tuple) and len(ends) == 2 and all(_is_number(end) for end in ends)
    if not is_pair or ends[0] > ends[1]:
        raise ValueError(f"{name} must be a number of seconds, or two of them, the smaller first")
    return float(ends[0]), float(ends[1])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_CHECKS: dict[object, tuple[Callable[[Any], bool], str]] = {
    bool: (lambda value: isinstance(value, bool), "true or false"),
    float: (_is_number, "a number, at least 0"),
    int: (_is_whole, "a whole number, at least 0"),
    "jitter": (lambda value: _is_number(value) and value < 1, "at least 0 and below 1"),
    "images_per_task": (lambda value: _is_whole(value) and 1 <= value <= 8, "a whole number from 1 to 8"),
    "image_format": (lambda value: value in ("png", "webp"), "png or webp"),
}
