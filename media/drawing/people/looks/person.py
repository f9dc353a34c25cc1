"""A person to dress: the words with the gender and age derived from them."""

from dataclasses import dataclass

from media.drawing.people.looks.told import Told


@dataclass(frozen=True)
class Person:
    """gender: FEMALE or MALE; age: CHILD, TEEN, ADULT or OLD."""

    told: Told
    gender: str
    age: str

    @property
    def is_female(self) -> bool:
        return self.gender == "FEMALE"
