"""The impact of a change: what it would make out of date."""

import strawberry

from schema.storyboards import Shot
from services.film.impact import Impact


@strawberry.type(description="What would be made again: artifacts, credits and time.")
class ChangeImpact:
    shots: list[Shot] = strawberry.field(description="The shots that would change.")
    images: int = strawberry.field(description="Pictures and design images.")
    animatic_parts: int = strawberry.field(description="Shots in motion.")
    clips: int = strawberry.field(description="Clips of videos.")
    speeches: int = strawberry.field(description="Spoken lines.")
    films: int = strawberry.field(description="Cut films.")
    credits: int | None = strawberry.field(description="What it would cost; null where nobody knows.")
    seconds: float | None = strawberry.field(description="About how long it would take; null where nobody knows.")

    @staticmethod
    def of(impact: Impact) -> "ChangeImpact":
        return ChangeImpact(
            shots=[Shot.from_row(row) for row in impact.shots],
            images=impact.images,
            animatic_parts=impact.animatic_parts,
            clips=impact.clips,
            speeches=impact.speeches,
            films=impact.films,
            credits=impact.credits,
            seconds=impact.seconds,
        )
