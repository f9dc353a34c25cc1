from pathlib import Path

import numpy as np
import pytest

from media.music import STYLES, choose_style, compose
from media.music.score import write_score
from media.music.styles import style_seed
from media.samples import Samples, gated_level, read_samples
from tests.media.conftest import wav_seconds


def piece(style: str | None, out: Path, seconds: float = 12, seed: int = 1) -> Samples:
    compose(style, seconds, seed, out)
    return read_samples(out, 2)


def chroma(samples: Samples) -> np.ndarray:
    """How loud each frequency band of a third of an octave is, as a unit vector."""
    spectrum = np.abs(np.fft.rfft(samples[:, 0]))
    place = np.fft.rfftfreq(len(samples), 1 / 48000)
    edges = 40 * 2 ** (np.arange(28) / 3)
    bands = np.array([np.sqrt(np.sum(spectrum[(place >= a) & (place < a * 2 ** (1 / 3))] ** 2)) for a in edges])
    return bands / np.linalg.norm(bands)


@pytest.mark.parametrize("style", STYLES)
def test_each_style_makes_a_piece_of_the_exact_length(style: str, tmp_path: Path) -> None:
    samples = piece(style, tmp_path / "a.wav", 9.37)
    assert wav_seconds(tmp_path / "a.wav") == pytest.approx(9.37, abs=1e-4)
    assert samples.shape[1] == 2
    assert 0.03 < gated_level(samples) < 0.3
    assert np.abs(samples).max() < 0.99
    assert np.abs(samples[:10]).max() < 0.01
    assert np.abs(samples[-10:]).max() < 0.01
    assert not np.array_equal(samples[:, 0], samples[:, 1])


def test_styles_sound_different(tmp_path: Path) -> None:
    prints = {style: chroma(piece(style, tmp_path / "a.wav", 7)) for style in STYLES}
    names = sorted(prints)
    for number, first in enumerate(names):
        for second in names[number + 1 :]:
            assert float(prints[first] @ prints[second]) < 0.97, (first, second)


def test_a_piece_depends_on_its_style_and_seed_alone(tmp_path: Path) -> None:
    first = piece("sad", tmp_path / "a.wav", 8)
    assert np.array_equal(first, piece("sad", tmp_path / "b.wav", 8))
    assert not np.array_equal(first, piece("sad", tmp_path / "b.wav", 8, seed=2))


@pytest.mark.parametrize(
    ("words", "style"),
    [
        ("Epic battle music", "action"), ("紧张悬疑", "tense"), ("中国风 古筝", "chinese"), ("sad and slow", "sad"),
        ("欢快的", "joyful"), ("宁静", "calm"), ("神秘", "mysterious"), ("浪漫", "romantic"),
        ("赛博朋克 电子", "electronic"),
        ("cinematic", "cinematic"), ("peaceful", "calm"), ("忧伤的钢琴", "sad"), ("traditional Chinese", "chinese"),
    ],
)  # fmt: skip
def test_styles_are_known_by_english_and_chinese_words(words: str, style: str) -> None:
    assert choose_style(words, 3).name == style


def test_unknown_words_choose_by_themselves_and_the_seed() -> None:
    assert choose_style("zydeco", 1) == choose_style("zydeco", 1)
    assert len({choose_style(words, 1).name for words in ("zydeco", "polka", "ska", "gnawa", "fado", "dub")}) > 2
    assert len({choose_style(None, seed).name for seed in range(10)}) == len(STYLES)


@pytest.mark.parametrize("style", STYLES.values(), ids=lambda style: style.name)
@pytest.mark.parametrize("seconds", [3, 20, 180])
def test_scores_keep_to_their_key_and_time(style: object, seconds: float) -> None:
    for seed in range(3):
        notes = write_score(style, seconds, (1, seed), ())  # type: ignore[arg-type]
        assert notes == sorted(notes)
        assert 0 <= notes[0].start < 1
        assert notes[-1].start < seconds
        pitched = {note.pitch % 12 for note in notes if note.pitch}
        fits = [tonic for tonic in range(12) if pitched <= {(tonic + tone) % 12 for tone in style.scale}]  # type: ignore[attr-defined]
        assert fits, sorted(pitched)
        assert all(20 < note.pitch < 110 for note in notes if note.pitch)


def test_a_long_piece_has_quiet_and_full_parts_and_drums_only_where_it_is_full() -> None:
    style = STYLES["action"]
    notes = write_score(style, 120, style_seed("action", 1), ())
    counts = [sum(1 for note in notes if at <= note.start < at + 5) for at in range(0, 120, 5)]
    assert max(counts) > 3 * counts[0]
    first_drum = min(note.start for note in notes if note.instrument == "taiko")
    assert first_drum > 5


def test_moods_on_the_way_raise_and_lower_the_energy() -> None:
    style = STYLES["cinematic"]
    plain = write_score(style, 60, (1, 1), ())
    moved = write_score(style, 60, (1, 1), ((0.0, 1.0), (30.0, 0.0)))

    def notes_between(notes: list, start: float, end: float) -> int:  # type: ignore[type-arg]
        return sum(1 for note in notes if start <= note.start < end)

    assert notes_between(moved, 0, 10) > notes_between(plain, 0, 10)
    assert notes_between(moved, 32, 55) < notes_between(plain, 32, 55)


def test_nothing_is_no_length(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="tenth"):
        compose("sad", 0, 1, tmp_path / "a.wav")
