"""Offline voices and speech: the voice catalogue, and text to a WAV file through espeak-ng."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from errors import JobErrorCode, JobFailure
from media import espeak
from media.rendering import Rendering
from media.samples import SAMPLE_RATE, Samples, gated_level, linear, resample, write_wav

_SILENCE = 0.004  # of full scale, against the loudest sample: what lies under it at the ends is cut off
_KEPT_SECONDS = 0.02
_LEVEL_DECIBELS = -20.0  # gated RMS
_PEAK_DECIBELS = -1.5


@dataclass(frozen=True)
class SpeechVoice:
    """A voice: a timbre (an espeak-ng variant), its pitch from 0 to 99, and its pace against the language's usual."""

    id: str
    name: str
    language: str  # zh, en, ja
    gender: str  # female, male
    variant: str
    pitch: int = 50
    pace: float = 1.0
    liveliness: int = 50  # pitch range, 0 to 99
    is_narrator: bool = False


@dataclass(frozen=True)
class _Language:
    engine_voice: str
    words_per_minute: int  # espeak's own scale


# Measured on prose: about 4.5 characters a second in Chinese, 155 words a minute in English, 7 kana a second.
_LANGUAGES = {
    "zh": _Language("cmn", 200),
    "en": _Language("en-us", 130),
    "ja": _Language("ja", 160),
}

_TIMBRES: tuple[tuple[str, str, str, int, float, int], ...] = (
    # key, gender, variant, pitch, pace, liveliness
    ("female-1", "female", "f2", 52, 1.0, 50),
    ("female-2", "female", "f5", 66, 1.06, 65),
    ("female-3", "female", "Annie", 46, 0.96, 45),
    ("female-4", "female", "steph", 58, 1.02, 55),
    ("girl", "female", "f4", 88, 1.08, 75),
    ("grandmother", "female", "grandma", 42, 0.88, 45),
    ("male-1", "male", "m3", 44, 1.0, 50),
    ("male-2", "male", "Alex", 34, 0.97, 45),
    ("male-3", "male", "m7", 52, 1.05, 60),
    ("male-4", "male", "m2", 22, 0.94, 40),
    ("boy", "male", "f1", 78, 1.06, 70),
    ("grandfather", "male", "m6", 38, 0.85, 45),
)
_NARRATORS: tuple[tuple[str, str, str, int, float, int], ...] = (
    ("narrator", "male", "m1", 40, 0.98, 42),
    ("narrator-female", "female", "f3", 46, 0.98, 42),
)
_NAMES = {
    "zh": {
        "narrator": "旁白（男）", "narrator-female": "旁白（女）", "female-1": "林岚", "female-2": "小雨",
        "female-3": "秦姨", "female-4": "苏青", "girl": "女孩", "grandmother": "老奶奶", "male-1": "陈默",
        "male-2": "周山", "male-3": "阿飞", "male-4": "老赵", "boy": "男孩", "grandfather": "老爷爷",
    },
    "en": {
        "narrator": "Narrator (male)", "narrator-female": "Narrator (female)", "female-1": "Clara", "female-2": "Ruby",
        "female-3": "Martha", "female-4": "Irene", "girl": "Girl", "grandmother": "Grandmother", "male-1": "Edgar",
        "male-2": "Silas", "male-3": "Toby", "male-4": "Gideon", "boy": "Boy", "grandfather": "Grandfather",
    },
    "ja": {
        "narrator": "ナレーター（男）", "narrator-female": "ナレーター（女）", "female-1": "あおい",
        "female-2": "ひなた", "female-3": "しずか", "female-4": "かおり", "girl": "女の子", "grandmother": "おばあさん",
        "male-1": "はると", "male-2": "だいち", "male-3": "そうた", "male-4": "ごろう", "boy": "男の子",
        "grandfather": "おじいさん",
    },
}  # fmt: skip

VOICES: tuple[SpeechVoice, ...] = tuple(
    SpeechVoice(
        id=f"{language}-{key}", name=_NAMES[language][key], language=language, gender=gender, variant=variant,
        pitch=pitch, pace=pace, liveliness=liveliness, is_narrator=timbres is _NARRATORS,
    )
    for language in _LANGUAGES
    for timbres in (_NARRATORS, _TIMBRES)
    for key, gender, variant, pitch, pace, liveliness in timbres
)  # fmt: skip
_VOICE_BY_ID = {voice.id: voice for voice in VOICES}


