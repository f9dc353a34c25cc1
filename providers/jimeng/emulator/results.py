"""The pictures and clips of tasks: really drawn and filmed by the offline provider, or small ones made ready."""

import asyncio
import hashlib
import io
import logging
import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from PIL import Image

from providers.base import ImageOrder
from providers.jimeng.emulator import prepared
from providers.jimeng.emulator.drafts import Draft
from providers.jimeng.emulator.marking import mark
from providers.jimeng.emulator.options import Options
from providers.jimeng.emulator.tasks import Task
from providers.offline import OfflineProvider
from providers.pooled import GenerationOrder

_logger = logging.getLogger(__name__)
_SEEDS = 2**31


class Results:
    """folder: where files are kept until `clear`."""

    def __init__(self, folder: Path, provider: OfflineProvider, options: Options) -> None:
        self._folder = folder
        self._provider = provider
        self._options = options
        self._making: dict[str, asyncio.Task[Path]] = {}
        self._prepared: dict[Path, bytes] = {}

    async def get(self, task: Task, number: int, inputs: Sequence[Path]) -> Path | bytes:
        """The path of the result's file, or its bytes. Raises JobFailure where it cannot be drawn."""
        name = f"{task.history_id}-{number}"
        if not self._options.is_fast:
            return await self._once(name, lambda: self._make(task, number, inputs))
        path = await self._once(
            prepared.name_of(task.draft, self._options.image_format), lambda: self._prepare(task.draft)
        )
        content = self._prepared.get(path)
        if content is None:
            content = self._prepared[path] = await asyncio.to_thread(path.read_bytes)
        return mark(content, name)

    def begin(self, task: Task, inputs: Sequence[Path]) -> None:
        """Draws the first result in the background, so that it is there when the task ends."""
        if self._options.draws_ahead and not self._options.is_fast:
            self._start(f"{task.history_id}-0", lambda: self._make(task, 0, inputs))

    async def _once(self, name: str, make: Callable[[], Awaitable[Path]]) -> Path:
        """One drawing for all who wait for it, which goes on when they leave. A failed one is tried anew."""
        return await asyncio.shield(self._start(name, make))

    def _start(self, name: str, make: Callable[[], Awaitable[Path]]) -> asyncio.Task[Path]:
        known = self._making.get(name)
        if known is None or (known.done() and (known.cancelled() or known.exception() is not None)):
            known = self._making[name] = asyncio.ensure_future(_logged(name, make))
            known.add_done_callback(lambda done: done.cancelled() or done.exception())
        return known

    async def _make(self, task: Task, number: int, inputs: Sequence[Path]) -> Path:
        name = f"{task.history_id}-{number}"
        into = self._folder / name
        await asyncio.to_thread(into.mkdir, parents=True, exist_ok=True)
        seed = _seed(task, number)
        drawn = await self._draw(task.draft, seed, inputs, into)
        return await asyncio.to_thread(_finish, drawn, into, name, self._format(task.draft))

    async def _draw(self, draft: Draft, seed: int, inputs: Sequence[Path], into: Path) -> Path:
        if draft.kind == "IMAGE":
            order = ImageOrder(draft.prompt, draft.width, draft.height, seed=seed, references=tuple(inputs))
            return (await self._provider.draw(order, into))[0]
        clip = GenerationOrder(
            kind="VIDEO",
            model=draft.model.name,
            prompt=draft.prompt,
            ratio=draft.ratio,
            resolution=draft.resolution,
            seed=seed,
            duration_seconds=draft.seconds,
        )
        return await self._provider.generate_clip(clip, inputs, into)

    async def _prepare(self, draft: Draft) -> Path:
        into = self._folder / "prepared" / prepared.name_of(draft, self._options.image_format)
        await asyncio.to_thread(into.mkdir, parents=True, exist_ok=True)
        drawn = (await self._provider.draw(ImageOrder(prepared.PROMPT, *prepared.size_of(draft)), into))[0]
        if draft.kind == "VIDEO":
            drawn = await self._provider.film(prepared.clip_order(draft, drawn), into)
        return await asyncio.to_thread(_finish, drawn, into, "prepared", self._format(draft))

    def _format(self, draft: Draft) -> str:
        return self._options.image_format if draft.kind == "IMAGE" else "mp4"

    async def clear(self) -> None:
        """Ends what is being drawn, and forgets all results."""
        running = [task for task in self._making.values() if not task.done()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        self._making.clear()


async def _logged(name: str, make: Callable[[], Awaitable[Path]]) -> Path:
    try:
        return await make()
    except Exception as error:
        _logger.error("the result %s could not be drawn: %s", name, error)
        raise


def _seed(task: Task, number: int) -> int:
    digest = hashlib.sha256(f"{task.draft.seed or task.history_id}:{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % _SEEDS


def _finish(drawn: Path, working_folder: Path, text: str, wanted: str) -> Path:
    """The drawn file in the wanted format, marked as this one result, beside the working folder, which goes. Blocks."""
    content = drawn.read_bytes()
    if wanted == "webp":
        with Image.open(drawn) as picture:
            written = io.BytesIO()
            picture.save(written, "WEBP", quality=90)
            content = written.getvalue()
    result = working_folder.with_suffix(f".{wanted}")
    result.write_bytes(mark(content, text))
    shutil.rmtree(working_folder)
    return result
