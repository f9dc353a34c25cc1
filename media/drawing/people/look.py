"""The look of a character as values for drawing figures, faces and clothes."""

from dataclasses import dataclass

from media.drawing.colour import Colour


@dataclass(frozen=True)
class Look:
    """Colours and kinds of one character; `height`: of a grown person's 1.7 m as 1."""

    gender: str
    age: str
    build: float
    height: float
    skin: Colour
    hair: Colour
    hair_style: str
    fringe: int
    eyes: Colour
    outfit: str
    top: Colour
    trim: Colour
    bottom: Colour
    shoes: Colour
    hat: str | None
    hat_colour: Colour
    extras: frozenset[str]
    jaw: float
    eye_size: float
    species: str | None = None  # of animals.beasts.BEASTS, for animals

    @property
    def is_female(self) -> bool:
        return self.gender == "FEMALE"

    @property
    def head_share(self) -> float:
        """The head's height (chin to crown) in the body's."""
        if self.species is not None:
            return 0.22 if self.height > 0.9 else 0.28
        return {"CHILD": 0.228, "TEEN": 0.184, "OLD": 0.178}.get(self.age, 0.17)
