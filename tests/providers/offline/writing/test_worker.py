"""The offline provider's text capability: the same script from a worker process, with progress, and cancelled."""

import asyncio

import pytest

from providers.base import ScriptOrder
from providers.offline.text import OfflineText
from tests.providers.offline import stories
from tests.providers.offline.stories import script_of


async def test_a_worker_process_writes_the_same_script_and_tells_its_progress() -> None:
    seen: list[float] = []
    script = await OfflineText(2).write_script(ScriptOrder(stories.WUXIA), seen.append)
    assert script == script_of(stories.WUXIA)
    assert seen
    assert seen == sorted(seen)


async def test_writing_a_novel_can_be_cancelled() -> None:
    novel = "\n\n".join(f"第{number}章\n\n{stories.SMALL_MATTER}" for number in range(1, 400))
    writing = asyncio.create_task(OfflineText(2).write_script(ScriptOrder(novel)))
    await asyncio.sleep(0.05)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert (await OfflineText(2).write_script(ScriptOrder(stories.CLASSROOM))).title
