"""Colours as 8-bit RGB triples: mixing, shading and colour words."""

import colorsys
import re

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
INK: Colour = (46, 34, 46)

# Word → colour, longer words first where one contains another (the pattern below sorts them).
_NAMED: dict[str, Colour] = {
    "dark red": (122, 30, 36),
    "crimson": (176, 34, 52),
    "scarlet": (206, 44, 44),
    "red": (200, 52, 52),
    "pink": (238, 150, 172),
    "rose": (222, 112, 136),
    "orange": (232, 136, 56),
    "gold": (222, 176, 64),
    "golden": (222, 176, 64),
    "yellow": (236, 204, 84),
    "cream": (242, 230, 204),
    "beige": (218, 200, 168),
    "olive": (122, 124, 66),
    "khaki": (168, 152, 106),
    "dark green": (36, 82, 60),
    "green": (74, 144, 86),
    "teal": (46, 132, 136),
    "cyan": (84, 190, 204),
    "dark blue": (36, 52, 98),
    "navy": (36, 48, 92),
    "blue": (66, 112, 188),
    "indigo": (58, 56, 120),
    "purple": (122, 78, 152),
    "violet": (132, 92, 170),
    "brown": (120, 82, 56),
    "tan": (190, 154, 112),
    "dark grey": (72, 74, 82),
    "dark gray": (72, 74, 82),
    "grey": (136, 140, 148),
    "gray": (136, 140, 148),
    "silver": (190, 196, 206),
    "white": (240, 238, 232),
    "black": (46, 46, 56),
    "dark": (52, 52, 66),
    "大红": (204, 40, 44),
    "暗红": (122, 30, 36),
    "深红": (138, 28, 38),
    "红": (200, 52, 52),
    "绯": (206, 60, 60),
    "粉": (238, 150, 172),
    "橙": (232, 136, 56),
    "橘": (232, 136, 56),
    "金": (222, 176, 64),
    "黄": (236, 204, 84),
    "米白": (242, 230, 204),
    "米色": (226, 210, 180),
    "墨绿": (36, 82, 60),
    "绿": (74, 144, 86),
    "翠": (56, 160, 120),
    "青": (70, 120, 140),
    "深蓝": (36, 52, 98),
    "藏青": (36, 48, 92),
    "蓝": (66, 112, 188),
    "紫": (122, 78, 152),
    "棕": (120, 82, 56),
    "褐": (110, 78, 58),
    "灰": (136, 140, 148),
    "银": (190, 196, 206),
    "白": (240, 238, 232),
    "黑": (46, 46, 56),
    "深色": (52, 52, 66),
    "墨": (44, 46, 58),
}
_COLOUR_PATTERN = re.compile(
    "|".join(rf"\b{re.escape(word)}\b" if word.isascii() else word for word in sorted(_NAMED, key=len, reverse=True))
)


def named_colours(text: str) -> list[tuple[int, int, Colour]]:
    """(start, end, colour) of every colour word in `text`, in order; the text must be lower case."""
    return [(match.start(), match.end(), _NAMED[match.group()]) for match in _COLOUR_PATTERN.finditer(text)]


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with `share` (0 to 1) of `second`."""
    keep = 1.0 - share
    return (
        round(first[0] * keep + second[0] * share),
        round(first[1] * keep + second[1] * share),
        round(first[2] * keep + second[2] * share),
    )


def multiply(colour: Colour, factors: tuple[float, float, float]) -> Colour:
    """Each channel times its factor, kept within 0 to 255."""
    red, green, blue = (max(0, min(255, round(value * factor))) for value, factor in zip(colour, factors, strict=True))
    return red, green, blue


def darker(colour: Colour, share: float = 0.25) -> Colour:
    """Towards a cool dark, as cel shadows are, not towards grey."""
    return mix(multiply(colour, (1 - share, 1 - share * 1.05, 1 - share * 0.8)), (48, 30, 72), share * 0.22)


def lighter(colour: Colour, share: float = 0.25) -> Colour:
    return mix(colour, (255, 252, 244), share)


def luminance(colour: Colour) -> float:
    """Rec. 601 luma, 0 to 255."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def from_hls(hue: float, lightness: float, saturation: float) -> Colour:
    """All three from 0 to 1; the hue wraps."""
    red, green, blue = colorsys.hls_to_rgb(hue % 1.0, max(0.0, min(1.0, lightness)), max(0.0, min(1.0, saturation)))
    return round(red * 255), round(green * 255), round(blue * 255)


def saturated(colour: Colour, factor: float) -> Colour:
    hue, lightness, saturation = colorsys.rgb_to_hls(*(value / 255 for value in colour))
    return from_hls(hue, lightness, min(1.0, saturation * factor))
