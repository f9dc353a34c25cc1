"""This machine's load, out of counters."""

import asyncio
import dataclasses

import pytest

from services.platform import host
from services.platform.host import HostSamples, Sample, load_between, sampling

BEFORE = Sample(at=100.0, busy_seconds=50.0, total_seconds=200.0, received_bytes=1_000, sent_bytes=5_000)


def later(**grown: float) -> Sample:
    return dataclasses.replace(BEFORE, **{name: getattr(BEFORE, name) + by for name, by in grown.items()})


def test_load_is_what_the_counters_grew_by() -> None:
    after = later(at=5.0, busy_seconds=2.5, total_seconds=10.0, received_bytes=500, sent_bytes=2_000)
    load = load_between(BEFORE, after, memory_bytes=7)
    assert (load.cpu_percent, load.memory_bytes) == (25.0, 7)
    assert (load.received_bytes_per_second, load.sent_bytes_per_second) == (100.0, 400.0)


def test_a_counter_that_begins_anew_is_no_negative_rate() -> None:
    after = later(at=5.0, total_seconds=10.0, busy_seconds=-1.0, received_bytes=-900, sent_bytes=-4_000)
    load = load_between(BEFORE, after, memory_bytes=0)
    assert (load.cpu_percent, load.received_bytes_per_second, load.sent_bytes_per_second) == (0, 0, 0)


def test_two_samples_at_once_show_no_load() -> None:
    assert load_between(BEFORE, BEFORE, memory_bytes=0).cpu_percent == 0


def test_a_moment_after_a_sample_the_time_before_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    at = iter([BEFORE, later(at=5.1, busy_seconds=5.0, total_seconds=10.0)])
    monkeypatch.setattr(host, "take_sample", lambda: next(at))
    samples = HostSamples()
    samples.add(later(at=5.0))
    assert samples.load().cpu_percent == 50.0


def test_long_after_a_sample_only_the_time_since_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    at = iter([BEFORE, later(at=10.0, busy_seconds=5.0 + 2.0, total_seconds=10.0 + 8.0)])
    monkeypatch.setattr(host, "take_sample", lambda: next(at))
    samples = HostSamples()
    samples.add(later(at=5.0, busy_seconds=5.0, total_seconds=10.0))
    assert samples.load().cpu_percent == 25.0


async def test_the_machine_is_sampled_while_the_process_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "SAMPLE_SECONDS", 0.001)
    taken: list[Sample] = []
    monkeypatch.setattr(host.HostSamples, "add", lambda self, sample: taken.append(sample))
    samples = HostSamples()
    async with asyncio.timeout(60), sampling(samples):
        while len(taken) < 2:
            await asyncio.sleep(0.005)
        load = samples.load()
    assert taken[0].total_seconds <= taken[1].total_seconds
    assert 0 <= load.cpu_percent <= 100
    assert load.memory_bytes > 0
