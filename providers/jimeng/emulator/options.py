"""What can be set about the emulated service as a whole, at the start and while it runs."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass
class Options:
    """seconds_per_image, seconds_per_video: how long a task (of all its pictures) is worked on, times 1 ± jitter.

    visible_after_seconds: from, to; a new task's id is missing from answers for so long. deduplicates: whether a
    submit_id that is known starts no second task. image_slots, video_slots: how many tasks the whole service works on
    at once, the others wait in its queue; 0 for no limit. link_seconds: how long a result link is good.
    picture_credits, clip_credits_per_second: prices where the catalogue knows none.
    has_queue_info: whether records tell of the queue. image_format: png or webp.
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
    """Sets what is named; all or nothing. Raises ValueError, naming the option, for what there is not or cannot be."""
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
    """A range of seconds; one number stands for both ends."""
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
