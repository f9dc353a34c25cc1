"""Draws one shot: background, things, figures, weather, finish."""

import hashlib
import random

from PIL import Image, ImageFilter

from media.drawing.canvas import Canvas
from media.drawing.light import Light, make_light
from media.drawing.order import DrawingOrder
from media.drawing.places import PAINTERS
from media.drawing.places.view import View
from media.drawing.reading.prompt import Reading, read_order
from media.drawing.shots.cast import draw_cast
from media.drawing.shots.foreground import draw_eyes_frame, draw_insert, draw_own_hands, draw_shoulder
from media.drawing.shots.framing import Stage
from media.drawing.shots.ink import Ink
from media.drawing.shots.staging import stage_shot
from media.drawing.weather import draw_weather, finish

_OWN_VIEW_TURN = 0.12  # people in a point-of-view shot look back
# Above this many pixels a picture is drawn at its own size: twice would take hundreds of megabytes.
_SUPERSAMPLED_PIXELS = 2_600_000


def chance_of(*parts: object) -> random.Random:
    """A generator that is seeded by the parts."""
    return random.Random(hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest())


def new_canvas(width: int, height: int) -> Canvas:
    """A canvas for a picture of width x height pixels, drawn at twice its size where memory allows."""
    return Canvas(width, height, 2.0 if width * height <= _SUPERSAMPLED_PIXELS else 1.0)


def draw_shot(order: DrawingOrder) -> Image.Image:
    """The picture of a shot, RGB, of the order's size."""
    reading = read_order(order)
    chance = chance_of(order.prompt, order.seed, order.style)
    stage = stage_shot(reading, order.width, order.height, chance)
    is_indoors = reading.is_indoors
    light = make_light(reading.time, reading.weather, reading.season, reading.style, is_indoors=is_indoors)
    canvas = new_canvas(order.width, order.height)
    view = paint_background(canvas, light, reading, stage, chance)
    ink = Ink(canvas, light)
    is_own_view = reading.shot_type == "POINT_OF_VIEW"
    if stage.insert is not None or stage.insert_hand is not None:
        draw_insert(ink, stage.insert, stage.insert_hand, chance)
    else:
        draw_cast(ink, view, stage, turn=_OWN_VIEW_TURN if is_own_view else None)
    if stage.over_shoulder is not None:
        draw_shoulder(ink, stage.over_shoulder, stage.over_shoulder_side, chance)
    draw_weather(canvas, light, chance, is_indoors=is_indoors, is_near="CLOSE_UP" in reading.shot_type)
    if is_own_view:
        if stage.own_hands is not None:
            with canvas.toned(light.tone(softened=0.5)):
                draw_own_hands(ink, stage.own_hands)
        draw_eyes_frame(ink, chance)
    return finish(canvas.finished(), reading.style, chance.randrange(1 << 30))


def paint_background(canvas: Canvas, light: Light, reading: Reading, stage: Stage, chance: random.Random) -> View:
    """Paints the place; out of focus, it is painted small and enlarged, which is also quicker."""
    sheet = canvas if stage.blur < 1 else Canvas(canvas.width, canvas.height, 1.0 if stage.blur < 3 else 0.5)
    # A bed with somebody in it is drawn with that figure, so the room gets no second one.
    is_bed_taken = any(figure.pose.flat for figure in stage.figures)
    view = View(
        sheet,
        light,
        reading.era,
        stage.horizon,
        stage.vanish_x,
        stage.focal,
        stage.eye,
        chance,
        chance_of(reading.scene_key, reading.place),
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
        chance,
        view.scene_rng,
        reading.scene_text,
    )
