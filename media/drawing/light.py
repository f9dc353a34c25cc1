"""Transforms colours by light and style: time of day, weather and drawing style."""

from collections.abc import Callable
from dataclasses import dataclass

from media.drawing.colour import Colour, from_hls, luminance, mix, multiply, saturated

Stops = tuple[tuple[float, Colour], ...]

_SKIES: dict[str, Stops] = {
    "DAWN": ((0, (92, 108, 168)), (0.45, (190, 158, 190)), (0.8, (248, 190, 160)), (1, (255, 222, 178))),
    "MORNING": ((0, (108, 168, 222)), (0.6, (172, 212, 236)), (1, (248, 238, 216))),
    "NOON": ((0, (62, 134, 212)), (0.6, (134, 194, 236)), (1, (216, 238, 246))),
    "EVENING": ((0, (72, 70, 132)), (0.4, (176, 96, 128)), (0.75, (244, 142, 92)), (1, (255, 206, 128))),
    "NIGHT": ((0, (14, 20, 50)), (0.6, (34, 46, 92)), (1, (70, 84, 130))),
}
_AMBIENT: dict[str, tuple[float, float, float]] = {
    "DAWN": (0.98, 0.86, 0.88),
    "MORNING": (1.0, 0.98, 0.94),
    "NOON": (1.0, 1.0, 1.0),
    "EVENING": (1.0, 0.82, 0.74),
    "NIGHT": (0.44, 0.5, 0.76),
}
_SUNLIGHT: dict[str, Colour] = {
    "DAWN": (255, 206, 170),
    "MORNING": (255, 240, 206),
    "NOON": (255, 250, 236),
    "EVENING": (255, 178, 104),
    "NIGHT": (170, 196, 255),
}


@dataclass(frozen=True)
class Light:
    """`ambient`: factors by channel for things out of doors; `sky`: from zenith to horizon."""

    time: str
    weather: str | None
    season: str
    style: str | None
    sky: Stops
    ambient: tuple[float, float, float]
    sunlight: Colour
    haze: Colour
    is_indoors: bool = False

    @property
    def is_dark(self) -> bool:
        return self.time == "NIGHT"

    def tone(self, depth: float = 0.0, *, softened: float = 0.0) -> Callable[[Colour], Colour]:
        """How a colour appears: depth 0 (near) to 1 (lost in the haze); softened: share of the ambient left out."""
        factors = (
            self.ambient[0] + (1 - self.ambient[0]) * softened,
            self.ambient[1] + (1 - self.ambient[1]) * softened,
            self.ambient[2] + (1 - self.ambient[2]) * softened,
        )
        styled = styled_colour(self.style)
        known: dict[Colour, Colour] = {}

        def turned(colour: Colour) -> Colour:
            if colour not in known:
                known[colour] = styled(mix(multiply(colour, factors), self.haze, depth))
            return known[colour]

        return turned

    def raw(self) -> Callable[[Colour], Colour]:
        """Applies only the style, for light sources and colours that already include the light."""
        return styled_colour(self.style)


def make_light(time: str, weather: str | None, season: str, style: str | None, *, is_indoors: bool) -> Light:
    sky = _SKIES[time]
    ambient = _AMBIENT[time]
    if weather in ("RAIN", "SNOW", "FOG", "WIND"):
        grey = {"RAIN": (120, 130, 146), "SNOW": (196, 206, 220), "FOG": (206, 210, 212), "WIND": (176, 188, 200)}[
            weather
        ]
        share = {"RAIN": 0.62, "SNOW": 0.42, "FOG": 0.7, "WIND": 0.22}[weather]
        overcast = multiply(grey, ambient)
        sky = tuple((place, mix(colour, overcast, share)) for place, colour in sky)
        dim = 0.86 if weather == "RAIN" else 0.96
        ambient = (ambient[0] * dim, ambient[1] * dim, ambient[2] * min(1.0, dim * 1.05))
    if is_indoors:
        # Lamplight keeps faces readable: rooms at night are warm, not blue.
        ambient = {"NIGHT": (0.8, 0.68, 0.56), "EVENING": (0.98, 0.84, 0.72)}.get(time, (0.98, 0.96, 0.93))
    return Light(time, weather, season, style, sky, ambient, _SUNLIGHT[time], sky[-1][1], is_indoors)


def _ink(colour: Colour) -> Colour:
    return mix(mix((58, 60, 66), (246, 240, 226), (luminance(colour) / 255) ** 0.82), saturated(colour, 0.6), 0.2)


def _watercolour(colour: Colour) -> Colour:
    return mix(saturated(colour, 0.92), (252, 248, 238), 0.24)


def _noir(colour: Colour) -> Colour:
    grey = luminance(colour) / 255
    level = grey * grey * (3 - 2 * grey)
    return mix((14, 14, 18), (246, 246, 242), level)


def _neon(colour: Colour) -> Colour:
    level = luminance(colour) / 255
    base = mix((18, 8, 52), (196, 40, 180), min(1.0, level * 1.5))
    base = mix(base, (120, 240, 255), max(0.0, level * 2.1 - 1.1))
    return mix(saturated(colour, 1.3), base, 0.62)


def _pastel(colour: Colour) -> Colour:
    return mix(mix(saturated(colour, 0.9), (255, 244, 246), 0.36), (255, 214, 226), 0.08)


def _sepia(colour: Colour) -> Colour:
    return mix(mix((52, 34, 24), (250, 234, 202), (luminance(colour) / 255) ** 0.9), colour, 0.22)


def _dark(colour: Colour) -> Colour:
    return multiply(saturated(colour, 0.66), (0.62, 0.64, 0.72))


def _vivid(colour: Colour) -> Colour:
    return saturated(colour, 1.4)


_STYLES: dict[str, Callable[[Colour], Colour]] = {
    "INK": _ink,
    "WATERCOLOUR": _watercolour,
    "NOIR": _noir,
    "NEON": _neon,
    "PASTEL": _pastel,
    "SEPIA": _sepia,
    "DARK": _dark,
    "VIVID": _vivid,
}


def styled_colour(style: str | None) -> Callable[[Colour], Colour]:
    """The colour transform of a style in vocabulary.STYLES; the identity for no style."""
    return _STYLES.get(style or "", lambda colour: colour)


def accent(seed: int) -> Colour:
    """A pleasant saturated colour."""
    return from_hls((seed * 0.61803398875) % 1.0, 0.56, 0.52)
