"""Readings and compositions to try the rules of staging on."""

import random

from media.drawing.order import DrawnSubject
from media.drawing.people.poses import pose_for
from media.drawing.props.kinds import Prop
from media.drawing.reading.actors import Actor
from media.drawing.reading.prompt import Reading
from media.drawing.shots.company import look_of
from media.drawing.shots.composition import Composition, Member, lies_flat
from media.drawing.shots.framing import FRAMINGS

WIDTH, HEIGHT = 320, 180
RICKSHAW, LETTER, UMBRELLA = Prop("RICKSHAW", None, 0), Prop("LETTER", None, 0), Prop("UMBRELLA", None, 0)
STONES, BOAT = Prop("STONES", None, 0), Prop("BOAT", None, 0)


def actor(name: str, action: str = "STAND", told: str = "", words: str = "a man") -> Actor:
    return Actor(DrawnSubject("CHARACTER", name, words), action, "CALM", told)


def reading(
    shot_type: str = "FULL",
    *actors: Actor,
    props: tuple[DrawnSubject, ...] = (),
    action: str = "",
    camera: str | None = None,
    place: str = "STREET",
) -> Reading:
    return Reading(
        shot_type=shot_type,
        place=place,
        is_indoors=place == "ROOM",
        time="NOON",
        weather=None,
        season="SUMMER",
        era="EUROPEAN",
        mood="CALM",
        style=None,
        actors=actors,
        props=props,
        scene_key="",
        scene_text="",
        action_text=action,
        camera=camera,
    )


def composition(
    shot_type: str = "FULL",
    *actors: Actor,
    things: tuple[Prop, ...] = (),
    main: int = 0,
    side: int = 1,
    camera: str | None = None,
    place: str = "STREET",
) -> Composition:
    read = reading(shot_type, *actors, camera=camera, place=place)
    members = tuple(
        Member(who, look_of(who), pose_for(who.action, random.Random(1), is_asleep=lies_flat(who, read)))
        for who in actors
    )
    return Composition(read, FRAMINGS[shot_type], WIDTH, HEIGHT, members, main, things, side=side)
