"""Drawing orders: plain, picklable values that can be sent to a worker process."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DrawnSubject:
    """Someone or something in the picture. `type` is CHARACTER, PROP or SCENE; reference: an uploaded picture."""

    type: str
    name: str
    description: str = ""
    reference: Path | None = None


@dataclass(frozen=True)
class DrawingOrder:
    """A picture of width x height pixels. `purpose`: DESIGN (the first subject alone) or SHOT.

    references: pictures whose colours the drawing adopts; where no subject is given, the people of the prompt are
    dressed in them, in order.
    """

    prompt: str
    width: int
    height: int
    purpose: str = "SHOT"
    style: str | None = None
    seed: int = 0
    subjects: tuple[DrawnSubject, ...] = ()
    references: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a picture of {self.width}x{self.height} pixels cannot be drawn")
