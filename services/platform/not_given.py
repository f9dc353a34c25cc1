"""What stands in the place of a value that nobody gave, where None is a value."""

from enum import Enum
from typing import Final


class NotGiven(Enum):
    NOT_GIVEN = "NOT_GIVEN"


NOT_GIVEN: Final = NotGiven.NOT_GIVEN
