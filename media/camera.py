"""Camera moves over a still picture by shot type: pure paths in coordinates relative to the picture."""

import math
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class View:
    """What the camera sees: its centre from 0 to 1 across the picture, and the magnification (1 shows all)."""

    x: float
    y: float
    zoom: float

    def box(self, width: float, height: float) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in pixels of a picture of that size; never beyond it."""
        zoom = max(self.zoom, 1.0)
        seen_width, seen_height = width / zoom, height / zoom
        left = min(max(self.x * width - seen_width / 2, 0.0), width - seen_width)
        top = min(max(self.y * height - seen_height / 2, 0.0), height - seen_height)
        return left, top, left + seen_width, top + seen_height


@dataclass(frozen=True)
class Move:
    """From one view to another, with a sway (of the picture's size) as from a camera held by hand."""

    start: View
    end: View
    sway: float = 0.0
    phase: float = 0.0

    def at(self, fraction: float, seconds: float) -> View:
        """The view at `fraction` (0 to 1) of the way, `seconds` after its beginning."""
        # Mostly constant speed, eased at both ends: an abrupt stop would draw attention to the camera.
        eased = 0.8 * fraction + 0.2 * (3 - 2 * fraction) * fraction * fraction
        first, last = self.start, self.end
        # A constant ratio of magnification looks like a constant approach.
        zoom = first.zoom * (last.zoom / first.zoom) ** eased
        x = first.x + (last.x - first.x) * eased
        y = first.y + (last.y - first.y) * eased
        if self.sway:
            # Periods of some seconds that share no multiple: the sway does not visibly repeat.
            x += self.sway * (math.sin(1.31 * seconds + self.phase) + 0.5 * math.sin(2.17 * seconds + 2 * self.phase))
            y += self.sway * (math.sin(1.07 * seconds + 1.7 * self.phase) + 0.5 * math.sin(2.71 * seconds))
        return View(x, y, zoom)


def plan_move(shot_type: str, seconds: float, strength: float, seed: int) -> Move:
    """The move for a shot: shot_type is one of the contract's ShotType names; strength from 0 (still) to 1.

    Longer shots move further, up to a limit, so that the speed on the screen stays about the same.
    """
    chance = random.Random(seed)
    side = chance.choice((-1.0, 1.0))
    phase = chance.uniform(0, 2 * math.pi)
    strength = min(max(strength, 0.0), 1.0)
    way = strength * min(max(seconds / 5, 0.4), 1.6)
    still = View(0.5, 0.5, 1.03)
    match shot_type:
        case "EXTREME_LONG":  # a slow pan over the land
            reach, zoom = 0.045 * way, 1.0 + 0.03 + 0.1 * way
            return Move(View(0.5 - side * reach, 0.5, zoom), View(0.5 + side * reach, 0.5, zoom), phase=phase)
        case "LONG":  # draws back and shows where we are
            return Move(View(0.5 + side * 0.02 * way, 0.52, 1.03 + 0.1 * way), still, phase=phase)
        case "FULL":  # rises along the figure, or drifts
            start = View(0.5 + side * 0.012 * way, 0.5 + 0.03 * way, 1.05 + 0.06 * way)
            return Move(start, View(0.5, 0.5 - 0.02 * way, 1.05 + 0.06 * way), phase=phase)
        case "CLOSE_UP":
            return Move(still, View(0.5 + side * 0.006, 0.47, 1.03 + 0.13 * way), phase=phase)
        case "EXTREME_CLOSE_UP":
            end = View(0.5 + side * 0.01 * way, 0.49, 1.06 + 0.09 * way)
            return Move(View(0.5 - side * 0.01 * way, 0.5, 1.05), end, phase=phase)
        case "OVER_THE_SHOULDER":  # past the shoulder, to the one who is looked at
            start = View(0.5 - side * 0.022 * way, 0.5, 1.06 + 0.02 * way)
            return Move(start, View(0.5 + side * 0.022 * way, 0.49, 1.06 + 0.07 * way), phase=phase)
        case "POINT_OF_VIEW":  # as one walks and looks
            return Move(View(0.5, 0.51, 1.05), View(0.5, 0.49, 1.05 + 0.1 * way), 0.004 * strength, phase)
        case _:  # MEDIUM
            return Move(still, View(0.5 + side * 0.01 * way, 0.49, 1.03 + 0.085 * way), phase=phase)
