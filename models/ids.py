"""Object ids: a type prefix and a snowflake number, unique over all types and sortable by creation.

A number holds 41 bits of milliseconds since EPOCH_MS, 10 bits of the process's leased number and 12 bits of sequence.
The API shows it as text, since it exceeds 2^53, the limit of exact numbers in JavaScript.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

EPOCH_MS = 1_735_689_600_000  # 2025-01-01T00:00:00Z
MAX_PROCESS_NUMBER = 1023
SEQUENCE_BITS = 12
PROCESS_BITS = 10


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class IdSource:
    """Generates ids of one process number. Thread-safe; never waits.

    Milliseconds and sequence are one counter, which follows the clock and only grows: after more than 4096 ids within
    one millisecond, or when the clock goes back, ids use the following milliseconds. after: the last id of the
    process's former number; all new ids are greater.
    """

    def __init__(self, process_number: int, *, after: int = 0, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        if not 0 <= process_number <= MAX_PROCESS_NUMBER:
            raise ValueError(f"a process number is 0 to {MAX_PROCESS_NUMBER}")
        self._process_bits = process_number << SEQUENCE_BITS
        self._clock_ms = clock_ms
        self._lock = threading.Lock()
        self._counter = ((after >> (PROCESS_BITS + SEQUENCE_BITS)) + 1) << SEQUENCE_BITS if after else 0
        self._last = after

    @property
    def last(self) -> int:
        """The newest id, 0 before the first."""
        return self._last

    def next(self) -> int:
        """A new id, greater than all earlier ones of this source."""
        with self._lock:
            self._counter = max(self._counter + 1, (self._clock_ms() - EPOCH_MS) << SEQUENCE_BITS)
            moment_ms, sequence = divmod(self._counter, 1 << SEQUENCE_BITS)
            self._last = moment_ms << (PROCESS_BITS + SEQUENCE_BITS) | self._process_bits | sequence
            return self._last


# One per process, since two sources with the same number would generate the same ids. A source with a new number
# continues above the ids of the previous one.
_source: IdSource | None = None


def use_process_number(process_number: int) -> None:
    """Makes this process generate ids with that number, which it must hold a lease on."""
    global _source
    _source = IdSource(process_number, after=_source.last if _source is not None else 0)


def new_id() -> int:
    if _source is None:
        raise RuntimeError("no process number is leased yet: ids are made only after the database is open")
    return _source.next()


PREFIX_BY_MODEL: dict[str, str] = {
    "Workflow": "wf",
    "WorkflowStage": "stage",
    "Script": "script",
    "ScriptScene": "scene",
    "ScriptShot": "sshot",
    "Asset": "asset",
    "Storyboard": "board",
    "Shot": "shot",
    "Animatic": "anim",
    "AnimaticPart": "ashot",
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
    """(model name, number) of a global id; None if it is not one. A number has one spelling: `job_07` is none."""
    prefix, _, digits = text.partition("_")
    model = MODEL_BY_PREFIX.get(prefix)
    if model is None or not digits.isascii() or not digits.isdigit() or len(digits) > 19 or digits.startswith("0"):
        return None
    number = int(digits)
    return (model, number) if number < 2**63 else None


def moment_of(number: int) -> datetime:
    """When an id was created, to the millisecond."""
    return datetime.fromtimestamp(((number >> 22) + EPOCH_MS) / 1000, UTC)


def first_id_at(moment: datetime) -> int:
    """A number greater than all ids created before a moment, and not greater than those created from then on."""
    return max(0, int(moment.timestamp() * 1000) - EPOCH_MS) << 22
