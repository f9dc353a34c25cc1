"""The input and output of a build: its context (scratch folder, files, progress reports) and its result."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from models.enums import FileRole
from models.generation_requests import GenerationRequest
from services.platform.files import NewFile, local_copies
from settings import Settings


@dataclass
class BuildContext:
    """What a builder may use. `report` takes progress from 0 to 1; call it from the event loop, at any rate."""

    owner: str
    folder: Path
    settings: Settings
    report: Callable[[float], None]
    generate: Callable[[GenerationRequest], Awaitable[list[Path]]]
    """Returns the files of a pooled generation; see services.film.artifacts.generations.generated."""
    _files: dict[str, Path] = field(default_factory=dict)

    async def file(self, sha256: str) -> Path:
        return (await self.files_of({sha256}))[sha256]

    async def files_of(self, digests: set[str]) -> dict[str, Path]:
        """Returns read-only local paths of stored contents by SHA-256; fetches each content once per build."""
        missing = digests - self._files.keys()
        if missing:
            self._files |= await local_copies(self.owner, missing)
        return {digest: self._files[digest] for digest in digests}

    def report_between(self, start: float, end: float) -> Callable[[float], None]:
        """Returns a report function that maps 0 to 1 onto the range from `start` to `end` of the whole build."""
        return lambda value: self.report(start + (end - start) * min(1.0, max(0.0, value)))


@dataclass(frozen=True)
class MadeFile:
    file: NewFile
    role: FileRole = FileRole.MAIN
    position: int = 0


@dataclass(frozen=True)
class Result:
    """The output of a build. `publish` writes further rows in the transaction that publishes the artifact."""

    files: tuple[MadeFile, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    publish: Callable[[], Awaitable[None]] | None = None


class Builder(Protocol):
    """Builds one artifact from its inputs only; `subject_id` names the row that the result is written to."""

    async def __call__(self, inputs: dict[str, Any], subject_id: int, context: BuildContext) -> Result: ...
