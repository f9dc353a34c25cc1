"""Draws design images of characters, props and scenes, without any writing."""

import random
from dataclasses import replace

from PIL import Image

from media.drawing.canvas import Canvas, oval, points
from media.drawing.colour import Colour, darker, lighter, mix, saturated
from media.drawing.light import make_light, styled_colour
from media.drawing.order import DrawingOrder, DrawnSubject
from media.drawing.pen import Pen
from media.drawing.people.bones import bones_of
from media.drawing.people.face import EXPRESSIONS
from media.drawing.people.figure import draw_figure, ground_shadow
from media.drawing.people.look import Look
from media.drawing.people.looks.character import character_look
from media.drawing.people.poses import pose_for
from media.drawing.props.drawing import draw_prop
from media.drawing.props.kinds import recognise_prop
from media.drawing.reading.prompt import read_order
from media.drawing.reading.vocabulary import STYLES
from media.drawing.reading.words import first_of
from media.drawing.shots.shot import chance_of, new_canvas, paint_background
from media.drawing.shots.staging import stage_shot
from media.drawing.weather import draw_weather, finish


def draw_design(order: DrawingOrder) -> Image.Image:
    """Draws the first subject by itself; without subjects the prompt is read as a place."""
    subject = order.subjects[0] if order.subjects else DrawnSubject("SCENE", order.prompt)
    if subject.type == "CHARACTER":
        return _draw_character(order, subject)
    if subject.type == "PROP":
        return _draw_prop(order, subject)
    return _draw_place(replace(order, subjects=(subject,)))


def _style_of(order: DrawingOrder) -> str | None:
    return first_of(STYLES, (order.style or "").lower())


def _ground(canvas: Canvas, tint: Colour, order: DrawingOrder) -> None:
    """A plain graded ground with a floor, and large pale shapes that vary with the prompt."""
    chance = chance_of(order.prompt, order.seed, order.style)
    pale = mix(saturated(tint, 0.8), (250, 248, 244), 0.78)
    width, height = canvas.width, canvas.height
    canvas.gradient(0, 0, width, height, ((0, lighter(pale, 0.5)), (0.75, pale), (1, darker(pale, 0.12))))
    for _ in range(3):
        x, size = chance.uniform(-0.1, 0.9) * width, chance.uniform(0.06, 0.22) * width
        lean = chance.uniform(0.1, 0.3) * height
        canvas.fill(
            points([(x, 0), (x + size, 0), (x + size - lean, height), (x - lean, height)]), lighter(pale, 0.6), 0.5
        )
    floor = height * chance.uniform(0.86, 0.9)
    canvas.fill(points([(0, floor), (width, floor), (width, height), (0, height)]), darker(pale, 0.1), 0.7)


def _draw_character(order: DrawingOrder, subject: DrawnSubject) -> Image.Image:
    look = character_look(subject)
    style = _style_of(order)
    canvas = new_canvas(order.width, order.height)
    width, height = order.width, order.height
    chance = chance_of(order.prompt, order.seed, order.style)
    with canvas.toned(styled_colour(style)):
        _ground(canvas, look.top, order)
        is_wide = width >= height * 0.95
        line = min(width, height) / 720 * 1.7
        tall = min(height * 0.84, width * (1.25 if not is_wide else 0.9)) * (0.74 + 0.26 * look.height)
        x, feet = (width * 0.29, height * 0.94) if is_wide else (width * 0.36, height * 0.95)
        pose = replace(pose_for("STAND", chance), turn=0.3 + chance.uniform(-0.06, 0.06))
        body = Pen(canvas, x, feet, tall, line=line)
        ground_shadow(body, pose)
        draw_figure(body, look, pose, EXPRESSIONS["CALM"])
        size = min(height * 0.36, width * 0.25) if is_wide else min(width * 0.36, height * 0.24)
        head = Pen(
            canvas,
            width * (0.7 if is_wide else 0.74),
            height * (0.4 if is_wide else 0.22),
            size,
            mirror=True,
            line=line,
        )
        _bust(head, look)
        _swatches(
            canvas,
            look,
            width * (0.7 if is_wide else 0.8),
            height * (0.86 if is_wide else 0.9),
            min(width, height) * 0.034,
            is_wide,
        )
    return finish(canvas.finished(), style, chance.randrange(1 << 30))


def _bust(head: Pen, look: Look) -> None:
    """Head and shoulders in front of a disc."""
    disc = oval(0, 0.1, 1.0, 1.0, steps=72)
    head.fill(disc, mix(look.top, (250, 248, 244), 0.55))
    pose = replace(pose_for("STAND", random.Random(look.fringe)), turn=0.35)
    at = bones_of(look, pose).head
    # The same figure once more, so large that its head has the pen's unit and lies at the pen's origin.
    share = look.head_share
    body = head.at(-at[0] / share, -at[1] / share, unit=1 / share)
    with head.canvas.clipped(head.placed(disc)):
        draw_figure(body, look, pose, EXPRESSIONS["HAPPY" if look.age in ("CHILD", "TEEN") else "CALM"])
    ring = head.placed(disc)
    head.canvas.stroke([*ring.tolist(), ring[0].tolist()], head.line * 1.6, (255, 255, 255), 0.9, taper=(1, 1))


def _swatches(canvas: Canvas, look: Look, x: float, y: float, radius: float, is_wide: bool) -> None:
    colours = (look.hair, look.skin, look.eyes, look.top, look.trim, look.bottom)
    for index, colour in enumerate(colours):
        step = (index - (len(colours) - 1) / 2) * radius * 2.5
        cx, cy = (x + step, y) if is_wide else (x, y - radius * 6 + step)
        canvas.fill(oval(cx, cy, radius * 1.12, radius * 1.12, steps=40), (255, 255, 255))
        canvas.fill(oval(cx, cy, radius, radius, steps=40), colour)


def _draw_prop(order: DrawingOrder, subject: DrawnSubject) -> Image.Image:
    prop = recognise_prop(subject.name, subject.description)
    style = _style_of(order)
    canvas = new_canvas(order.width, order.height)
    unit = min(order.width, order.height)
    chance = chance_of(order.prompt, order.seed, order.style)
    with canvas.toned(styled_colour(style)):
        _ground(canvas, prop.colour or (206, 178, 140), order)
        x, y = order.width * 0.5, order.height * 0.82 if order.height <= order.width else order.height * 0.68
        canvas.glow(x, y - unit * 0.3, unit * 0.55, (70, 66, 50), 0.6)
        size = unit * 0.62 / max(1.0, prop.wide * 0.72)
        canvas.fill(oval(x, y, size * max(0.5, prop.wide * 0.5), size * 0.05, steps=40), (40, 34, 52), 0.28)
        pen = Pen(canvas, x, y, size, mirror=chance.random() < 0.5, line=unit / 720 * 2.2)
        draw_prop(pen, prop)
    return finish(canvas.finished(), style, chance.randrange(1 << 30))


def _draw_place(order: DrawingOrder) -> Image.Image:
    """The place as an establishing view, with nobody in it."""
    reading = replace(read_order(order), actors=(), props=(), shot_type="LONG", action_text="")
    chance = chance_of(order.prompt, order.seed, order.style)
    is_indoors = reading.is_indoors
    light = make_light(reading.time, reading.weather, reading.season, reading.style, is_indoors=is_indoors)
    canvas = new_canvas(order.width, order.height)
    paint_background(canvas, light, reading, stage_shot(reading, order.width, order.height, chance), chance)
    draw_weather(canvas, light, chance, is_indoors=is_indoors)
    return finish(canvas.finished(), reading.style, chance.randrange(1 << 30))
