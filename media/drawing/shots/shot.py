"""Draws one shot: background, things, figures, weather, finish."""

import hashlib
import random

import numpy as np
from PIL import Image, ImageFilter

from media.drawing.canvas import Canvas, Tone, limb, oval, points, smooth
from media.drawing.colour import darker, mix
from media.drawing.light import Light, make_light
from media.drawing.order import DrawingOrder
from media.drawing.pen import Pen
from media.drawing.people.face import EXPRESSIONS, expression_for
from media.drawing.people.figure import draw_figure, draw_hand, ground_shadow
from media.drawing.people.hair import draw_head_from_behind
from media.drawing.people.look import Look
from media.drawing.places import PAINTERS
from media.drawing.places.view import View
from media.drawing.props.drawing import draw_prop
from media.drawing.props.kinds import Prop
from media.drawing.reading.prompt import Reading, read_order
from media.drawing.shots.framing import GROWN_METRES, Placed, PlacedProp, Stage
from media.drawing.shots.staging import stage_shot
from media.drawing.weather import draw_weather, finish

_LINES = {"INK": (30, 30, 36), "NOIR": (10, 10, 14), "NEON": (18, 6, 44), "VIVID": (26, 16, 26)}
# Above this many pixels a picture is drawn at its own size: twice would take hundreds of megabytes.
_SUPERSAMPLED_PIXELS = 2_600_000


def chance(*parts: object) -> random.Random:
    """A generator that the same parts always seed alike."""
    return random.Random(hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest())


def new_canvas(width: int, height: int) -> Canvas:
    return Canvas(width, height, 2.0 if width * height <= _SUPERSAMPLED_PIXELS else 1.0)


def draw_shot(order: DrawingOrder) -> Image.Image:
    reading = read_order(order)
    rng = chance(order.prompt, order.seed, order.style)
    stage = stage_shot(reading, order.width, order.height, rng)
    is_indoors = reading.is_indoors
    light = make_light(reading.time, reading.weather, reading.season, reading.style, is_indoors=is_indoors)
    canvas = new_canvas(order.width, order.height)
    view = paint_background(canvas, light, reading, stage, rng)
    if stage.insert is not None or stage.insert_hand is not None:
        _draw_insert(canvas, light, stage.insert, stage.insert_hand, rng)
    else:
        _draw_cast(canvas, view, light, stage, reading, rng)
    if stage.over_shoulder is not None:
        _draw_shoulder(canvas, light, stage.over_shoulder, stage.over_shoulder_side, rng)
    draw_weather(canvas, light, rng, is_indoors=is_indoors, is_near="CLOSE_UP" in reading.shot_type)
    if reading.shot_type == "POINT_OF_VIEW":
        if stage.own_hands is not None:
            with canvas.toned(light.tone(softened=0.5)):
                _draw_own_hands(canvas, stage.own_hands, light)
        _draw_eyes_frame(canvas, light, rng)
    return finish(canvas.finished(), reading.style, rng.randrange(1 << 30))


def paint_background(canvas: Canvas, light: Light, reading: Reading, stage: Stage, rng: random.Random) -> View:
    """Paints the place; out of focus, it is painted small and enlarged, which is also quicker."""
    sheet = canvas if stage.blur < 1 else Canvas(canvas.width, canvas.height, 1.0 if stage.blur < 3 else 0.5)
    # The bed that somebody lies in is drawn with that figure: the room has no second one.
    is_bed_taken = any(figure.pose.flat for figure in stage.figures)
    view = View(
        sheet,
        light,
        reading.era,
        stage.horizon,
        stage.vanish_x,
        stage.focal,
        stage.eye,
        rng,
        chance(reading.scene_key, reading.place),
        reading.scene_text,
        is_bed_taken=is_bed_taken,
    )
    with sheet.toned(light.tone()):
        PAINTERS[reading.place](view)
    if sheet is not canvas:
        canvas.put(sheet.image.filter(ImageFilter.GaussianBlur(stage.blur * sheet.scale * 0.6)))
    return View(
        canvas,
        light,
        reading.era,
        stage.horizon,
        stage.vanish_x,
        stage.focal,
        stage.eye,
        rng,
        view.scene_rng,
        reading.scene_text,
    )


def _line_width(canvas: Canvas, height: float, style: str | None) -> float:
    base = min(2.3, max(0.75, height / 460)) * min(canvas.width, canvas.height) / 720
    return base * (1.5 if style in ("INK", "NOIR") else 1.0)


