"""Checks state changes against the transition tables of models/enums.py."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TypeVar

StateT = TypeVar("StateT", bound=StrEnum)


class ForbiddenTransitionError(Exception):
    """The code requested a state change that the transition table does not allow: a programming error."""


def check_transition(table: Mapping[StateT, Collection[StateT]], expected: Collection[StateT], to: StateT) -> None:
    """Raises ForbiddenTransitionError if one of the expected states must not become `to`, or if none is given."""
    if not expected:
        raise ForbiddenTransitionError(f"no expected state for a change to {to.value}")
    for state in expected:
        if to not in table[state]:
            raise ForbiddenTransitionError(f"{type(to).__name__}: {state.value} must not become {to.value}")