def base_language(language: str) -> str:
    """zh, en or ja for a language tag (zh-CN, cmn, en_GB, ...); en for every other."""
    tag = language.lower().replace("_", "-").split("-")[0]
    tag = {"cmn": "zh", "yue": "zh", "jp": "ja"}.get(tag, tag)
    return tag if tag in _LANGUAGES else "en"


def narrator(language: str) -> SpeechVoice:
    """The default narrator's voice."""
    return _VOICE_BY_ID[f"{base_language(language)}-narrator"]


def find_voice(voice_id: str) -> SpeechVoice:
    """The voice with that id. Raises JobFailure INVALID_INPUT where there is none."""
    try:
        return _VOICE_BY_ID[voice_id]
    except KeyError:
        raise JobFailure(
            JobErrorCode.INVALID_INPUT, f"There is no voice {voice_id[:80]}.", is_retryable=False
        ) from None


def is_speakable(text: str) -> bool:
    """Whether the text has a letter, a character or a digit to speak."""
    return any(character.isalnum() for character in text)


def speak_to_file(text: str, voice_id: str, language: str | None, out: Path) -> float:
    """Speaks `text` into a 48 kHz mono WAV without silence at its ends; returns its length in seconds.

    The voice gives timbre, pitch and pace; `language` (None: the voice's own) says how the text is read. Latin words
    in Chinese text are read as English. espeak-ng keeps global state: call this in a worker process (see `speak`).
    Raises JobFailure INVALID_INPUT for an unknown voice and for text that cannot be spoken.
    """
    voice = find_voice(voice_id)
    if not is_speakable(text):
        raise JobFailure(JobErrorCode.INVALID_INPUT, "The text has nothing that can be spoken.", is_retryable=False)
    reading = _LANGUAGES[base_language(language or voice.language)]
    spoken = espeak.synthesise(
        _cleaned(text),
        f"{reading.engine_voice}+{voice.variant}",
        words_per_minute=round(reading.words_per_minute * voice.pace),
        pitch=voice.pitch,
        pitch_range=voice.liveliness,
    )
    samples = _trimmed(resample(spoken, espeak.sample_rate()))
    if not len(samples):
        raise JobFailure(
            JobErrorCode.INVALID_INPUT, "The text is in a script that this voice cannot read.", is_retryable=False
        )
    return write_wav(out, _levelled(samples))


async def speak(text: str, voice_id: str, language: str | None, out: Path, rendering: Rendering) -> float:
    """speak_to_file in a worker process that holds a render slot."""
    return await rendering.run(speak_to_file, text, voice_id, language, out)


def _cleaned(text: str) -> str:
    kept = (c if c.isspace() or not unicodedata.category(c).startswith("C") else " " for c in text)
    return " ".join("".join(kept).split())


def _trimmed(samples: Samples) -> Samples:
    loudness = np.abs(samples[:, 0])
    if not len(loudness) or loudness.max() < 0.01:
        return samples[:0]
    heard = np.flatnonzero(loudness > loudness.max() * _SILENCE * 2)
    kept = int(_KEPT_SECONDS * SAMPLE_RATE)
    part = samples[max(heard[0] - kept, 0) : heard[-1] + kept].copy()
    ramp = np.linspace(0, 1, min(kept // 2, len(part)), dtype=np.float32)[:, None]  # no click at either end
    part[: len(ramp)] *= ramp
    part[len(part) - len(ramp) :] *= ramp[::-1]
    return part


def _levelled(samples: Samples) -> Samples:
    """Sets the level that all voices share, limiting the few highest peaks instead of lowering the whole."""
    level = gated_level(samples)
    louder = samples * (linear(_LEVEL_DECIBELS) / max(level, 1e-6))
    ceiling = linear(_PEAK_DECIBELS)
    knee = 0.7 * ceiling
    over = np.abs(louder) > knee
    rounded = knee + (ceiling - knee) * np.tanh((np.abs(louder) - knee) / (ceiling - knee))
    return np.where(over, np.sign(louder) * rounded, louder).astype(np.float32)
