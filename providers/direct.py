"""What a provider without accounts is that generates single pictures and clips: it works while it is asked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from providers.base import Progress, Provider, ignore_progress
from providers.pooled import GenerationOrder, ModelInfo


@runtime_checkable
class DirectGenerator(Provider, Protocol):
    """`inputs` are the input pictures as local files, in order; the order's own `inputs` stay empty.

    Results are written into the folder `into`. Methods raise errors.JobFailure, and being cancelled they end what they
    started within a second.
    """

    def models(self) -> Sequence[ModelInfo]: ...

    async def generate_image(
        self, order: GenerationOrder, inputs: Sequence[Path], into: Path, progress: Progress = ignore_progress
    ) -> list[Path]:
        """Pictures, best first; at least one."""

    async def generate_clip(
        self, order: GenerationOrder, inputs: Sequence[Path], into: Path, progress: Progress = ignore_progress
    ) -> Path:
        """An MP4. No input: from the words alone. One: the first frame. Two: the first and the last frame."""
