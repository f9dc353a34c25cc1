"""Killing what does the work, again and again, while generations are asked for; what was asked for is kept track of."""

import asyncio
import io
import itertools
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from PIL import Image

from tests.acceptance import pool_documents as documents
from tests.acceptance.client import Refused
from tests.acceptance.deployment import EMBEDDED
from tests.acceptance.pool import Pool

_colours = itertools.count(1)


@dataclass
class Killing:
    """marks: the file that dying processes write to. at_work: by point how many jobs had not ended at the kill."""

    pool: Pool
    marks: Path
    asked: list[str] = field(default_factory=list)
    unsure: dict[str, dict[str, object]] = field(default_factory=dict)
    "Requests without an answer, by storyboard: made again, under the same key, at the next start."
    at_work: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        deployment = self.pool.site.deployment
        deployment.server_program = ("-m", "tests.acceptance.kill_points")
        deployment.worker_program = ("-m", "dramatiq", "tests.acceptance.kill_points:broker")

    async def start(self, point: str | None, at: float = 1) -> None:
        """Starts the process that does the jobs; it ends at the point, or lives on where that is None."""
        deployment = self.pool.site.deployment
        gate = self.marks.with_suffix(".gate")
        gate.unlink(missing_ok=True)
        values = {"KILL_AT": f"{at:g}", "KILL_MARKS": str(self.marks), "KILL_GATE": str(gate)}
        deployment.settings |= {"KILL_POINT": point or "", **values}
        await asyncio.to_thread(deployment.start_doer)
        gate.touch()
        await self.pool.reconnect()
        for storyboard, values in list(self.unsure.items()):
            await self._ask(storyboard, values)

    async def ask(self, storyboard: str, *, has_input: bool = False, is_clip: bool = False) -> None:
        """Asks for a generation; the process may end meanwhile."""
        values: dict[str, object] = {"idempotencyKey": storyboard, "is_clip": is_clip}
        if has_input:
            try:
                upload = await self.pool.client.upload(documents.UPLOAD, _new_picture(), "input.png")
            except httpx.HTTPError:
                return
            values["inputImages"] = [upload["file"]["id"]]
        self.asked.append(storyboard)
        await self._ask(storyboard, values)

    async def _ask(self, storyboard: str, values: dict[str, object]) -> None:
        self.unsure[storyboard] = values
        wanted = {name: value for name, value in values.items() if name != "is_clip"}
        try:
            await (self.pool.clip if values["is_clip"] else self.pool.image)(storyboard, **wanted)
        except (httpx.HTTPError, json.JSONDecodeError):
            return
        except Refused as refused:
            raise AssertionError(f"{storyboard} was refused: {refused}") from None
        del self.unsure[storyboard]

    async def killed(self, point: str, seconds: float = 90.0) -> bool:
        """Waits for the end by SIGKILL; False where it does not come in time. Counts what was under way then."""
        deployment = self.pool.site.deployment
        process = deployment.doer.process
        for _ in range(int(seconds / 0.02)):
            if process.poll() is not None:
                break
            await asyncio.sleep(0.02)
        else:
            return False
        await asyncio.to_thread(deployment.kill_doer)
        rows = await deployment.rows("SELECT id FROM job WHERE status IN ('PENDING', 'RUNNING')")
        self.at_work[point] = self.at_work.get(point, 0) + len(rows)
        return True

    def histogram(self) -> Counter[str]:
        """How often a process ended at each point."""
        if not self.marks.exists():
            return Counter()
        return Counter(json.loads(line)["point"] for line in self.marks.read_text("utf-8").splitlines())

    async def finish(self, seconds: float = 540.0) -> None:
        """Starts it for good and waits until all has ended."""
        deployment = self.pool.site.deployment
        if deployment.shape == EMBEDDED or not deployment.workers:
            await self.start(None)
        await self.pool.all_ended(self.asked, seconds)
        await self.pool.slots_are_free()


def _new_picture() -> bytes:
    """A picture that was not there before: one that an account has uploaded is not uploaded again."""
    number = next(_colours)
    content = io.BytesIO()
    Image.new("RGB", (300, 300), (number % 256, number // 256 % 256, 128)).save(content, "PNG")
    return content.getvalue()
