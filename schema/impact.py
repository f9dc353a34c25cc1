"""The impact of a change: what it would make out of date."""

import strawberry

from schema.storyboards import Shot
from services.film.impact import Impact


@strawberry.type(description="The impact of a change: artifacts that would be made again, credits and time.")
class ChangeImpact:
    shots: list[Shot] = strawberry.field(description="The shots that would change.")
    images: int = strawberry.field(description="Pictures and design images.")
    animatic_parts: int = strawberry.field(description="Shots in motion.")
    clips: int = strawberry.field(description="Clips of videos.")
    speeches: int = strawberry.field(description="Spoken lines.")
    films: int = strawberry.field(description="Cut films.")
    credits: int | None = strawberry.field(description="The estimated cost; null where a price is unknown.")
    known_credits: int = strawberry.field(description="The estimated cost of what has a known price.")
    credits_unknown_count: int = strawberry.field(description="Pictures and clips whose price is unknown.")
    seconds: float | None = strawberry.field(description="The estimated duration; null where unknown.")

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
            known_credits=impact.known_credits,
            credits_unknown_count=impact.credits_unknown_count,
            seconds=impact.seconds,
        )
