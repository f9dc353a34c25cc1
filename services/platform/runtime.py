"""The runtime: the state that one process keeps in memory while it is open, in one object.

A process opens it once (services/worker/process.py) and each test opens its own, so tests do not affect each other.
Services access it by `runtime()` and keep no state in their modules. Three singletons of the process are below it and
not part of it: the settings (settings/), the open database (models/database.py) and the source of ids
(models/ids.py).
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from providers.storage import Storage
from services.platform.event_bus import EventBus, MemoryBus
from services.platform.file_links import FileLinks, links_of
from services.platform.host import HostSamples
from services.platform.metrics.definitions import Metrics
from services.platform.process_leases import ProcessNumber
from settings import get_settings

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

StateT = TypeVar("StateT")


class Runtime:
    """The state of a process; each part is created on first use, or set by the code that opens it.

    storage: None until it is open. cache_dir: copies of objects from object storage. tracer: None if tracing is off.
    process_number: None if the process has not leased one. has_worker: whether this process should run jobs;
    is_worker_alive: whether it does. scan_positions: the last id that a table scan reached, by table and purpose.
    notifiers: the receivers of notifications about due work (services/queue/notify).
    """

    def __init__(self) -> None:
        self.storage: Storage | None = None
        self.cache_dir = Path()
        self.bus: EventBus = MemoryBus()
        self.tracer: Tracer | None = None
        self.process_number: ProcessNumber | None = None
        self.has_worker = False
        self.is_worker_alive = False
        self.scan_positions: dict[tuple[str, str], int] = {}
        self.notifiers: list[Callable[..., None]] = []
        self._states: dict[type[object], object] = {}

    @functools.cached_property
    def metrics(self) -> Metrics:
        return Metrics()

    @functools.cached_property
    def host_samples(self) -> HostSamples:
        return HostSamples()

    @functools.cached_property
    def file_links(self) -> FileLinks:
        """Creates the links in responses, with the deployment's key."""
        return links_of(get_settings())

    def state(self, kind: type[StateT]) -> StateT:
        """Returns this process's single object of a class, created without arguments on first use: for the state of a
        single module (a cache, a position, a time), whose class the platform does not know.
        """
        found = self._states.get(kind)
        if found is None:
            found = self._states[kind] = kind()
        assert isinstance(found, kind)
        return found


_open: Runtime | None = None


def runtime() -> Runtime:
    """Returns the runtime of this process, in any thread or task. Raises RuntimeError if none is open."""
    if _open is None:
        raise RuntimeError("no runtime is open; open_runtime() opens one")
    return _open


def is_runtime_open() -> bool:
    """Returns False while a process opens or closes."""
    return _open is not None


@contextlib.contextmanager
def open_runtime() -> Iterator[Runtime]:
    """Opens a new runtime for the whole process; afterwards the previous one, if any, is current again."""
    global _open
    previous, _open = _open, Runtime()
    try:
        yield _open
    finally:
        _open = previous
