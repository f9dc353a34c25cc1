"""Fixtures of emulated services."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.providers.jimeng.emulator.asking import Emulated

MakeEmulated = Callable[..., Emulated]


@pytest.fixture
async def make() -> AsyncIterator[MakeEmulated]:
    made: list[Emulated] = []

    def build(*accounts: Any, **options: Any) -> Emulated:
        made.append(Emulated(*accounts, **options))
        return made[-1]

    yield build
    for emulated in made:
        await emulated.close()


@pytest.fixture
def emulated(make: MakeEmulated) -> Emulated:
    """A service with one account on CN, with the session `one`."""
    return make()
