import wave
from pathlib import Path

import numpy as np
import pytest

from errors import JobErrorCode, JobFailure
from media.rendering import Rendering
from media.samples import SAMPLE_RATE, Samples, gated_level, read_samples
from media.speech import VOICES, base_language, find_voice, is_speakable, narrator, speak, speak_to_file

CHINESE = "我从乡下跑到京城里，一转眼已经六年了。"
ENGLISH = "It was a bright cold day in April, and the clocks were striking thirteen."


def pitch(samples: Samples) -> float:
    """Median fundamental in Hz over the loud parts, by autocorrelation."""
    found = []
    for start in range(0, len(samples) - 4096, 2048):
        part = samples[start : start + 4096, 0]
        if np.abs(part).max() < 0.05:
            continue
        correlation = np.fft.irfft(np.abs(np.fft.rfft(part, 8192)) ** 2)
        lag = 96 + int(np.argmax(correlation[96:800]))
        if correlation[lag] > 0.4 * correlation[0]:
            found.append(SAMPLE_RATE / lag)
    return float(np.median(found))


async def test_speech_is_48_khz_mono_without_silence_at_its_ends(tmp_path: Path) -> None:
    out = tmp_path / "line.wav"
    seconds = await speak(CHINESE, "zh-narrator", "zh", out, Rendering(2, 60))
    with wave.open(str(out)) as file:
        assert (file.getframerate(), file.getnchannels()) == (48000, 1)
        assert file.getnframes() / 48000 == pytest.approx(seconds)
    loud = np.flatnonzero(np.abs(read_samples(out)[:, 0]) > 0.02) / SAMPLE_RATE
    assert loud[0] < 0.1
    assert loud[-1] > seconds - 0.1


@pytest.mark.parametrize("voice", [voice for voice in VOICES if voice.is_narrator], ids=lambda voice: voice.id)
def test_narrators_read_at_a_natural_pace(voice: object, tmp_path: Path) -> None:
    voice_id = voice.id  # type: ignore[attr-defined]
    if voice_id.startswith("zh"):
        seconds = speak_to_file(CHINESE, voice_id, "zh", tmp_path / "a.wav")
        assert 3.8 < 17 / seconds < 5.2  # characters a second
    elif voice_id.startswith("en"):
        seconds = speak_to_file(ENGLISH, voice_id, "en", tmp_path / "a.wav")
        assert 135 < 13 * 60 / seconds < 180  # words a minute


def test_every_voice_speaks_at_the_same_level(tmp_path: Path) -> None:
    for voice in VOICES:
        speak_to_file("こんにちは" if voice.language == "ja" else "你好 hello", voice.id, None, tmp_path / "a.wav")
        samples = read_samples(tmp_path / "a.wav")
        assert 0.08 < gated_level(samples) < 0.11, voice.id
        assert np.abs(samples).max() < 0.9, voice.id


def test_voices_differ_clearly_and_women_speak_higher_than_men(tmp_path: Path) -> None:
    pitches = {}
    for key in ("female-1", "female-2", "male-1", "male-2", "narrator", "narrator-female", "girl"):
        speak_to_file(ENGLISH, f"en-{key}", "en", tmp_path / "a.wav")
        pitches[key] = pitch(read_samples(tmp_path / "a.wav"))
    assert max(pitches["male-1"], pitches["male-2"], pitches["narrator"]) < 130
    assert min(pitches["female-1"], pitches["narrator-female"]) > 150
    assert pitches["girl"] > pitches["female-2"] > pitches["female-1"] + 20


def test_latin_words_in_chinese_text_are_spoken(tmp_path: Path) -> None:
    alone = speak_to_file("他说。", "zh-narrator", "zh", tmp_path / "a.wav")
    mixed = speak_to_file("他说 good morning。", "zh-narrator", "zh", tmp_path / "a.wav")
    assert mixed > alone + 0.4


def test_a_voice_can_read_another_language(tmp_path: Path) -> None:
    assert speak_to_file(CHINESE, "en-female-1", "zh-CN", tmp_path / "a.wav") > 3


@pytest.mark.parametrize("text", ["", "。！？……", "  ", "🙂", "——"])
def test_text_without_anything_to_say_is_refused_and_writes_nothing(text: str, tmp_path: Path) -> None:
    assert not is_speakable(text)
    with pytest.raises(JobFailure) as failure:
        speak_to_file(text, "zh-narrator", "zh", tmp_path / "a.wav")
    assert failure.value.code == JobErrorCode.INVALID_INPUT
    assert not (tmp_path / "a.wav").exists()


def test_an_unknown_voice_is_refused() -> None:
    with pytest.raises(JobFailure, match="no voice") as failure:
        find_voice("zh-nobody")
    assert failure.value.code == JobErrorCode.INVALID_INPUT


def test_each_language_has_women_men_and_a_narrator() -> None:
    for language in ("zh", "en", "ja"):
        voices = [voice for voice in VOICES if voice.language == language]
        assert {voice.gender for voice in voices} == {"female", "male"}
        assert len({(voice.variant, voice.pitch) for voice in voices}) == len(voices) >= 10
        assert narrator(language).language == language
    assert [base_language(tag) for tag in ("zh-CN", "cmn", "EN_gb", "ja-JP", "fr")] == ["zh", "zh", "en", "ja", "en"]
