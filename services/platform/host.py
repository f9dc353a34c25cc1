"""This machine's load, as systemStatus shows it: processors, memory and network. Nothing here blocks."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import psutil

SAMPLE_SECONDS = 5.0
MIN_SECONDS = 1.0
"Between two samples: rates over a shorter time fluctuate."
LOOPBACK = "lo"


@dataclass(frozen=True)
class Sample:
    """Monotonic counters, in seconds and bytes, and the time at which they were read."""

    at: float
    busy_seconds: float
    total_seconds: float
    received_bytes: int
    sent_bytes: int


@dataclass(frozen=True)
class HostLoad:
    """cpu_percent: of all cores together, 0 to 100. memory_bytes: in use. The network rates exclude loopback."""

    cpu_percent: float
    memory_bytes: int
    received_bytes_per_second: float
    sent_bytes_per_second: float


def take_sample() -> Sample:
    times = psutil.cpu_times()
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)  # user time includes them
    idle = times.idle + getattr(times, "iowait", 0.0)
    cards = [card for name, card in psutil.net_io_counters(pernic=True).items() if not name.startswith(LOOPBACK)]
    return Sample(
        at=time.monotonic(),
        busy_seconds=total - idle,
        total_seconds=total,
        received_bytes=sum(card.bytes_recv for card in cards),
        sent_bytes=sum(card.bytes_sent for card in cards),
    )


def load_between(earlier: Sample, later: Sample, memory_bytes: int) -> HostLoad:
    """Returns the load from the growth of the counters. A counter that restarted (a removed network card)
    counts as 0.
    """
    seconds = max(later.at - earlier.at, 0.001)
    worked = later.total_seconds - earlier.total_seconds
    busy = later.busy_seconds - earlier.busy_seconds
    return HostLoad(
        cpu_percent=round(min(100.0, max(0.0, 100.0 * busy / worked)), 1) if worked > 0 else 0.0,
        memory_bytes=memory_bytes,
        received_bytes_per_second=round(max(0, later.received_bytes - earlier.received_bytes) / seconds, 1),
        sent_bytes_per_second=round(max(0, later.sent_bytes - earlier.sent_bytes) / seconds, 1),
    )


class HostSamples:
    """The last two samples; the first one is taken on creation."""

    def __init__(self) -> None:
        self._earlier = self._later = take_sample()

    def add(self, sample: Sample) -> None:
        self._earlier, self._later = self._later, sample

    def load(self) -> HostLoad:
        """Returns the load between the last sample and now; if that is less than MIN_SECONDS, between the last two
        samples.
        """
        now = take_sample()
        earlier, later = (self._later, now) if now.at - self._later.at >= MIN_SECONDS else (self._earlier, now)
        memory = psutil.virtual_memory()
        return load_between(earlier, later, int(memory.total - memory.available))


@contextlib.asynccontextmanager
async def sampling(samples: HostSamples) -> AsyncIterator[None]:
    """Adds a sample every five seconds while the context is open."""

    async def sample() -> None:
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            samples.add(take_sample())

    task = asyncio.create_task(sample())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
