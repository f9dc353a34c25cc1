"""Selects the contents of a shot: actors, things, and the shoulder or hands in the foreground."""

from dataclasses import dataclass, replace

from media.drawing.people.look import Look
from media.drawing.people.looks.character import character_look, with_worn
from media.drawing.props.kinds import Prop
from media.drawing.reading.actors import Actor
from media.drawing.reading.prompt import Reading
from media.drawing.shots.things import things_in

_NARRATORS = ("我", "i", "narrator", "叙述者", "旁白", "me")
_PASSIVE = ("STAND", "LOOK")
# Actions in which a person sees their own hands.
_HANDS_SEEN = ("GIVE", "SUPPORT", "FIGHT", "PULL", "POINT")
_CLOSE_UPS = ("EXTREME_CLOSE_UP", "CLOSE_UP")


@dataclass(frozen=True)
class Company:
    """main: the index of the main actor. insert: a thing that fills the picture by itself."""

    actors: tuple[Actor, ...]
    main: int = 0
    things: tuple[Prop, ...] = ()
    shoulder: Look | None = None
    own_hands: Look | None = None
    insert: Prop | None = None
    insert_hand: Look | None = None


def company_of(reading: Reading) -> Company:
    """All actors and things of the reading."""
    company = Company(reading.actors, things=things_in(reading))
    if reading.shot_type == "POINT_OF_VIEW":
        company = through_somebodys_eyes(company)
    company = about_who_acts(company)
    if reading.shot_type in _CLOSE_UPS:
        company = with_insert(company, is_extreme=reading.shot_type == "EXTREME_CLOSE_UP")
        if reading.camera == "HANDS":
            company = with_hands_alone(company)
    if reading.shot_type == "OVER_THE_SHOULDER":
        company = over_a_shoulder(company)
    return company if company.insert is None else replace(company, actors=())


def look_of(actor: Actor) -> Look:
    """The actor's look with what it wears in this shot alone."""
    return with_worn(character_look(actor.subject), actor.worn)


def through_somebodys_eyes(company: Company) -> Company:
    """Removes the viewer of a point-of-view shot: the narrator, or the first named. A single actor stays."""
    if len(company.actors) < 2:
        return company
    viewer = next((actor for actor in company.actors if _narrates(actor)), company.actors[0])
    return replace(
        company,
        actors=tuple(actor for actor in company.actors if actor is not viewer),
        own_hands=look_of(viewer) if viewer.action in _HANDS_SEEN else None,
    )


def about_who_acts(company: Company) -> Company:
    """Makes the first actor who does more than stand and look the main one."""
    acting = (index for index, actor in enumerate(company.actors) if actor.action not in _PASSIVE)
    return replace(company, main=next(acting, 0))


def with_insert(company: Company, *, is_extreme: bool) -> Company:
    """Adds the thing that fills a close shot: any without actors, a held one in an extreme close-up."""
    if not company.actors:
        return replace(company, insert=company.things[0]) if company.things else company
    held = [prop for prop in company.things if prop.is_held]
    if held and is_extreme:
        return replace(company, insert=held[0], insert_hand=look_of(company.actors[0]))
    return company


def with_hands_alone(company: Company) -> Company:
    """Shows only a hand of the first actor."""
    if not company.actors:
        return company
    return replace(company, actors=(), main=0, insert_hand=look_of(company.actors[0]))


def over_a_shoulder(company: Company) -> Company:
    """Over the shoulder of the first actor who is not the main one; a single actor is seen from behind."""
    if not company.actors:
        return company
    others = (index for index in range(len(company.actors)) if index != company.main)
    other = next(others, 0)
    return replace(
        company,
        actors=tuple(actor for index, actor in enumerate(company.actors) if index != other),
        main=0,
        shoulder=look_of(company.actors[other]),
    )


def _narrates(actor: Actor) -> bool:
    return actor.subject.name.lower() in _NARRATORS
