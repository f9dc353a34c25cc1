"""A shot before placement: its figures with their poses, its framing and its random values."""

import random
from dataclasses import dataclass

from media.drawing.people.bones import bones_of
from media.drawing.people.look import Look
from media.drawing.people.poses import Pose, pose_for
from media.drawing.props.kinds import Prop
from media.drawing.reading.actors import Actor
from media.drawing.reading.prompt import Reading
from media.drawing.reading.vocabulary import ACTIONS
from media.drawing.reading.words import first_of
from media.drawing.shots.company import Company, look_of
from media.drawing.shots.framing import FLAT_HEAD, GROWN_METRES, Framing

WHEELED = ("RICKSHAW", "CART")
_CLOSE_UPS = ("CLOSE_UP", "EXTREME_CLOSE_UP")
_DOWN = (("FALLS", "跌 摔 倒地 倒下 倒了 滚 fell| falls| fallen trip stumbl slip collapse"),)
_TALK = tuple(row for row in ACTIONS if row[0] == "TALK")
_ASLEEP = (("ASLEEP", "睡 sleep snor dead| died 死 晕 devour"),)
_FLAT = (("FLAT", "睡 sleep snor 躺 dead| died 死 晕 床 炕 bed|"),)
_NOT_TALKING = ("LAUGH", "CRY", "THINK", "LOOK")


@dataclass(frozen=True)
class Member:
    """One of the figures of a shot."""

    actor: Actor
    look: Look
    pose: Pose

    @property
    def head_metres(self) -> float:
        """How high above the ground the middle of the head is."""
        if self.pose.flat:
            return FLAT_HEAD * self.look.height * GROWN_METRES
        return -bones_of(self.look, self.pose).head[1] * self.look.height * GROWN_METRES

    @property
    def is_talking(self) -> bool:
        return self.actor.action not in _NOT_TALKING and first_of(_TALK, self.actor.told) is not None


@dataclass(frozen=True)
class Composition:
    """width, height: of the picture in pixels. main: the index of the main member.

    jitter: a small share of the height; side: -1 or 1, to which the shot leans; both are random.
    """

    reading: Reading
    framing: Framing
    width: int
    height: int
    members: tuple[Member, ...] = ()
    main: int = 0
    things: tuple[Prop, ...] = ()
    jitter: float = 0.0
    side: int = 1

    @property
    def unit(self) -> float:
        """What the framing's shares are of, in pixels: the height, less for narrow pictures."""
        return min(self.height, self.width * 1.12)

    @property
    def is_close_up(self) -> bool:
        return self.reading.shot_type in _CLOSE_UPS

    @property
    def is_over_shoulder(self) -> bool:
        return self.reading.shot_type == "OVER_THE_SHOULDER"

    @property
    def is_near(self) -> bool:
        """Whether the shot is about one head, and the others are behind it."""
        return self.is_close_up or self.is_over_shoulder

    @property
    def is_riding(self) -> bool:
        has_wheels = any(prop.kind in WHEELED for prop in self.things)
        return has_wheels and any(member.actor.action == "SIT" for member in self.members)

    def is_asleep(self, member: Member) -> bool:
        told = member.actor.told or self.reading.action_text
        return member.pose.flat and first_of(_ASLEEP, told) is not None


def compose(
    reading: Reading, framing: Framing, company: Company, size: tuple[int, int], chance: random.Random
) -> Composition:
    """The company posed for a picture of size (width, height) in pixels. Poses, jitter and side are random."""
    members = [
        Member(actor, look_of(actor), pose_for(actor.action, chance, is_asleep=lies_flat(actor, reading)))
        for actor in company.actors
    ]
    jitter, side = chance.uniform(-0.025, 0.025), chance.choice((-1, 1))
    return Composition(reading, framing, *size, tuple(members), company.main, company.things, jitter, side)


def lies_flat(actor: Actor, reading: Reading) -> bool:
    """In bed, asleep or dead; somebody who lies in a room and has not fallen lies in bed."""
    if actor.action != "LIE":
        return False
    told = actor.told or reading.action_text
    if first_of(_FLAT, told, actor.worn):
        return True
    return reading.is_indoors and first_of(_DOWN, told) is None
