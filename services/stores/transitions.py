"""Changes of state, checked against the tables of models/enums.py."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TypeVar

StateT = TypeVar("StateT", bound=StrEnum)


class ForbiddenTransitionError(Exception):
    """Code asked for a change of state that the state's table does not allow: an error of the program."""


def check_transition(table: Mapping[StateT, Collection[StateT]], expected: Collection[StateT], to: StateT) -> None:
    """Raises ForbiddenTransitionError where one of the expected states may not become `to`, or none is expected."""
    if not expected:
        raise ForbiddenTransitionError(f"to {to.value}: from no state")
    for state in expected:
        if to not in table[state]:
            raise ForbiddenTransitionError(f"{type(to).__name__}: {state.value} may not become {to.value}")
