"""The runtime: everything that one process keeps in memory while it is open, in one object.

A process opens it once (services/worker/process.py) and each test opens its own, so nothing that a test leaves behind
reaches the next one. Services reach it by `runtime()` and keep no state in their modules. Three things stand below it
and stay singletons of the process: the settings (settings.py), the open database (models/database.py) and the source of
ids (models/ids.py).
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
    """What a process holds; each part is made at first use or put there by whoever opens it.

    storage: None until it is open. cache_dir: copies of what object storage holds. tracer: None where nothing is
    traced. process_number: None outside of a process that leased one. has_worker: whether this process is to run
    jobs; is_worker_alive: whether it does. scan_positions: the last id that a table scan reached, by table and purpose.
    notifiers: what notifications of due work go to (services/queue/notify).
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
        """Makes the links of answers, with the deployment's key."""
        return links_of(get_settings())

    def state(self, kind: type[StateT]) -> StateT:
        """This process's one object of a class, made without arguments at first use: for what a single module remembers
        (a cache, a position, a time), whose class the platform cannot know.
        """
        found = self._states.get(kind)
        if found is None:
            found = self._states[kind] = kind()
        assert isinstance(found, kind)
        return found


_open: Runtime | None = None


def runtime() -> Runtime:
    """The runtime of this process, in whatever thread or task. RuntimeError where none is open."""
    if _open is None:
        raise RuntimeError("no runtime is open; open_runtime() opens one")
    return _open


def is_runtime_open() -> bool:
    """False while a process opens or closes."""
    return _open is not None


@contextlib.contextmanager
def open_runtime() -> Iterator[Runtime]:
    """Opens a new runtime for the whole process; at the end the one that was open before, if any, is there again."""
    global _open
    before, _open = _open, Runtime()
    try:
        yield _open
    finally:
        _open = before
