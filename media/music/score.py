"""The score of a piece: form, chords, bass, arpeggio, melody and drums, as notes on a time line of seconds."""

import math
import random
from dataclasses import dataclass

from media.music.styles import MAJOR, Style

BEATS = 4  # in a bar
_RING_SECONDS = 2.5  # the last chord rings out within the length asked for


@dataclass(frozen=True, order=True)
class Note:
    """One sound. pitch: MIDI number (drums: 0); gain linear; pan from -1 to 1."""

    start: float
    seconds: float
    pitch: int
    gain: float
    instrument: str
    pan: float


@dataclass(frozen=True)
class Bar:
    """A bar of the form: its chord's degree, how much plays (0 to 1), and its place in its section."""

    section: str
    number: int
    degree: int
    intensity: float


def scale_pitch(tonic: int, scale: tuple[int, ...], degree: int) -> int:
    octave, step = divmod(degree, len(scale))
    return tonic + 12 * octave + scale[step]


def plan_form(bars: int, style: Style, chance: random.Random) -> list[Bar]:
    """Intro, verses and choruses with a break between, and an end on the tonic; short pieces have fewer parts."""
    verse, chorus = chance.choice(style.verses), chance.choice(style.choruses)
    intro = 0 if bars < 6 else 2 if bars < 14 else 4
    ending = 1 if bars < 6 else 2
    sections: list[tuple[str, int, float]] = [("intro", intro, 0.25)]
    cycle = [("verse", 8, 0.5), ("chorus", 8, 0.9), ("verse", 8, 0.65), ("break", 4, 0.3), ("chorus", 8, 1.0)]
    left, turn = bars - intro - ending, 0
    while left > 0:
        name, length, intensity = cycle[turn % len(cycle)]
        if bars < 14:
            intensity = 0.7
        sections.append((name, min(length, left), intensity))
        left, turn = left - length, turn + 1
    form = []
    for name, length, intensity in sections:
        chords = chorus if name == "chorus" else verse
        for number in range(length):
            rise = 0.12 * number / max(length - 1, 1) if name in ("intro", "verse") else 0.0
            form.append(Bar(name, number, chords[number % len(chords)], intensity + rise))
    dominant = 4 if len(style.scale) == 7 else 3
    form += [Bar("ending", number, 0 if number == ending - 1 else dominant, 0.35) for number in range(ending)]
    return form[:bars] if len(form) >= bars else form


def write_score(
    style: Style, seconds: float, seed: tuple[int, int], hints: tuple[tuple[float, float], ...]
) -> list[Note]:
    """All notes of a piece of that length, ordered by time.

    The tempo is fitted so that whole bars and the last chord's ring fill the time. hints: (second, energy from 0 to
    1) from which on more or less plays.
    """
    chance = random.Random(f"{style.name} {seed}")
    tempo = chance.uniform(*style.tempo)
    ring = min(_RING_SECONDS, seconds / 3)
    bars = max(1, round((seconds - ring) * tempo / 60 / BEATS))
    beat = (seconds - ring) / (bars * BEATS)
    writer = _Writer(style, chance, beat, chance.choice(style.tonic), seconds)
    for index, bar in enumerate(plan_form(bars, style, chance)):
        energy = _energy_at(hints, index * BEATS * beat)
        intensity = bar.intensity if energy is None else 0.45 * bar.intensity + 0.55 * energy
        writer.write_bar(index, bar, intensity, is_last=index == bars - 1)
    return sorted(note for note in writer.notes if note.start < seconds - 0.05)


def _energy_at(hints: tuple[tuple[float, float], ...], second: float) -> float | None:
    passed = [energy for start, energy in hints if start <= second + 0.01]
    return passed[-1] if passed else None


