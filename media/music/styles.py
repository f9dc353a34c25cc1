"""The styles of music as plain values: words, tempo, harmony, instruments and drums."""

import re
import zlib
from dataclasses import dataclass, field

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
HARMONIC_MINOR = (0, 2, 3, 5, 7, 8, 11)
DORIAN = (0, 2, 3, 5, 7, 9, 10)
PHRYGIAN = (0, 1, 3, 5, 7, 8, 10)
LYDIAN = (0, 2, 4, 6, 7, 9, 11)
MAJOR_PENTATONIC = (0, 2, 4, 7, 9)
MINOR_PENTATONIC = (0, 3, 5, 7, 10)

Progression = tuple[int, ...]  # degrees of the scale, from 0, one for each bar


@dataclass(frozen=True)
class Style:
    """The parameters of a piece. Drum patterns: sixteen steps a bar, strengths 0 to 9; gains are linear.

    arpeggio: places within the chord, in eighths (or sixteenths for a fast one), -1 rests.
    """

    name: str
    words: str
    tempo: tuple[int, int]
    tonic: tuple[int, ...]  # MIDI pitches of the key to choose from, around 48
    scale: tuple[int, ...]
    verses: tuple[Progression, ...]
    choruses: tuple[Progression, ...]
    melody_scale: tuple[int, ...] | None = None
    pad: str = "strings"
    pad_gain: float = 0.5
    bass: str = "bass"
    bass_pattern: tuple[float, ...] = (0.0,)  # beats
    bass_gain: float = 0.5
    arpeggio_instrument: str = "piano"
    arpeggio: tuple[int, ...] = (0, 1, 2, 3, 2, 1, 2, 1)
    arpeggio_gain: float = 0.35
    lead: str = "piano"
    lead_gain: float = 0.5
    lead_octave: int = 2
    density: float = 0.5  # of the melody, 0 to 1
    drums: dict[str, str] = field(default_factory=dict)
    drum_gain: float = 0.5
    reverb: float = 0.35
    energy: float = 0.5  # 0 to 1: what a mood asks for when it is named as a hint
    swing: float = 0.0
    seventh: bool = False


STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        Style(
            "cinematic", r"cinema|film|orchestr|电影|史诗感|管弦|交响", (76, 88), (45, 48, 50), MINOR,
            ((0, 5, 2, 6), (0, 3, 5, 6)), ((5, 6, 0, 0), (5, 2, 6, 0)),
            bass="cello", arpeggio_instrument="pizzicato", arpeggio=(0, 2, 1, 2, 3, 2, 1, 2), lead="violin",
            drums={"taiko": "9000000050007000", "cymbal": "3000000000000000"}, reverb=0.45, energy=0.6,
        ),
        Style(
            "calm",
            r"calm|peace|quiet|gentle|serene|relax|ambient|soft|tranquil|平静|宁静|安静|舒缓|温柔|恬静|轻柔|治愈",
            (62, 72),
            (48, 50, 53), MAJOR, ((0, 4, 5, 3), (0, 2, 3, 0)), ((3, 4, 0, 5), (3, 0, 1, 4)),
            pad="warm", arpeggio_instrument="harp", arpeggio=(0, 1, 2, 3, 4, 3, 2, 1), arpeggio_gain=0.3,
            lead="flute",
            density=0.3, bass_gain=0.35, reverb=0.5, energy=0.3, seventh=True,
        ),
        Style(
            "sad", r"sad|melanchol|sorrow|grief|lonely|nostalg|tragic|tear|悲|忧伤|忧郁|伤感|哀|孤独|凄凉|怀旧",
            (56, 66),
            (45, 47, 50), MINOR, ((0, 5, 3, 4), (0, 6, 5, 4)), ((3, 0, 5, 4), (5, 3, 0, 4)),
            pad="strings", pad_gain=0.4, arpeggio_instrument="piano", arpeggio=(0, -1, 2, -1, 3, -1, 2, -1),
            lead="cello_lead",
            lead_octave=1, density=0.35, bass_gain=0.35, reverb=0.5, energy=0.3,
        ),
        Style(
            "tense",
            r"tens|suspens|thrill|danger|fear|horror|scary|dark|ominous|紧张|悬疑|惊悚|恐怖|危险|压抑|阴暗|黑暗",
            (92, 104),
            (43, 45, 47), PHRYGIAN, ((0, 0, 1, 0), (0, 1, 0, 5)), ((0, 5, 1, 0), (3, 1, 0, 0)),
            pad="dark", bass="synth_bass", bass_pattern=(0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5), bass_gain=0.3,
            arpeggio_instrument="pizzicato", arpeggio=(0, 0, 1, 0, 0, 2, 0, 1), arpeggio_gain=0.3, lead="violin",
            lead_gain=0.3,
            density=0.2, drums={"taiko": "7000000300005000", "tick": "2020202020202020"}, reverb=0.4, energy=0.7,
        ),
        Style(
            "action",
            r"action|epic|battle|fight|chase|heroic|war\b|intense|power|动作|史诗|战斗|激烈|追逐|英雄|热血|战争|激昂",
            (128, 142),
            (43, 45, 48), HARMONIC_MINOR, ((0, 5, 3, 4), (0, 0, 5, 4)), ((5, 3, 0, 4), (0, 5, 3, 4)),
            pad="brass", pad_gain=0.4, bass="synth_bass", bass_pattern=(0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5),
            bass_gain=0.35,
            arpeggio_instrument="spiccato", arpeggio=(0, 0, 2, 0, 1, 0, 2, 3), arpeggio_gain=0.4, lead="horn",
            density=0.45,
            lead_octave=1, drums={"taiko": "9004006090046050", "snare": "0000700000007022",
            "cymbal": "5000000000000000",
                                  "tick": "3030303030303030"}, drum_gain=0.6, reverb=0.3, energy=1.0,
        ),
        Style(
            "joyful",
            r"joy|happy|cheer|fun|bright|playful|comed|upbeat|light-?hearted|欢|快乐|愉快|开心|喜剧|轻快|活泼|明朗",
            (112, 124),
            (48, 50, 53, 55), MAJOR, ((0, 4, 5, 3), (0, 3, 0, 4)), ((3, 4, 0, 5), (3, 0, 4, 0)),
            pad="warm", pad_gain=0.3, bass="bass", bass_pattern=(0, 2, 3), arpeggio_instrument="ukulele",
            arpeggio=(0, 2, 3, 2, 1, 3, 2, 3), lead="whistle", density=0.65,
            drums={"kick": "9000000070000000", "clap": "0000600000006000", "shaker": "4252425242524252"},
            drum_gain=0.35,
            reverb=0.22, energy=0.75, swing=0.12,
        ),
        Style(
            "romantic", r"romanc|romantic|love|tender|sweet|浪漫|爱情|甜|温馨|柔情|恋", (66, 76), (48, 51, 53), MAJOR,
            ((0, 5, 3, 4), (0, 2, 3, 4)), ((3, 4, 2, 5), (3, 2, 1, 4)),
            pad="strings", pad_gain=0.4, arpeggio_instrument="piano", arpeggio=(0, 1, 2, 3, 4, 3, 2, 3),
            lead="violin",
            density=0.5, reverb=0.42, energy=0.45, seventh=True,
        ),
        Style(
            "mysterious", r"myster|magic|dream|fantas|strange|eerie|wonder|神秘|奇幻|魔|梦|诡|玄",
            (70, 82), (46, 48, 50), LYDIAN,
            ((0, 1, 0, 1), (0, 6, 1, 0)), ((2, 1, 0, 1), (5, 1, 2, 0)),
            pad="glass", pad_gain=0.45, arpeggio_instrument="celesta", arpeggio=(0, 2, 4, 3, 1, 3, 2, 4),
            arpeggio_gain=0.28,
            lead="celesta", density=0.3, bass="cello", bass_gain=0.4, reverb=0.6, energy=0.4,
        ),
        Style(
            "chinese",
            r"chin|orient|tradition|guzheng|erhu|ancient|中国|国风|古风|传统|民乐|古筝|二胡|古典|江南|武侠|民族",
            (66, 80),
            (50, 52, 55), MAJOR, ((0, 5, 3, 4), (0, 0, 1, 4)), ((3, 4, 5, 0), (5, 3, 4, 0)),
            melody_scale=MAJOR_PENTATONIC,
            pad="open", pad_gain=0.28, bass="cello", bass_gain=0.3, arpeggio_instrument="guzheng",
            arpeggio=(0, 2, 3, 4, 3, 2, 3, 2), arpeggio_gain=0.38, lead="erhu", lead_gain=0.42, density=0.45,
            drums={"drum": "5000000000003000", "block": "0000000020000000"}, drum_gain=0.3, reverb=0.42, energy=0.45,
        ),
        Style(
            "electronic", r"electr|synth|techno|cyber|sci-?fi|futur|edm|dance|电子|科幻|未来|赛博|合成器|舞曲",
            (112, 124),
            (45, 48, 50), DORIAN, ((0, 6, 3, 5), (0, 2, 6, 3)), ((5, 6, 0, 2), (3, 5, 0, 6)),
            pad="saw", pad_gain=0.3, bass="synth_bass", bass_pattern=(0, 0.75, 1.5, 2, 2.75, 3.5), bass_gain=0.42,
            arpeggio_instrument="square", arpeggio=(0, 2, 1, 3, 2, 4, 3, 1), arpeggio_gain=0.2, lead="saw_lead",
            lead_gain=0.3,
            density=0.4, drums={"kick": "9000900090009000", "clap": "0000600000006000", "hat": "0050005000500052"},
            drum_gain=0.55, reverb=0.25, energy=0.8,
        ),
    )
}  # fmt: skip


def _hash(words: str) -> int:
    return zlib.crc32(words.strip().lower().encode())


def choose_style(words: str | None, seed: int) -> Style:
    """The style that the words name, in Chinese or English; the one named first where there are several.

    Words that name none choose one by themselves and the seed; no words, by the seed alone.
    """
    text = (words or "").lower()
    places = [(found.start(), style) for style in STYLES.values() if (found := re.search(style.words, text))]
    if places:
        return min(places, key=lambda place: place[0])[1]
    names = sorted(STYLES)
    return STYLES[names[(_hash(text) + seed) % len(names)] if text else names[seed % len(names)]]


def style_seed(words: str | None, seed: int) -> tuple[int, int]:
    """The seed of a piece: other words give another piece, even within one style."""
    return _hash(words or ""), seed
