"""Draws rain, snow, wind and fog over a scene, and the finish of a style: paper, grain, vignette."""

import random

import numpy as np
from PIL import Image, ImageFilter

from media.drawing.canvas import Canvas, bezier, oval
from media.drawing.light import Light


def draw_weather(canvas: Canvas, light: Light, rng: random.Random, *, is_indoors: bool, is_near: bool = False) -> None:
    """Draws the weather. is_near: a face fills the picture, which wind streaks must not cover."""
    if is_indoors:
        return
    width, height = canvas.width, canvas.height
    with canvas.toned(light.raw()):
        if light.weather == "RAIN":
            slant = rng.uniform(0.08, 0.22)
            for _ in range(170):
                x, y = rng.uniform(-0.1, 1.1) * width, rng.uniform(-0.1, 1) * height
                length = rng.uniform(0.03, 0.11) * height
                canvas.stroke(
                    [(x, y), (x - length * slant, y + length)],
                    rng.uniform(0.7, 1.8) * height / 720,
                    (214, 226, 242),
                    rng.uniform(0.25, 0.6),
                )
        elif light.weather == "SNOW":
            for _ in range(150):
                size = rng.choice((1.2, 1.8, 2.4, 3.4, 6.0)) * height / 720 * rng.uniform(0.7, 1.2)
                x, y = rng.random() * width, rng.random() * height
                canvas.fill(oval(x, y, size, size, steps=10), (252, 253, 255), 0.85 if size < 4 else 0.5)
        elif light.weather == "WIND":
            for _ in range(4 if is_near else 16):
                x, y = rng.uniform(-0.2, 0.9) * width, rng.uniform(0.08, 0.95) * height
                reach = rng.uniform(0.12, 0.34) * width
                bow = rng.uniform(-0.02, 0.02) * height
                curve = bezier((x, y), (x + reach * 0.5, y + bow * 3), (x + reach, y + bow), 14)
                canvas.stroke(curve, rng.uniform(1.0, 2.4) * height / 720, (250, 248, 240), 0.5, taper=(0.05, 0.05))
            for _ in range(6 if is_near else 26):
                x, y, size = rng.random() * width, rng.uniform(0.3, 1) * height, rng.uniform(1.4, 3.4) * height / 720
                canvas.fill(oval(x, y, size * 1.8, size, rng.uniform(-0.6, 0.6), 10), (176, 150, 112), 0.55)
        elif light.weather == "FOG":
            for level in (0.45, 0.62, 0.8):
                y = height * (level + rng.uniform(-0.05, 0.05))
                canvas.fade(0, y - height * 0.14, width, y, light.haze, 0.0, 0.34)
                canvas.fade(0, y, width, y + height * 0.14, light.haze, 0.34, 0.0)
        elif light.season == "SPRING" and light.weather in (None, "SUN"):
            for _ in range(12):
                x, y, size = rng.random() * width, rng.random() * height, rng.uniform(2, 5) * height / 720
                canvas.fill(oval(x, y, size * 1.5, size * 0.8, rng.uniform(0, 3), 12), (250, 196, 210), 0.8)
        elif light.season == "AUTUMN" and light.weather in (None, "SUN"):
            for _ in range(8):
                x, y, size = rng.random() * width, rng.random() * height, rng.uniform(3, 6) * height / 720
                canvas.fill(oval(x, y, size * 1.4, size * 0.7, rng.uniform(0, 3), 12), (206, 120, 52), 0.8)


def finish(picture: Image.Image, style: str | None, seed: int) -> Image.Image:
    """Darkened corners, and the paper or grain that a style is printed on."""
    width, height = picture.size
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    strength = {
        "NOIR": 0.34,
        "DARK": 0.36,
        "NEON": 0.26,
        "SEPIA": 0.28,
        "INK": 0.0,
        "WATERCOLOUR": 0.0,
        "PASTEL": 0.0,
    }.get(style or "", 0.13)
    factor = 1 - strength * np.clip((across**2 + down**2) / 2 - 0.18, 0, 1)
    if style in ("INK", "WATERCOLOUR", "SEPIA", "NOIR"):
        noise = np.random.default_rng(seed)
        grain = noise.integers(0, 256, (max(2, height // 3), max(2, width // 3)), dtype=np.uint8)
        paper = (
            Image.fromarray(grain)
            .filter(ImageFilter.GaussianBlur(1.2))
            .resize((width, height), Image.Resampling.BICUBIC)
        )
        factor = factor + (np.asarray(paper, dtype=np.float32) - 128) * (0.0013 if style != "NOIR" else 0.0008)
    pixels = np.array(picture, dtype=np.float32)
    pixels *= factor.astype(np.float32)[:, :, None]
    if style in ("INK", "WATERCOLOUR"):
        # The paper stays bare towards the edges.
        reach = np.maximum(np.abs(across) ** 7, np.abs(down) ** 7)
        ragged = np.asarray(paper, dtype=np.float32) / 255 - 0.5
        edge = np.clip((reach - 0.68 + ragged * 0.7) / 0.2, 0, 1) * np.clip((reach - 0.3) / 0.3, 0, 1)
        pixels += (np.array([247, 242, 230], dtype=np.float32) - pixels) * edge[:, :, None] * 0.9
    pixels += 0.5
    return Image.fromarray(np.clip(pixels, 0, 255, out=pixels).astype(np.uint8))
