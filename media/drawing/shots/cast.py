"""Draws the figures and things of a staged shot from far to near."""

from media.drawing.canvas import Tone, limb, points, smooth
from media.drawing.colour import darker, mix
from media.drawing.light import Light
from media.drawing.pen import Pen
from media.drawing.people.face import EXPRESSIONS, Expression, expression_for
from media.drawing.people.figure import draw_figure, ground_shadow
from media.drawing.people.look import Look
from media.drawing.places.view import View
from media.drawing.props.drawing import draw_prop
from media.drawing.props.kinds import Prop
from media.drawing.shots.framing import GROWN_METRES, Placed, PlacedProp, Stage
from media.drawing.shots.ink import Ink

# How far below the hand's middle a thing is held, in figure heights; those by a handle as a share of their own size.
_DROPS_BY_SIZE = {"BAG": 0.9, "BASKET": 0.9, "STICK": 0.5, "UMBRELLA": 0.12}
_DROPS = {"SWORD": 0.03}
_RUNNING_SWAY, _WINDY_SWAY, _SWAY = -0.24, 0.22, 0.05


def draw_cast(ink: Ink, view: View, stage: Stage, *, turn: float | None = None) -> None:
    """Figures and things from far to near; things before the figure that is as far. turn: of all heads, if any."""
    ordered: list[tuple[float, int, Placed | PlacedProp]] = [(-figure.z, 1, figure) for figure in stage.figures]
    ordered += [(-placed.z, 0, placed) for placed in stage.props]
    light, canvas = ink.light, ink.canvas
    for _, _, item in sorted(ordered, key=lambda entry: entry[:2]):
        depth = min(0.35, max(0.0, (item.z - 8) / 60)) * (2 if light.weather == "FOG" else 1)
        with canvas.toned(light.tone(depth, softened=0.55 if light.is_dark or light.is_indoors else 0.4)):
            x, y = view.at(item.x, item.lifted if isinstance(item, Placed) else 0.0, item.z)
            metre = view.scale(item.z)
            if isinstance(item, PlacedProp):
                draw_prop(ink.pen(x, y, item.metres * metre, mirror=item.is_mirrored), item.prop)
                continue
            pen = ink.pen(x, y, item.look.height * GROWN_METRES * metre, mirror=item.is_mirrored)
            with canvas.toned(_shaded(canvas.tone, item.shade)):
                _draw_placed(pen, light, item, turn)


def _shaded(tone: Tone | None, shade: float) -> Tone | None:
    """The tone of a figure in front of the light; shade 0 to 1."""
    if shade <= 0 or tone is None:
        return tone
    return lambda colour: tone(mix(darker(colour, shade), (34, 36, 56), shade * 0.6))


def sway_of(placed: Placed, light: Light) -> float:
    """How far wind or speed carries hair and hems, towards where the figure faces."""
    if placed.action == "RUN":
        return _RUNNING_SWAY
    return (_WINDY_SWAY if light.weather == "WIND" else _SWAY) * (-1 if placed.is_mirrored else 1)


def expression_of(placed: Placed) -> Expression:
    """The facial expression by sleep, speech, action and mood."""
    if placed.is_asleep:
        return EXPRESSIONS["ASLEEP"]
    return expression_for(placed.mood, "TALK" if placed.is_talking else placed.action)


def _draw_placed(pen: Pen, light: Light, placed: Placed, turn: float | None) -> None:
    is_abed = placed.pose.flat and light.is_indoors
    if not placed.lifted:
        ground_shadow(pen, placed.pose, 0.16 if light.is_dark else 0.3)
        if placed.action == "SIT":
            _seat(pen)
    if is_abed:
        _bed(pen)
        pen = pen.at(0.0, -0.24)
    _, far = draw_figure(
        pen,
        placed.look,
        placed.pose,
        expression_of(placed),
        sway=sway_of(placed, light),
        turn=turn,
        is_from_behind=placed.is_from_behind,
    )
    if is_abed:
        _blanket(pen)
    if placed.held is not None:
        _hold(far, placed.look, placed.held)


def _seat(pen: Pen) -> None:
    wood = (126, 88, 64)
    for leg in (-0.09, 0.09):
        pen.body(limb([(leg, -0.26), (leg * 1.25, 0.0)], [0.03, 0.026]), darker(wood, 0.2), depth=0.0)
    pen.body(smooth([(-0.14, -0.3), (0.16, -0.3), (0.17, -0.25), (-0.15, -0.25)], 4), wood, depth=0.01)


def _bed(pen: Pen) -> None:
    """Under somebody who sleeps: unit and origin are those of the figure, which lies about x = 0."""
    wood, sheet = (128, 88, 64), (240, 236, 228)
    head = points([(-0.68, 0), (-0.62, 0), (-0.62, -0.52), (-0.68, -0.5)])
    for shape in (head, head * [-1.0, 0.78]):
        pen.body(shape, wood, depth=0.01)
    pen.body(points([(-0.64, -0.02), (0.64, -0.02), (0.64, -0.17), (-0.64, -0.17)]), darker(wood, 0.1), depth=0.0)
    pen.body(smooth([(-0.62, -0.16), (0.62, -0.16), (0.62, -0.28), (-0.62, -0.28)], 4), sheet, depth=0.02)
    for x in (-0.47, 0.47):
        pen.body(
            smooth([(x - 0.13, -0.26), (x + 0.13, -0.26), (x + 0.12, -0.36), (x - 0.12, -0.36)], 5), sheet, depth=0.02
        )


def _blanket(pen: Pen) -> None:
    """Over a sleeper from the feet to the chest, hanging over the bed's side."""
    cloth = (128, 152, 186)
    upper = [(0.56, 0.02), (0.56, -0.13), (0.3, -0.2), (-0.05, -0.22), (-0.16, -0.16)]
    shape = smooth([*upper, (-0.16, 0.1), (0.1, 0.14), (0.5, 0.12)], 5)
    pen.body(shape, cloth, depth=0.03)
    for x in (0.36, 0.16, -0.04):
        pen.stroke([(x, -0.1), (x + 0.03, 0.1)], 0.006, darker(cloth, 0.3), taper=(0.2, 0.8))


def _hold(hand: Pen, look: Look, prop: Prop) -> None:
    """A held thing, drawn a little larger than life so that it is recognisable."""
    size = prop.metres / (look.height * GROWN_METRES) * (1.5 if prop.metres < 0.3 else 1.0)
    drop = size * _DROPS_BY_SIZE[prop.kind] if prop.kind in _DROPS_BY_SIZE else _DROPS.get(prop.kind, -0.02)
    held = Pen(
        hand.canvas,
        hand.x,
        hand.y + drop * hand.unit,
        hand.unit * size,
        mirror=hand.mirror,
        line=hand.line * 0.9,
        line_colour=hand.line_colour,
    )
    draw_prop(held, prop)