def _draw_cast(canvas: Canvas, view: View, light: Light, stage: Stage, reading: Reading, rng: random.Random) -> None:
    """Figures and things from far to near; things before the figure that is as far."""
    ordered: list[tuple[float, int, Placed | PlacedProp]] = [(-figure.z, 1, figure) for figure in stage.figures]
    ordered += [(-placed.z, 0, placed) for placed in stage.props]
    for _, _, item in sorted(ordered, key=lambda entry: entry[:2]):
        depth = min(0.35, max(0.0, (item.z - 8) / 60)) * (2 if light.weather == "FOG" else 1)
        with canvas.toned(light.tone(depth, softened=0.55 if light.is_dark or light.is_indoors else 0.4)):
            x, y = view.at(item.x, item.lifted if isinstance(item, Placed) else 0.0, item.z)
            metre = view.scale(item.z)
            if isinstance(item, PlacedProp):
                size = item.metres * metre
                pen = Pen(
                    canvas,
                    x,
                    y,
                    size,
                    mirror=item.is_mirrored,
                    line=_line_width(canvas, size, light.style),
                    line_colour=_LINES.get(light.style or ""),
                )
                draw_prop(pen, item.prop)
            else:
                with canvas.toned(_shaded(canvas.tone, item.shade)):
                    _draw_placed(canvas, light, item, x, y, metre, reading)


def _shaded(tone: Tone | None, shade: float) -> Tone | None:
    """The tone of one who stands before the light; shade 0 to 1."""
    if shade <= 0 or tone is None:
        return tone
    return lambda colour: tone(mix(darker(colour, shade), (34, 36, 56), shade * 0.6))


def _draw_placed(
    canvas: Canvas, light: Light, placed: Placed, x: float, y: float, metre: float, reading: Reading
) -> None:
    look = placed.look
    tall = look.height * GROWN_METRES * metre
    pen = Pen(
        canvas,
        x,
        y,
        tall,
        mirror=placed.is_mirrored,
        line=_line_width(canvas, tall, light.style),
        line_colour=_LINES.get(light.style or ""),
    )
    if not placed.lifted:
        ground_shadow(pen, placed.pose, 0.16 if light.is_dark else 0.3)
        if placed.action == "SIT":
            _seat(pen)
    if placed.pose.flat and light.is_indoors:
        _bed(pen)
        pen = pen.at(0.0, -0.24)
    wind = 0.22 if light.weather == "WIND" else 0.05
    sway = wind * (-1 if placed.is_mirrored else 1)
    if placed.action == "RUN":
        sway = -0.24
    turn = 0.12 if reading.shot_type == "POINT_OF_VIEW" else None
    if placed.is_asleep:
        expression = EXPRESSIONS["ASLEEP"]
    else:
        expression = expression_for(placed.mood, "TALK" if placed.is_talking else placed.action)
    _, far = draw_figure(pen, look, placed.pose, expression, sway=sway, turn=turn, is_from_behind=placed.is_from_behind)
    if placed.pose.flat and light.is_indoors:
        _blanket(pen)
    if placed.held is not None:
        hold_prop(far, look, placed.held)


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


def hold_prop(hand: Pen, look: Look, prop: Prop) -> None:
    """A thing in a hand, a little larger than life, so that one sees what it is."""
    size = prop.metres / (look.height * GROWN_METRES) * (1.5 if prop.metres < 0.3 else 1.0)
    drop = {"BAG": size * 0.9, "BASKET": size * 0.9, "STICK": size * 0.5, "UMBRELLA": size * 0.12, "SWORD": 0.03}.get(
        prop.kind, -0.02
    )
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


def _draw_insert(canvas: Canvas, light: Light, prop: Prop | None, hand: Look | None, rng: random.Random) -> None:
    """A thing by itself, large, in a hand where somebody holds it."""
    unit = min(canvas.width, canvas.height)
    x = canvas.width * (0.5 + rng.uniform(-0.06, 0.06))
    y = canvas.height * (0.7 + rng.uniform(-0.03, 0.03))
    size = unit * (0.46 if prop is None or prop.wide < 1 else 0.36) * rng.uniform(0.95, 1.06)
    mirrored = rng.random() < 0.5
    line = _line_width(canvas, 900, light.style)
    with canvas.toned(light.tone(softened=0.45)):
        if hand is None:
            canvas.fill(oval(x, y, size * 0.8, size * 0.09, steps=40), (30, 26, 44), 0.3)
        else:
            _draw_palm(
                Pen(
                    canvas,
                    x,
                    y + size * 0.12,
                    size * 1.25,
                    mirror=mirrored,
                    line=line,
                    line_colour=_LINES.get(light.style or ""),
                ),
                hand,
            )
        if prop is None:
            return
        pen = Pen(
            canvas,
            x,
            y,
            size,
            mirror=mirrored,
            line=line,
            line_colour=_LINES.get(light.style or ""),
            angle=rng.uniform(-0.06, 0.06),
        )
        draw_prop(pen, prop)


