"""Who stands where in a shot, how large, and where the camera is: framing by shot type."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace

from media.drawing.people.figure import bones_of
from media.drawing.people.look import Look
from media.drawing.people.looks.character import character_look, with_worn
from media.drawing.people.poses import Pose, holding, pose_for
from media.drawing.props.kinds import Prop, is_recognised, props_in, recognise_prop
from media.drawing.reading.actors import Actor
from media.drawing.reading.prompt import Reading
from media.drawing.reading.vocabulary import ACTIONS, CAMERAS, HANDLING
from media.drawing.reading.words import first_of
from media.drawing.shots.framing import (
    FLAT_HEAD,
    FLAT_REACH,
    FRAMINGS,
    GROWN_METRES,
    SEAT_METRES,
    Framing,
    Placed,
    PlacedProp,
    Stage,
)


def _narrates(actor: Actor) -> bool:
    return actor.subject.name.lower() in ("我", "i", "narrator", "叙述者", "旁白", "me")


def stage_shot(reading: Reading, width: int, height: int, rng: random.Random) -> Stage:
    """Composes the shot for a picture of width x height pixels."""
    framing = FRAMINGS[reading.shot_type]
    is_low = reading.camera == "LOW" and bool(reading.actors)
    if is_low:
        framing = Framing(body=1.02, at=1.04, eye=0.3, focal=1.0)
        reading = replace(reading, shot_type="FULL")
    unit = min(height, width * 1.12)
    actors = list(reading.actors)
    shoulder: Look | None = None
    own_hands: Look | None = None
    if reading.shot_type == "POINT_OF_VIEW" and len(actors) > 1:
        # We look through the narrator's eyes, or those of the first one named.
        viewer = next((actor for actor in actors if _narrates(actor)), actors[0])
        actors = [actor for actor in actors if actor is not viewer]
        if viewer.action in ("GIVE", "SUPPORT", "FIGHT", "PULL", "POINT"):
            own_hands = _look(viewer)
    main = next((index for index, actor in enumerate(actors) if actor.action not in ("STAND", "LOOK")), 0)
    things = _things(reading)
    insert, insert_hand = _insert(reading, actors, things)
    if reading.camera == "HANDS" and reading.shot_type in ("EXTREME_CLOSE_UP", "CLOSE_UP") and actors:
        insert_hand, actors, main = _look(actors[0]), [], 0
    if reading.shot_type == "OVER_THE_SHOULDER" and len(actors) > 1:
        other = next(index for index in range(len(actors)) if index != main)
        shoulder = _look(actors[other])
        actors = [actor for index, actor in enumerate(actors) if index != other]
        main = 0
    elif reading.shot_type == "OVER_THE_SHOULDER" and actors:
        shoulder = _look(actors[0])
        actors = []
    if insert is not None:
        actors = []
    looks = [_look(actor) for actor in actors]
    poses = [
        pose_for(actor.action, rng, is_asleep=actor.action == "LIE" and _lies_flat(actor, reading)) for actor in actors
    ]
    jitter = rng.uniform(-0.025, 0.025)
    side = rng.choice((-1, 1))
    lift = SEAT_METRES if _is_riding(actors, things) else 0.0
    if actors and framing.head:
        heights = [_head_metres(look, pose) for look, pose in zip(looks, poses, strict=True)]
        anchor = main if reading.shot_type in ("CLOSE_UP", "EXTREME_CLOSE_UP") else heights.index(max(heights))
        look = looks[anchor]
        metre = framing.head * unit / (look.head_share * look.height * GROWN_METRES)
        spread = len(actors) * 0.62 * metre
        if reading.shot_type in ("MEDIUM", "POINT_OF_VIEW") and spread > width * 0.94:
            metre *= width * 0.94 / spread
        apart = max(heights) - min(heights)
        if anchor != main or apart > 0.3:
            # The lowest head stays in the picture too.
            metre = min(metre, height * 0.5 / max(apart, 0.1))
        feet = height * (framing.at + jitter) + (heights[anchor] + lift) * metre
    else:
        body = framing.body or {"MEDIUM": 0.8, "POINT_OF_VIEW": 0.8, "OVER_THE_SHOULDER": 0.8}.get(
            reading.shot_type, 1.2
        )
        metre = body * unit / GROWN_METRES
        if len(actors) > 1:
            metre = min(metre, width * 0.94 / (len(actors) * 0.95))
        bulky = max((prop.wide * prop.metres for prop in things if not prop.is_held), default=0.0)
        if bulky:
            # Room for the cart beside the figures, but not so much that they become tiny.
            metre = max(metre * 0.5, min(metre, width * 0.95 / (len(actors) * 0.85 + bulky * 0.9)))
        if len(looks) == 1 and reading.shot_type == "FULL":
            metre /= max(0.72, looks[0].height)
        feet = height * (framing.at + jitter * 0.6 if framing.body else 0.93)
    eye = framing.eye * rng.uniform(0.92, 1.08)
    horizon = feet - metre * eye
    level = height * 0.86 if is_low else min(max(horizon, height * 0.26), height * 0.66)
    eye = max(0.25, (feet - level) / metre)
    focal = framing.focal * unit
    z = focal / metre
    vanish = width * (0.5 + rng.uniform(-0.1, 0.1))
    figures, props = _place(reading, actors, looks, poses, main, things, width, metre, z, vanish, side, rng)
    return Stage(
        figures,
        props,
        shoulder,
        side,
        level,
        vanish,
        focal,
        eye,
        framing.blur * unit,
        insert,
        insert_hand,
        own_hands=own_hands,
    )


_DOWN = (("FALLS", "跌 摔 倒地 倒下 倒了 滚 fell| falls| fallen trip stumbl slip collapse"),)
_TALK = tuple(row for row in ACTIONS if row[0] == "TALK")
_PULLER = (("PULLER", "车夫 马夫 拉车 rickshaw coachman driver puller"),)
_ASLEEP = (("ASLEEP", "睡 sleep snor dead| died 死 晕 devour"),)
_FLAT = (("FLAT", "睡 sleep snor 躺 dead| died 死 晕 床 炕 bed|"),)


def _lies_flat(actor: Actor, reading: Reading) -> bool:
    """In bed, asleep or dead; somebody who lies in a room and has not fallen lies in bed."""
    told = actor.told or reading.action_text
    if first_of(_FLAT, told, actor.worn):
        return True
    return reading.is_indoors and first_of(_DOWN, told) is None


def _look(actor: Actor) -> Look:
    return with_worn(character_look(actor.subject), actor.worn)


def _things(reading: Reading) -> list[Prop]:
    """Given props first, then those that the action names; each kind once, and only what words make out."""
    given = [recognise_prop(subject.name, subject.description) for subject in reading.props]
    told = reading.action_text
    for actor in reading.actors:
        # A name may hold the word for a thing: 车夫 is not a cart.
        told = told.replace(actor.subject.name.lower(), " ")
    # Near figures leave no room for a cart that is only spoken of; half a wheel at the edge tells nothing.
    is_ridden = any(actor.action == "SIT" for actor in reading.actors)
    has_room = is_ridden or reading.shot_type in ("EXTREME_LONG", "LONG", "FULL") or not reading.actors
    named = [prop for prop in props_in(told) if prop.kind not in ("TABLE", "CHAIR")]
    for subject, prop in zip(reading.props, given, strict=True):
        # The words go on calling a thing by its name, whatever it has been made into.
        named_kind = recognise_prop(subject.name).kind
        named = [prop if other.kind == named_kind else other for other in named]
    is_handled = first_of(HANDLING, told) is not None
    spoken_of = {prop.kind for prop in named}
    # Somebody has a thing in hand only where the words say so; alone in the picture it is what the shot is about.
    found = [
        prop
        for prop in (*given, *named)
        if is_recognised(prop)
        and (
            not reading.actors
            or (
                (is_handled and prop.kind in spoken_of) or reading.shot_type == "EXTREME_CLOSE_UP"
                if prop.is_held
                else has_room
            )
        )
    ]
    kinds: dict[str, Prop] = {}
    for prop in found:
        kinds.setdefault(prop.kind if prop.kind != "CART" or "RICKSHAW" not in kinds else "RICKSHAW", prop)
    return list(kinds.values())[:4]


def _insert(reading: Reading, actors: Sequence[Actor], things: Sequence[Prop]) -> tuple[Prop | None, Look | None]:
    """The thing that fills the shot, and whose hand holds it."""
    held = [prop for prop in things if prop.is_held]
    is_close = reading.shot_type in ("EXTREME_CLOSE_UP", "CLOSE_UP")
    if not is_close or not things:
        return None, None
    if not actors:
        return things[0], None
    if held and reading.shot_type == "EXTREME_CLOSE_UP":
        return held[0], _look(actors[0])
    return None, None


def _pulls(actor: Actor) -> bool:
    """Whether somebody moves the cart: one who walks beside it does not."""
    is_moving = actor.action in ("RUN", "WALK") and first_of(_PULLER, actor.subject.name.lower()) is not None
    return actor.action == "PULL" or is_moving


def _is_riding(actors: Sequence[Actor], things: Sequence[Prop]) -> bool:
    return any(prop.kind in ("RICKSHAW", "CART") for prop in things) and any(actor.action == "SIT" for actor in actors)


def _head_metres(look: Look, pose: Pose) -> float:
    """How high above the ground the middle of the head is."""
    if pose.flat:
        return FLAT_HEAD * look.height * GROWN_METRES
    return -bones_of(look, pose).head[1] * look.height * GROWN_METRES


def _place(
    reading: Reading,
    actors: Sequence[Actor],
    looks: Sequence[Look],
    poses: Sequence[Pose],
    main: int,
    things: Sequence[Prop],
    width: int,
    metre: float,
    z: float,
    vanish: float,
    side: int,
    rng: random.Random,
) -> tuple[tuple[Placed, ...], tuple[PlacedProp, ...]]:
    count = len(actors)
    is_close = reading.shot_type in ("CLOSE_UP", "EXTREME_CLOSE_UP", "OVER_THE_SHOULDER")
    centre = (width * (0.5 + rng.uniform(-0.05, 0.05)) - vanish) / metre
    held = [prop for prop in things if prop.is_held]
    standing = [prop for prop in things if not prop.is_held]
    # What is told of one is in that one's hand; else the one who acts has it.
    kinds = {prop.kind for prop in held[:1]}
    carrier = next((i for i, actor in enumerate(actors) if kinds & {p.kind for p in props_in(actor.told)}), main)
    gap = 0.78
    if any(actor.action in ("SUPPORT", "FIGHT") for actor in actors):
        gap = 0.56
    if any(actor.action == "LIE" for actor in actors):
        gap = 1.0
    gap *= rng.uniform(0.94, 1.08)
    figures: list[Placed] = []
    is_low = reading.camera == "LOW"
    backs = {
        index
        for index, actor in enumerate(actors)
        if reading.camera in ("LOW", "BEHIND")
        and not is_close
        and (count == 1 or first_of(CAMERAS, actor.told) is not None)
    }
    wheels = next((prop for prop in standing if prop.kind in ("RICKSHAW", "CART")), None)
    puller = next((i for i, actor in enumerate(actors) if _pulls(actor)), None) if wheels else None
    if wheels and puller is not None and not is_close:
        # A cart trails behind: the one who pulls it stands off the middle, so that both are seen.
        centre += side * min(wheels.wide * wheels.metres * 0.55, width / metre * 0.3)
    rider = next((i for i, actor in enumerate(actors) if wheels and i != puller and actor.action == "SIT"), None)
    order = list(range(count))
    if side < 0:
        order.reverse()
    for slot, index in enumerate(order):
        actor, look, pose = actors[index], looks[index], poses[index]
        x = centre + (slot - (count - 1) / 2) * gap
        depth = z * (1 + (0.07 if slot % 2 else 0.0) + rng.uniform(0, 0.03))
        # Those on the left look to the right, and the other way round; one alone as chance has it.
        mirrored = slot >= count / 2 if count > 1 else side < 0
        if is_close and count >= 1:
            if index == main:
                # Beside the middle, looking across it: away from the shoulder that is in the way.
                aside = -0.13 * side if reading.shot_type == "OVER_THE_SHOULDER" else 0.07 * side
                if count == 1 and reading.shot_type == "EXTREME_CLOSE_UP":
                    aside = 0.0
                x = centre + aside * width / metre
                depth = z
                mirrored = side < 0 if reading.shot_type == "OVER_THE_SHOULDER" else side > 0
            else:
                x, depth, mirrored = (
                    centre - 0.24 * side * width / metre * 1.4 * (1 + 0.3 * slot),
                    z * (1.45 + 0.15 * slot),
                    side < 0,
                )
        if index == puller:
            mirrored = side < 0
        if pose.flat and is_close and index == main:
            # The head of one who lies is off to the side of the figure's middle.
            x += FLAT_REACH * look.height * GROWN_METRES * (-1 if mirrored else 1)
        lifted = 0.0
        if is_close and index != main:
            # Heads of very unlike height are brought nearer to each other, as on a film set, so that none is cut off.
            apart = _head_metres(look, pose) - _head_metres(looks[main], poses[main])
            lifted = -math.copysign(max(0.0, abs(apart) - 0.1), apart)
        carries = held[0] if held and index == carrier and actor.action not in ("CRY", "PULL", "RUN", "LIE") else None
        if carries is not None:
            pose = holding(pose, actor.action, is_overhead=carries.kind == "UMBRELLA")
        if index == rider and wheels:
            lifted = SEAT_METRES
        figures.append(
            Placed(
                look,
                pose,
                actor.action,
                actor.mood,
                x,
                depth,
                mirrored,
                carries,
                lifted,
                is_from_behind=index in backs,
                shade=0.5 if is_low and index in backs else 0.0,
                is_talking=actor.action not in ("LAUGH", "CRY", "THINK", "LOOK")
                and first_of(_TALK, actor.told) is not None,
                is_asleep=pose.flat and first_of(_ASLEEP, actor.told or reading.action_text) is not None,
            )
        )
    props: list[PlacedProp] = []
    reach = (count * gap) / 2 + 0.15
    for rank, prop in enumerate(standing):
        tall = prop.metres
        half = prop.wide * tall / 2
        facing = side < 0
        if prop is wheels and puller is not None:
            front = next(figure for figure, index in zip(figures, order, strict=True) if index == puller)
            facing = front.is_mirrored
            x = front.x + (half + 0.22) * (1 if facing else -1)
            props.append(PlacedProp(prop, x, front.z * 1.03, facing, tall))
            if rider is not None:
                place = order.index(rider)
                rides = figures[place]
                figures[place] = replace(
                    rides,
                    x=x + (0.2 if facing else -0.2),
                    z=front.z * 1.02,
                    is_mirrored=facing,
                    lifted=SEAT_METRES,
                )
            continue
        if prop is wheels and rider is not None:
            # Nobody pulls: the one who rides sits in it where the shot has that figure.
            rides = figures[order.index(rider)]
            back = 0.2 if rides.is_mirrored else -0.2
            props.append(PlacedProp(prop, rides.x - back, rides.z * 1.02, rides.is_mirrored, tall))
            continue
        away = 1 if (rank % 2 == 0) == (side > 0) else -1
        x = centre + away * (reach + half * 0.85) if count else centre + away * rank * half * 1.5
        near = z * (1.12 if count else 1.0)
        if prop.kind == "BOAT" and reading.place in ("RIVER", "SEA", "HARBOUR", "BRIDGE"):
            near *= 2.0  # out on the water, beyond the bank
        props.append(PlacedProp(prop, x, near, facing, tall))
    if not count:
        for rank, prop in enumerate(held):
            props.append(PlacedProp(prop, centre + (rank - (len(held) - 1) / 2) * 0.5, z, False, prop.metres * 1.5))
    return tuple(sorted(figures, key=lambda figure: -figure.z)), tuple(sorted(props, key=lambda placed: -placed.z))
