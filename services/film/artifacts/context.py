"""What a build works with: a scratch folder, the files it needs, the way to tell its progress; and what it hands in."""

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
    """`report` takes progress from 0 to 1 and may be called from the event loop as often as one likes."""

    owner: str
    folder: Path
    settings: Settings
    report: Callable[[float], None]
    generate: Callable[[GenerationRequest], Awaitable[list[Path]]]
    """Files of a generation by a pool; see services.film.artifacts.generations.generated."""
    _files: dict[str, Path] = field(default_factory=dict)

    async def file(self, sha256: str) -> Path:
        return (await self.files_of({sha256}))[sha256]

    async def files_of(self, digests: set[str]) -> dict[str, Path]:
        """Local paths of stored contents, to be read only."""
        missing = digests - self._files.keys()
        if missing:
            self._files |= await local_copies(self.owner, missing)
        return {digest: self._files[digest] for digest in digests}

    def report_between(self, start: float, end: float) -> Callable[[float], None]:
        """A progress function for a part of the whole."""
        return lambda value: self.report(start + (end - start) * min(1.0, max(0.0, value)))


@dataclass(frozen=True)
class MadeFile:
    file: NewFile
    role: FileRole = FileRole.MAIN
    position: int = 0


@dataclass(frozen=True)
class Result:
    """What a build made. `publish` writes further rows in the transaction that publishes the artifact."""

    files: tuple[MadeFile, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    publish: Callable[[], Awaitable[None]] | None = None


class Builder(Protocol):
    """Makes one artifact from its inputs alone; the subject is given for rows that the result is written to."""

    async def __call__(self, inputs: dict[str, Any], subject_id: int, bench: BuildContext) -> Result: ...
