"""The conditions of a rendering: concurrency limit, time limit and progress callback."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar, TypeVarTuple

from media.processes import run_in_worker

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


def _ignore(_: float) -> None:
    pass


@dataclass(frozen=True)
class Rendering:
    """limit: render slots of this machine; timeout_seconds: for each call of a worker or of ffmpeg.

    progress: called with the completed share, from 0 to 1.
    """

    limit: int
    timeout_seconds: float
    progress: Callable[[float], None] = _ignore

    def telling(self, progress: Callable[[float], None]) -> "Rendering":
        """A copy with another progress callback."""
        return replace(self, progress=progress)

    def part(self, start: float, share: float) -> "Rendering":
        """A copy for a part of the work: its 0 to 1 maps to start to start + share of the whole."""
        return self.telling(lambda done: self.progress(start + share * done))

    def silent(self) -> "Rendering":
        """A copy for a part of the work that reports no progress."""
        return self.telling(_ignore)

    async def run(self, function: Callable[[*Arguments], Result], *args: *Arguments) -> Result:
        """Calls processes.run_in_worker under these conditions and raises what it raises."""
        return await run_in_worker(
            function, *args, limit=self.limit, timeout_seconds=self.timeout_seconds, progress=self.progress
        )
