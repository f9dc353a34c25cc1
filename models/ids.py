"""Object ids: a type prefix and a snowflake number, unique over all types and sortable by creation.

A number holds 41 bits of milliseconds since EPOCH_MS, 10 bits of the process's leased number and 12 bits of sequence.
It leaves only as text: it passes 2^53, up to where JavaScript's numbers are exact.
"""

import threading
import time

from snowflake import SnowflakeGenerator

EPOCH_MS = 1_735_689_600_000  # 2025-01-01T00:00:00Z
MAX_PROCESS_NUMBER = 1023


class IdSource:
    """Hands out ids of one process number. Safe to call from any thread."""

    def __init__(self, process_number: int) -> None:
        self._generator = SnowflakeGenerator(process_number, epoch=EPOCH_MS)
        self._lock = threading.Lock()

    def next(self) -> int:
        """A new id; waits out a full millisecond (4096 ids), or a clock that went back."""
        while True:
            with self._lock:
                value = next(self._generator)
            if value is not None:
                return int(value)
            time.sleep(0.0005)


_source: IdSource | None = None


def use_process_number(process_number: int) -> None:
    """From now on this process makes ids with that number, which it must hold a lease on."""
    global _source
    _source = IdSource(process_number)


def new_id() -> int:
    if _source is None:
        raise RuntimeError("no process number is leased yet: ids are made only after the database is open")
    return _source.next()


PREFIX_BY_MODEL: dict[str, str] = {
    "Workflow": "wf",
    "Script": "script",
    "ScriptShot": "sshot",
    "Asset": "asset",
    "Storyboard": "board",
    "Shot": "shot",
    "Animatic": "anim",
    "Video": "video",
    "VideoSegment": "seg",
    "Edit": "edit",
    "Job": "job",
    "StoredFile": "file",
    "Account": "acct",
    "GenerationRecord": "rec",
    "RecordVersion": "recv",
    "Attempt": "att",
    "Batch": "batch",
    "CallbackDelivery": "cb",
    "Alert": "alert",
}
MODEL_BY_PREFIX = {prefix: model for model, prefix in PREFIX_BY_MODEL.items()}


def global_id(model: str, number: int) -> str:
    return f"{PREFIX_BY_MODEL[model]}_{number}"


def parse_global_id(text: str) -> tuple[str, int] | None:
    """(model name, number) of an id, or None where it is no id of ours."""
    prefix, _, digits = text.partition("_")
    model = MODEL_BY_PREFIX.get(prefix)
    if model is None or not digits.isascii() or not digits.isdigit() or len(digits) > 19:
        return None
    number = int(digits)
    return (model, number) if 0 < number < 2**63 else None
