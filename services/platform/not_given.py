"""A marker for an omitted value, where None is a value of its own."""

from enum import Enum
from typing import Final


class NotGiven(Enum):
    NOT_GIVEN = "NOT_GIVEN"


NOT_GIVEN: Final = NotGiven.NOT_GIVEN
