"""Composes a shot by its shot type: positions and sizes of figures, and the camera."""

import random
from dataclasses import replace

from media.drawing.reading.prompt import Reading
from media.drawing.shots.company import company_of
from media.drawing.shots.composition import compose
from media.drawing.shots.framing import FRAMINGS, LOW_FRAMING, Stage
from media.drawing.shots.ground import lay_ground
from media.drawing.shots.placing import place_all
from media.drawing.shots.roles import roles_of
from media.drawing.shots.scale import Scale, scale_of

_LOW_HORIZON, _HIGHEST_HORIZON, _LOWEST_HORIZON = 0.86, 0.26, 0.66  # shares of the height from above
_LEAST_EYE_METRES = 0.25


def stage_shot(reading: Reading, width: int, height: int, chance: random.Random) -> Stage:
    """Composes the shot for a picture of width x height pixels. The same random state gives the same stage."""
    framing = FRAMINGS[reading.shot_type]
    is_low = looks_up(reading)
    if is_low:
        framing, reading = LOW_FRAMING, replace(reading, shot_type="FULL")
    company = company_of(reading)
    shot = compose(reading, framing, company, (width, height), chance)
    scale = scale_of(shot)
    horizon = horizon_of(scale, framing.eye * chance.uniform(0.92, 1.08), height, is_low=is_low)
    vanish = width * (0.5 + chance.uniform(-0.1, 0.1))
    focal = framing.focal * shot.unit
    ground = lay_ground(shot, roles_of(shot), scale.metre, focal / scale.metre, vanish, chance)
    figures, props = place_all(ground)
    return Stage(
        figures=figures,
        props=props,
        over_shoulder=company.shoulder,
        over_shoulder_side=shot.side,
        horizon=horizon,
        vanish_x=vanish,
        focal=focal,
        eye=max(_LEAST_EYE_METRES, (scale.feet - horizon) / scale.metre),
        blur=framing.blur * shot.unit,
        insert=company.insert,
        insert_hand=company.insert_hand,
        own_hands=company.own_hands,
    )


def looks_up(reading: Reading) -> bool:
    """Whether the camera is low and somebody towers over it."""
    return reading.camera == "LOW" and bool(reading.actors)


def horizon_of(scale: Scale, eye: float, height: int, *, is_low: bool) -> float:
    """The horizon in pixels from above for eyes at so many metres, kept within the picture; low for a low camera."""
    if is_low:
        return height * _LOW_HORIZON
    return min(max(scale.feet - scale.metre * eye, height * _HIGHEST_HORIZON), height * _LOWEST_HORIZON)
