"""Sounds of places and weather, chosen by the words of a shot's prompt and synthesised from noise and tones."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from media.samples import SAMPLE_RATE, Samples, gated_level, linear, write_wav
from media.synthesis import Mono, as_mono, colored_noise, envelope, lowpass_sweep, slow_wander

_MOST = 2

# Most important first. Both languages; \b does not work beside Chinese characters.
_WORDS: tuple[tuple[str, str], ...] = (
    ("thunder", r"雷|闪电|\bthunder\w*|\blightning"),
    ("rain", r"雨(?!伞)|\brain(?:s|y|ing|ed|fall|storm)?\b|\bdownpour|\bdrizzl\w+"),
    ("train", r"火车|列车|铁路|\btrains?\b|\brailway|\blocomotive"),
    ("fire", r"篝火|炉火|火焰|着火|燃烧|壁炉|\bfire(?:s|place|side)?\b|\bflames?\b|\bbonfire|\bhearth"),
    ("waves", r"大海|海边|海滩|海浪|海岸|\bsea\b|\bocean|\bwaves\b|\bbeach|\bshore"),
    ("stream", r"河|溪|泉|瀑布|流水|\briver|\bstream\b|\bbrook\b|\bwaterfall|\bfountain"),
    (
        "crowd",
        r"人群|集市|市场|酒楼|酒店|茶馆|饭馆|宴|热闹|\bcrowd\w*|\bmarket|\btavern|\binn\b|\bfeast|\bparty\b|\brestaurant",
    ),
    ("wind", r"风|雪|\bwind(?:s|y)?\b|\bbreeze|\bgale|\bsnow\w*|\bblizzard|\bstorm\w*"),
    ("horse", r"马车|骑马|马蹄|人力车|洋车|黄包车|车夫|\bhorse\w*|\bcarriage|\brickshaw|\bcart\b|\bhoof\w*"),
    ("crickets", r"夜|深夜|月光|月亮|\bnight\w*|\bmoon\w*|\bmidnight"),
    ("birds", r"清晨|早晨|森林|树林|花园|鸟|\bmorning|\bdawn|\bforest|\bwoods?\b|\bgarden|\bbirds?\b|\bmeadow"),
    ("street", r"街|马路|大道|城市|车流|\bstreet|\broad\b|\bcity\b|\btraffic|\bavenue"),
    ("door", r"开门|关门|推门|敲门|门口|大门|\bdoor\w*|\bknock\w*"),
    ("footsteps", r"走|跑|脚步|\bwalk\w*|\bruns?\b|\brunning|\bfootsteps?|\bsteps\b"),
    ("clock", r"钟表|时钟|挂钟|\bclock|\bticking"),
)
_INDOORS = re.compile(
    r"室内|内景|屋里|房间|客厅|卧室|办公室|教室|\bINT\b|\bindoors?\b|\broom\b|\bkitchen|\boffice", re.IGNORECASE
)
_OUTDOOR_ONLY = {"crickets", "birds", "street", "horse"}

EFFECTS: tuple[str, ...] = tuple(name for name, _ in _WORDS)


def choose_effects(prompt: str) -> tuple[str, ...]:
    """At most two sounds for a shot with this prompt, the most important first; often none."""
    is_indoors = _INDOORS.search(prompt) is not None
    chosen = [
        name
        for name, words in _WORDS
        if not (is_indoors and name in _OUTDOOR_ONLY) and re.search(words, prompt, re.IGNORECASE)
    ]
    if "rain" in chosen and "wind" in chosen and len(chosen) > 2:
        chosen.remove("wind")  # the two are one noise
    return tuple(chosen[:_MOST])


def render_effect(name: str, seconds: float, seed: int, out: Path) -> float:
    """Writes the sound as a 48 kHz stereo WAV; returns its length in seconds. Raises KeyError for an unknown name."""
    return write_wav(out, effect_samples(name, seconds, seed))


def effect_samples(name: str, seconds: float, seed: int) -> Samples:
    """The sound as samples, shape (frames, 2), at a gated level of -20 dB, without fades at its ends."""
    chance = np.random.default_rng([seed, *name.encode()])
    frames = max(1, round(seconds * SAMPLE_RATE))
    stereo = np.stack(_RECIPES[name](frames, chance), axis=1).astype(np.float32)
    level = gated_level(stereo)
    louder = stereo * (linear(-20) / level) if level > 1e-6 else stereo
    return np.tanh(louder).astype(np.float32)


Pair = tuple[Mono, Mono]
Recipe = Callable[[int, np.random.Generator], Pair]


def _both(make: Callable[[np.random.Generator], Mono], chance: np.random.Generator) -> Pair:
    """Makes a stereo sound whose sides share half of their signal: wide, but one place."""
    shared, left, right = make(chance), make(chance), make(chance)
    return as_mono(0.6 * shared + 0.5 * left), as_mono(0.6 * shared + 0.5 * right)


def _wind(frames: int, chance: np.random.Generator) -> Pair:
    gusts = 0.25 + 0.75 * slow_wander(frames, 0.35, chance) ** 2

    def side(c: np.random.Generator) -> Mono:
        howl, hiss = colored_noise(frames, c, 60, 520, 1.0), colored_noise(frames, c, 600, 1400, 0.5)
        return as_mono(howl * gusts + 0.25 * hiss * gusts**2)

    return _both(side, chance)


def _rain(frames: int, chance: np.random.Generator) -> Pair:
    def side(c: np.random.Generator) -> Mono:
        hiss = colored_noise(frames, c, 900, 9000, 0.35)
        drops = _scatter(frames, c, 28, lambda g: _ping(g.uniform(1400, 4200), 0.018, 0.5))
        return as_mono(hiss * (0.8 + 0.2 * slow_wander(frames, 0.5, c)) + 0.9 * drops)

    return _both(side, chance)


def _thunder(frames: int, chance: np.random.Generator) -> Pair:
    rain_left, rain_right = _rain(frames, chance)
    rolls = np.zeros(frames, np.float32)
    at = int(0.4 * SAMPLE_RATE)
    while at < frames:
        length = int(chance.uniform(2.2, 3.6) * SAMPLE_RATE)
        roll = colored_noise(length, chance, 25, 150, 0.8) * envelope(length, 0.03, 0.2, 2.4)
        roll *= 0.4 + slow_wander(length, 6, chance)
        _add(rolls, roll, at)
        at += int(chance.uniform(6, 11) * SAMPLE_RATE)
    return as_mono(0.25 * rain_left + 3.2 * rolls), as_mono(0.25 * rain_right + 3.2 * rolls)


def _stream(frames: int, chance: np.random.Generator) -> Pair:
    def side(c: np.random.Generator) -> Mono:
        bubbles = _scatter(frames, c, 45, lambda g: _glide(g.uniform(380, 1100), g.uniform(1.1, 1.6), 0.05))
        return 0.5 * colored_noise(frames, c, 300, 3500, 0.8) + 0.9 * bubbles

    return _both(side, chance)


def _waves(frames: int, chance: np.random.Generator) -> Pair:
    time = np.arange(frames, dtype=np.float32) / SAMPLE_RATE
    phase = chance.uniform(0, 6.28)
    swell = (0.5 + 0.5 * np.sin(2 * np.pi * time / 7.3 + phase)) ** 2.2 + 0.12
    foam = (0.5 + 0.5 * np.sin(2 * np.pi * time / 7.3 + phase - 0.7)) ** 4

    def side(c: np.random.Generator) -> Mono:
        deep, hiss = colored_noise(frames, c, 80, 900, 0.9), colored_noise(frames, c, 1500, 8000, 0.4)
        return as_mono(deep * swell + 0.5 * hiss * foam)

    return _both(side, chance)


def _street(frames: int, chance: np.random.Generator) -> Pair:
    left, right = _both(lambda c: colored_noise(frames, c, 45, 420, 1.2), chance)
    at = int(chance.uniform(0, 1.5) * SAMPLE_RATE)
    while at < frames:  # someone or something passes from one side to the other
        length = int(chance.uniform(2.0, 3.5) * SAMPLE_RATE)
        passing = colored_noise(length, chance, 120, 1600, 0.8) * np.hanning(length).astype(np.float32) ** 2
        side = np.linspace(0, 1, length, dtype=np.float32)
        if chance.random() < 0.5:
            side = side[::-1]
        _add(left, 0.9 * passing * np.sqrt(1 - side), at)
        _add(right, 0.9 * passing * np.sqrt(side), at)
        at += int(chance.uniform(2.0, 4.5) * SAMPLE_RATE)
    return left, right


def _crowd(frames: int, chance: np.random.Generator) -> Pair:
    def side(c: np.random.Generator) -> Mono:
        murmur = np.zeros(frames, np.float32)
        for _ in range(7):  # each a voice: two formants that open and close with the syllables
            syllables = slow_wander(frames, c.uniform(3.2, 5.0), c) ** 2 * (0.3 + 0.7 * slow_wander(frames, 0.4, c))
            first = c.uniform(350, 650)
            voice = colored_noise(frames, c, first, first * 1.5, 0.2)
            voice += 0.35 * colored_noise(frames, c, first * 2.4, first * 3.4, 0.2)
            murmur += voice * syllables
        return murmur

    return _both(side, chance)


def _crickets(frames: int, chance: np.random.Generator) -> Pair:
    time = np.arange(frames, dtype=np.float32) / SAMPLE_RATE
    left, right = _both(lambda c: 0.06 * colored_noise(frames, c, 100, 700, 0.8), chance)
    for _ in range(4):
        tone, rate, period = chance.uniform(3900, 4900), chance.uniform(24, 34), chance.uniform(0.7, 1.4)
        chirp = np.clip(np.sin(2 * np.pi * rate * time), 0, None) ** 2
        is_on = ((time / period + chance.random()) % 1 < chance.uniform(0.35, 0.6)).astype(np.float32)
        is_on = np.convolve(is_on, np.hanning(481) / 240, mode="same").astype(np.float32)
        sound = np.sin(2 * np.pi * tone * time) * chirp * is_on * chance.uniform(0.2, 0.5)
        side = chance.random()
        left += sound * np.sqrt(1 - side)
        right += sound * np.sqrt(side)
    return left, right


def _birds(frames: int, chance: np.random.Generator) -> Pair:
    left, right = _both(lambda c: 0.10 * colored_noise(frames, c, 150, 1200, 0.7), chance)
    at = int(chance.uniform(0.1, 0.6) * SAMPLE_RATE)
    while at < frames:
        base, side = chance.uniform(2300, 4300), chance.random()
        for note in range(int(chance.integers(2, 6))):
            song = _glide(base * chance.uniform(0.85, 1.2), chance.uniform(0.75, 1.35), chance.uniform(0.05, 0.12))
            place = at + int(note * chance.uniform(0.10, 0.16) * SAMPLE_RATE)
            _add(left, 0.8 * song * np.float32(np.sqrt(1 - side)), place)
            _add(right, 0.8 * song * np.float32(np.sqrt(side)), place)
        at += int(chance.uniform(0.8, 2.2) * SAMPLE_RATE)
    return left, right


def _fire(frames: int, chance: np.random.Generator) -> Pair:
    def side(c: np.random.Generator) -> Mono:
        crackle = _scatter(frames, c, 14, lambda g: _burst(g, g.uniform(0.004, 0.02), 900, 7000))
        glow = colored_noise(frames, c, 50, 350, 1.0) * (0.6 + 0.4 * slow_wander(frames, 3, c))
        return as_mono(0.5 * glow + 1.3 * crackle)

    return _both(side, chance)


def _train(frames: int, chance: np.random.Generator) -> Pair:
    left, right = _both(lambda c: 0.6 * colored_noise(frames, c, 35, 300, 1.1), chance)
    for at in range(0, frames, int(0.74 * SAMPLE_RATE)):  # two axles over a rail joint, and again
        for offset, strength in ((0.0, 1.0), (0.13, 0.8)):
            clack = _burst(chance, 0.07, 150, 1800) * np.float32(strength)
            _add(left, clack, at + int(offset * SAMPLE_RATE))
            _add(right, clack, at + int(offset * SAMPLE_RATE))
    return left, right


def _steps(frames: int, chance: np.random.Generator, pace: float, low: float, high: float) -> Pair:
    left, right = _both(lambda c: 0.02 * colored_noise(frames, c, 100, 800, 0.8), chance)
    at, number = int(0.25 * SAMPLE_RATE), 0
    while at < frames:
        step = _burst(chance, 0.09, low, high) * np.float32(chance.uniform(0.7, 1.0))
        heel = _burst(chance, 0.03, low * 4, high * 2) * np.float32(0.4)
        _add(left if number % 2 else right, step, at)
        _add(right if number % 2 else left, 0.6 * step, at)
        _add(left, heel, at + int(0.05 * SAMPLE_RATE))
        _add(right, heel, at + int(0.05 * SAMPLE_RATE))
        at += int(pace * chance.uniform(0.94, 1.06) * SAMPLE_RATE)
        number += 1
    return left, right


def _footsteps(frames: int, chance: np.random.Generator) -> Pair:
    return _steps(frames, chance, 0.56, 90, 700)


def _horse(frames: int, chance: np.random.Generator) -> Pair:
    left, right = _steps(frames, chance, 0.29, 350, 1500)
    rumble_left, rumble_right = _both(lambda c: 0.15 * colored_noise(frames, c, 50, 350, 1.0), chance)
    return left + rumble_left, right + rumble_right


def _door(frames: int, chance: np.random.Generator) -> Pair:
    left, right = _both(lambda c: 0.01 * colored_noise(frames, c, 60, 500, 1.0), chance)
    creak_length = int(0.7 * SAMPLE_RATE)
    creak = lowpass_sweep(creak_length, chance, 55, 95) * envelope(creak_length, 0.1, 0.3, 0.3) * np.float32(0.5)
    shut = _burst(chance, 0.28, 55, 420) * np.float32(2.2)
    latch = _burst(chance, 0.03, 1200, 5000) * np.float32(0.7)
    for side in (left, right):
        _add(side, creak, int(0.3 * SAMPLE_RATE))
        _add(side, shut, int(1.05 * SAMPLE_RATE))
        _add(side, latch, int(1.09 * SAMPLE_RATE))
    return left, right


def _clock(frames: int, chance: np.random.Generator) -> Pair:
    left, right = _both(lambda c: 0.01 * colored_noise(frames, c, 60, 500, 1.0), chance)
    for number, at in enumerate(range(int(0.2 * SAMPLE_RATE), frames, SAMPLE_RATE // 2)):
        tick = _ping(2600 if number % 2 else 2100, 0.02, 1.0)
        _add(left, tick, at)
        _add(right, tick, at)
    return left, right


_RECIPES: dict[str, Recipe] = {
    "thunder": _thunder, "rain": _rain, "train": _train, "fire": _fire, "waves": _waves, "stream": _stream,
    "crowd": _crowd, "wind": _wind, "horse": _horse, "crickets": _crickets, "birds": _birds, "street": _street,
    "door": _door, "footsteps": _footsteps, "clock": _clock,
}  # fmt: skip


def _add(target: Mono, sound: Mono, at: int) -> None:
    part = sound[: max(0, len(target) - at)]
    target[at : at + len(part)] += part


def _scatter(
    frames: int, chance: np.random.Generator, rate: float, make: Callable[[np.random.Generator], Mono]
) -> Mono:
    """`rate` sounds a second at chance places, from a few that are made once."""
    sound = np.zeros(frames, np.float32)
    kinds = [make(chance) for _ in range(24)]
    for at in chance.integers(0, frames, max(1, int(rate * frames / SAMPLE_RATE))):
        _add(sound, kinds[int(chance.integers(len(kinds)))] * np.float32(chance.uniform(0.2, 1.0)), int(at))
    return sound


def _ping(frequency: float, decay: float, strength: float) -> Mono:
    time = np.arange(int(6 * decay * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE
    return (strength * np.sin(2 * np.pi * frequency * time) * np.exp(-time / decay)).astype(np.float32)


def _glide(frequency: float, ratio: float, seconds: float) -> Mono:
    """A whistle that glides from a frequency to ratio times it."""
    frames = int(seconds * SAMPLE_RATE)
    pitch = frequency * ratio ** np.linspace(0, 1, frames)
    return (np.sin(2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE) * np.hanning(frames)).astype(np.float32)


def _burst(chance: np.random.Generator, seconds: float, low: float, high: float) -> Mono:
    frames = max(64, int(3 * seconds * SAMPLE_RATE))
    return as_mono(colored_noise(frames, chance, low, high, 0.5) * envelope(frames, 0.001, 0.0, seconds))
