"""All faults of one request in one error, instead of the first only.

A request collects in two places: its form (texts too long, ids that are none), before its mutation runs, and its
content, by the service that does the work. `request_faults` opens the collection of a request; a service adds to it and
calls `check` before it writes anything.
"""

import contextlib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar

from errors import EkonteError, refusal_of

_OPEN: ContextVar["Faults | None"] = ContextVar("ekonte_request_faults", default=None)


class Faults:
    """Faults in the order in which they are found, each once even if several items share it.

    form: faults that were found before; each is told last, and only if no other fault has its path.
    """

    def __init__(self, form: Iterable[EkonteError] = ()) -> None:
        self.found: list[EkonteError] = []
        self._known: set[tuple[tuple[str, ...], str]] = set()
        self._form = tuple(form)

    def add(self, *faults: EkonteError) -> None:
        for fault in faults:
            key = (tuple(fault.path), fault.message)
            if key not in self._known:
                self._known.add(key)
                self.found.append(fault)

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        """Adds the refusal that the block raises, instead of raising it."""
        try:
            yield
        except EkonteError as fault:
            self.add(*(fault.faults or (fault,)))

    @property
    def all(self) -> list[EkonteError]:
        told = {tuple(fault.path) for fault in self.found}
        return self.found + [fault for fault in self._form if tuple(fault.path) not in told]

    def check(self) -> None:
        """Raises one error with all faults, if there are any."""
        if faults := self.all:
            raise refusal_of(faults)

    def together_with(self, error: EkonteError) -> EkonteError:
        """The error, with the faults that it does not tell yet."""
        if not self.all or error.faults:
            return error
        self.add(error)
        return refusal_of(self.all)


@contextlib.contextmanager
def request_faults(form: Iterable[EkonteError] = ()) -> Iterator[Faults]:
    """Opens the collection of a request, whose service is to call `check`."""
    faults = Faults(form)
    token = _OPEN.set(faults)
    try:
        yield faults
    finally:
        _OPEN.reset(token)


def open_faults() -> Faults | None:
    """The collection of the present request, where one is open."""
    return _OPEN.get()


def collected() -> Faults:
    """The collection of the present request; a new one where none is open, as for calls from within."""
    return _OPEN.get() or Faults()