def _draw_palm(pen: Pen, look: Look) -> None:
    """An open hand that comes in from below, its palm upwards."""
    sleeve = limb([(-0.9, 1.35), (-0.5, 0.62)], [0.86, 0.62])
    wrist = limb([(-0.6, 0.8), (-0.3, 0.4)], [0.44, 0.46])
    palm = smooth(
        [(-0.52, 0.2), (-0.3, 0.02), (0.1, -0.04), (0.42, 0.02), (0.5, 0.18), (0.3, 0.36), (-0.1, 0.5), (-0.42, 0.44)],
        6,
    )
    fingers = [
        limb([(0.34, y), (0.62, y - 0.07), (0.82 + reach, y - 0.2)], [0.15, 0.14, 0.09])
        for y, reach in ((0.04, 0.0), (0.14, 0.06), (0.24, 0.04), (0.33, -0.04))
    ]
    thumb = limb([(-0.3, 0.08), (-0.34, -0.14), (-0.18, -0.3)], [0.2, 0.17, 0.11])
    pen.group([wrist, thumb, palm, *fingers], look.skin, depth=0.05)
    line = pen.line_for(look.skin)
    for y in (0.09, 0.19, 0.285):
        pen.stroke(points([(0.32, y), (0.6, y - 0.07), (0.74, y - 0.13)]), 0.012, line, 0.8)
    pen.stroke(smooth([(-0.3, 0.3), (-0.05, 0.2), (0.2, 0.24)], 6, closed=False), 0.012, mix(look.skin, line, 0.5))
    pen.body(sleeve, look.top, depth=0.08)


def _draw_shoulder(canvas: Canvas, light: Light, look: Look, side: int, rng: random.Random) -> None:
    """The one over whose shoulder we look: large, dark, at the edge of the picture."""
    unit = min(canvas.height, canvas.width * 1.12)
    head = min(unit * rng.uniform(0.5, 0.56), canvas.width * 0.42)
    x = canvas.width * 0.5 + side * canvas.width * rng.uniform(0.33, 0.38)
    y = canvas.height * rng.uniform(0.5, 0.56)
    shaded = light.tone(softened=0.25)
    with canvas.toned(lambda colour: shaded(darker(colour, 0.42))):
        pen = Pen(
            canvas, x, y, head, line=_line_width(canvas, 900, light.style), line_colour=_LINES.get(light.style or "")
        )
        wide = 1.15 if not look.is_female else 0.98
        draw_head_from_behind(pen, look)
        trunk = smooth(
            [
                (-0.24, 0.58),
                (-0.62 * wide, 0.72),
                (-1.02 * wide, 0.98),
                (-1.12 * wide, 1.7),
                (-1.1 * wide, 2.6),
                (1.1 * wide, 2.6),
                (1.12 * wide, 1.7),
                (1.02 * wide, 0.98),
                (0.62 * wide, 0.72),
                (0.24, 0.58),
            ],
        )
        pen.body(trunk, look.top, depth=0.12)
        pen.stroke(
            smooth([(-0.3, 0.62), (0, 0.7), (0.3, 0.62)], 6, closed=False), 0.05, darker(look.top, 0.3), taper=(1, 1)
        )
        if look.hair_style in ("LONG", "PONY", "BRAID", "TOPKNOT") and look.hat is None:
            draw_head_from_behind(pen, look)


def _draw_eyes_frame(canvas: Canvas, light: Light, rng: random.Random) -> None:
    """The soft dark frame of somebody's own sight."""
    width, height = canvas.image.size
    across = np.linspace(-1, 1, 160)[None, :]
    down = np.linspace(-1, 1, 90)[:, None] + rng.uniform(-0.03, 0.03)
    reach = np.abs(across) ** 2.6 * 0.9 + np.abs(down) ** 2.6
    mask = Image.fromarray((np.clip((reach - 0.8) / 0.9, 0, 1) * 170).astype(np.uint8))
    canvas.image.paste(light.raw()((22, 16, 26)), (0, 0), mask.resize((width, height), Image.Resampling.BICUBIC))


def _draw_own_hands(canvas: Canvas, look: Look, light: Light) -> None:
    """The viewer's own two hands at the lower edge."""
    unit = min(canvas.width, canvas.height)
    for side in (-1, 1):
        x = canvas.width * 0.5 + side * unit * 0.34
        pen = Pen(canvas, x, canvas.height * 1.04, unit, mirror=side > 0, line=_line_width(canvas, 900, light.style))
        draw_hand(pen, look, (0.06, -0.16), np.pi - 0.45, 0.2)
        pen.body(limb([(-0.14, 0.2), (0.055, -0.14)], [0.2, 0.15]), look.top, depth=0.03)