class _Writer:
    def __init__(self, style: Style, chance: random.Random, beat: float, tonic: int, seconds: float) -> None:
        self.style, self.chance, self.beat, self.tonic, self.seconds = style, chance, beat, tonic, seconds
        self.notes: list[Note] = []
        self.melodies = {name: self._motifs() for name in ("verse", "chorus")}
        self.fill_seed = chance.random()

    def add(self, beats: float, length: float, pitch: int, gain: float, instrument: str, pan: float = 0.0) -> None:
        place = beats % 1
        if self.style.swing and abs(place - 0.5) < 0.01:
            beats += self.style.swing
        # Small random variations of time and strength, as of a human player.
        start = max(0.0, beats * self.beat + self.chance.gauss(0, 0.004))
        loud = gain * (1 + 0.08 * self.chance.uniform(-1, 1))
        self.notes.append(Note(round(start, 4), round(length * self.beat, 3), pitch, loud, instrument, pan))

    def chord(self, degree: int) -> list[int]:
        """Pitches of the chord near the middle of the keyboard, in the inversion that moves least."""
        steps = [0, 2, 4] + ([6] if self.style.seventh and degree not in (4,) else [])
        tones = [scale_pitch(self.tonic, self.style.scale, degree + step) for step in steps]
        if self.style.pad == "open":  # fifths and a ninth: neither major nor minor
            tones = [tones[0], tones[2], scale_pitch(self.tonic, MAJOR, degree + 8)]
        low = self.tonic + 7
        return sorted(low + (tone - low) % 12 for tone in tones)

    def write_bar(self, index: int, bar: Bar, intensity: float, *, is_last: bool) -> None:
        style, at = self.style, index * BEATS
        chord = self.chord(bar.degree)
        root = scale_pitch(self.tonic, style.scale, bar.degree)
        root -= 12 if root > 43 else 0
        length = BEATS + (_RING_SECONDS / self.beat if is_last else 0.3)
        swell = 0.75 + 0.35 * intensity
        for number, pitch in enumerate(chord):
            pan = (number / max(len(chord) - 1, 1) - 0.5) * 0.9
            self.add(at, length, pitch, style.pad_gain * swell, style.pad, pan)
        if intensity > 0.8:  # wider
            self.add(at, length, chord[0] + 12, style.pad_gain * 0.5, style.pad, 0.3)
        if is_last:
            self.add(at, length, root, style.bass_gain, style.bass)
            self._final(at, chord)
            return
        if intensity > 0.28 or bar.section == "ending":
            pattern = style.bass_pattern if intensity > 0.45 else style.bass_pattern[:1]
            for number, beats in enumerate(pattern):
                following = pattern[number + 1] if number + 1 < len(pattern) else BEATS
                fifth = number == len(pattern) - 1 and len(pattern) == 3
                self.add(at + beats, following - beats, root + (7 if fifth else 0), style.bass_gain, style.bass)
        if intensity > 0.2:
            self._arpeggio(at, chord, intensity, is_sparse=intensity < 0.33)
        if bar.section in self.melodies and intensity > 0.38:
            self._melody(at, bar, intensity)
        if intensity > 0.55:
            self._drums(at, bar, intensity)

    def _final(self, at: float, chord: list[int]) -> None:
        for number, pitch in enumerate([*chord, chord[0] + 12, chord[1] + 12]):
            self.add(at + number * 0.25, 4, pitch, self.style.arpeggio_gain, self.style.arpeggio_instrument, 0.2)

    def _arpeggio(self, at: float, chord: list[int], intensity: float, *, is_sparse: bool) -> None:
        style = self.style
        tones = [*chord, *(pitch + 12 for pitch in chord), *(pitch + 24 for pitch in chord)]
        for step, place in enumerate(style.arpeggio):
            if place < 0 or (is_sparse and step % 2):
                continue
            accent = 1.0 if step == 0 else 0.82 if step == len(style.arpeggio) // 2 else 0.7
            gain = style.arpeggio_gain * accent * (0.7 + 0.3 * intensity)
            self.add(at + step * 0.5, 1.5, tones[place], gain, style.arpeggio_instrument, 0.35 * (-1) ** step)

    def _motifs(self) -> list[list[tuple[float, float, int, bool]]]:
        """Four bars: a motif, its answer, the motif again and a close. Each note: beat, length, step, on the chord."""
        motif, answer = self._motif(), self._motif()
        close = [(beat, length, step, strong) for beat, length, step, strong in motif if beat < 2]
        close.append((2.0, 2.0, 0, True))
        return [motif, answer, motif, close]

    def _motif(self) -> list[tuple[float, float, int, bool]]:
        density = self.style.density
        places, beat = [], 0.0 if self.chance.random() < 0.75 else 0.5
        while beat < BEATS - 0.4:
            places.append(beat)
            quick = self.chance.random() < density * 0.8
            beat += self.chance.choice((0.5, 0.5, 1.0) if quick else (1.0, 1.5, 2.0, 2.0))
        notes, step = [], self.chance.choice((0, 2, 4))
        for number, start in enumerate(places):
            end = places[number + 1] if number + 1 < len(places) else BEATS
            notes.append((start, end - start, step, start % 1 == 0))
            step += self.chance.choice((-2, -1, -1, 1, 1, 2))
            step = min(max(step, -2), 7)
        return notes

    def _melody(self, at: float, bar: Bar, intensity: float) -> None:
        style = self.style
        scale = style.melody_scale or style.scale
        phrase = self.melodies[bar.section][bar.number % 4]
        octave = style.lead_octave + (1 if bar.section == "chorus" and style.lead_octave < 2 else 0)
        base = self.tonic + 12 * (octave - 1) + (0 if style.lead_octave > 1 else 5)
        chord = {scale_pitch(0, style.scale, bar.degree + step) % 12 for step in (0, 2, 4)}
        lift = 2 if bar.section == "chorus" else 0
        for beats, length, step, is_strong in phrase:
            pitch = scale_pitch(self.tonic, scale, step + lift)
            while pitch < base + 5:
                pitch += 12
            if is_strong:
                pitch = _nearest(pitch, chord, self.tonic, scale)
            gain = style.lead_gain * (0.75 + 0.25 * intensity) * (1.0 if beats == 0 else 0.9)
            self.add(at + beats, length * 0.98, pitch, gain, style.lead, -0.1)

    def _drums(self, at: float, bar: Bar, intensity: float) -> None:
        for drum, pattern in self.style.drums.items():
            for step, level in enumerate(pattern):
                if drum == "cymbal" and bar.number:
                    continue
                if level != "0":
                    gain = self.style.drum_gain * int(level) / 9 * min(intensity + 0.1, 1)
                    pan = {"hat": 0.3, "shaker": -0.35, "tick": 0.4, "block": 0.3}.get(drum, 0.0)
                    self.add(at + step / 4, 1, 0, gain, drum, pan)
        last_of_four = bar.number % 4 == 3
        if last_of_four and intensity > 0.75 and self.style.drums:
            drum = next(iter(self.style.drums))
            for step in range(4):
                self.add(at + 3 + step / 4, 1, 0, self.style.drum_gain * (0.35 + 0.15 * step), drum, 0.0)


def _nearest(pitch: int, chord: set[int], tonic: int, scale: tuple[int, ...]) -> int:
    """The nearest pitch that belongs to the chord and, where there is one, to the melody's own scale."""
    wanted = {(tonic + tone) % 12 for tone in chord}
    allowed = wanted & {(tonic + tone) % 12 for tone in scale} or wanted
    return min((pitch + offset for offset in range(-6, 7) if (pitch + offset) % 12 in allowed),
               key=lambda candidate: (abs(candidate - pitch), candidate), default=pitch)  # fmt: skip


def frequency(pitch: int) -> float:
    """Hertz of a MIDI pitch, equal temperament, A4 = 440 Hz."""
    return 440.0 * math.pow(2, (pitch - 69) / 12)
