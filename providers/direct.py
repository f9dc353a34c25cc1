"""The protocol of providers without accounts, which generate an image or clip within one call."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from providers.base import Progress, Provider, ignore_progress
from providers.pooled import GenerationOrder, ModelInfo


@runtime_checkable
class DirectGenerator(Provider, Protocol):
    """inputs: the input pictures as local files, in order; the order's own `inputs` are empty.

    Results are written into the folder `into`. Methods raise errors.JobFailure. When cancelled, they end everything
    they started within a second.
    """

    def models(self) -> Sequence[ModelInfo]: ...

    async def generate_image(
        self, order: GenerationOrder, inputs: Sequence[Path], into: Path, progress: Progress = ignore_progress
    ) -> list[Path]:
        """The paths of at least one image, best first."""

    async def generate_clip(
        self, order: GenerationOrder, inputs: Sequence[Path], into: Path, progress: Progress = ignore_progress
    ) -> Path:
        """The path of an MP4. One input is the first frame, two are the first and the last frame."""
