from pathlib import Path

import numpy as np
import pytest

from errors import JobErrorCode, JobFailure
from media.loudness import Loudness, master, measure, parse_summary
from media.mix import DUCK_DECIBELS, Effect, MixPlan, OwnSound, Voice, duck_curve, render_mix
from media.rendering import Rendering
from media.samples import SAMPLE_RATE, decibels, read_samples, write_wav
from tests.media.conftest import band_level, ffmpeg, tone, wav_seconds


def mixed(plan: MixPlan, tmp_path: Path) -> np.ndarray:
    out = tmp_path / "mix.wav"
    assert render_mix(plan, out) == pytest.approx(plan.seconds)
    return read_samples(out, 2)


def between(samples: np.ndarray, start: float, end: float) -> np.ndarray:
    return samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE), 0]


def test_voices_stand_where_they_begin_and_are_whole(tmp_path: Path) -> None:
    lines = (Voice(tone(tmp_path / "a.wav", 1, 500), 1.0), Voice(tone(tmp_path / "b.wav", 1.5, 900), 11.25))
    mix = mixed(MixPlan(14.0, voices=lines), tmp_path)  # the second line crosses no block, the first neither
    assert len(mix) == 14 * SAMPLE_RATE
    assert band_level(between(mix, 1.0, 2.0), 450, 550) > 0.03
    assert band_level(between(mix, 11.25, 12.75), 850, 950) > 0.03
    assert np.abs(between(mix, 2.01, 11.2)).max() < 1e-3
    assert np.abs(between(mix, 12.76, 14)).max() < 1e-3


def test_a_line_over_the_border_of_two_blocks_has_no_gap(tmp_path: Path) -> None:
    mix = mixed(MixPlan(12.0, voices=(Voice(tone(tmp_path / "a.wav", 3, 480), 8.5),)), tmp_path)
    wave = between(mix, 8.5, 11.5)
    expected = np.sin(2 * np.pi * 480 * np.arange(len(wave)) / SAMPLE_RATE)
    assert np.corrcoef(wave, expected)[0, 1] > 0.999


def test_voices_of_any_level_and_format_come_out_alike(tmp_path: Path) -> None:
    tone(tmp_path / "quiet.wav", 2, 500, gain=0.02, channels=2)
    ffmpeg("-i", tmp_path / "quiet.wav", "-ar", "22050", tmp_path / "quiet.mp3")
    loud = tone(tmp_path / "loud.wav", 2, 500, gain=0.9)
    mix = mixed(MixPlan(6.0, voices=(Voice(tmp_path / "quiet.mp3", 0.5), Voice(loud, 3.5))), tmp_path)
    levels = [band_level(between(mix, start, start + 1), 450, 550) for start in (1.0, 4.0)]
    assert abs(decibels(levels[0]) - decibels(levels[1])) < 1


def test_music_goes_down_under_the_voice_and_comes_up_again(tmp_path: Path) -> None:
    music = tone(tmp_path / "music.wav", 12, 3000, channels=2)
    voice = Voice(tone(tmp_path / "voice.wav", 3, 300), 4.0)
    plan = MixPlan(12, voices=(voice,), music=music, music_fade_in_seconds=0, music_fade_out_seconds=0)
    mix = mixed(plan, tmp_path)
    alone, under, after = (
        decibels(band_level(between(mix, start, start + 1), 2900, 3100)) for start in (1.0, 5.0, 9.0)
    )
    assert under - alone == pytest.approx(DUCK_DECIBELS, abs=0.5)
    assert after == pytest.approx(alone, abs=0.2)
    assert decibels(band_level(between(mix, 5, 6), 200, 400)) > under + 9  # the voice is well above it
    even = mixed(MixPlan(12, voices=(voice,), music=music, ducking=False, music_fade_in_seconds=0), tmp_path)
    assert decibels(band_level(between(even, 5, 6), 2900, 3100)) == pytest.approx(alone, abs=0.5)


def test_short_pauses_do_not_let_the_music_come_up() -> None:
    times, gains = duck_curve([(5.0, 6.0), (6.5, 8.0), (12.0, 13.0)])
    assert times == pytest.approx([4.7, 5.0, 8.0, 8.8, 11.7, 12.0, 13.0, 13.8])
    assert gains == [0, DUCK_DECIBELS, DUCK_DECIBELS, 0] * 2
    assert duck_curve([]) == ([], [])


def test_music_that_is_too_short_is_looped_without_a_hole(tmp_path: Path) -> None:
    music = tone(tmp_path / "music.wav", 5, 1000, channels=2)
    mix = mixed(MixPlan(23, music=music, music_fade_in_seconds=0, music_fade_out_seconds=0), tmp_path)
    levels = [band_level(between(mix, at / 2, at / 2 + 0.5), 900, 1100) for at in range(46)]
    assert min(levels) > 0.35 * max(levels)


def test_music_fades_and_its_volume_counts(tmp_path: Path) -> None:
    music = tone(tmp_path / "music.wav", 10, 1000, channels=2)
    fade = {"music_fade_in_seconds": 2.0, "music_fade_out_seconds": 3.0}
    mix = mixed(MixPlan(10, music=music, music_volume=0.5, **fade), tmp_path)
    levels = [band_level(between(mix, at, at + 0.25), 900, 1100) for at in (0.0, 1.0, 5.0, 8.5, 9.75)]
    assert levels[0] < 0.15 * levels[2] < levels[1] < levels[2] > levels[3] > levels[4]
    louder = mixed(MixPlan(10, music=music, music_volume=1.0, **fade), tmp_path)
    assert band_level(between(louder, 5, 6), 900, 1100) == pytest.approx(
        2 * band_level(between(mix, 5, 6), 900, 1100), rel=0.01
    )


def test_effects_and_the_clips_own_sound_lie_low_in_their_shot_only(tmp_path: Path) -> None:
    own = OwnSound(tone(tmp_path / "own.wav", 9, 2000, gain=0.8, channels=2), 1.0, 3.0)
    mix = mixed(MixPlan(12, effects=(Effect("wind", 6.0, 4.0, 1),), own_sounds=(own,)), tmp_path)
    assert 0 < decibels(np.abs(between(mix, 1.5, 3.5)).max()) + 120 < 120 - 28
    assert decibels(np.abs(between(mix, 6.5, 9.5)).max()) < -20
    assert np.abs(between(mix, 6.5, 9.5)).max() > 0.003
    for start, end in ((0, 0.99), (4.01, 5.99), (10.01, 12)):
        assert np.abs(between(mix, start, end)).max() < 1e-4


def test_a_sound_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"no sound")
    for plan in (MixPlan(2, voices=(Voice(tmp_path / "a.wav", 0),)), MixPlan(2, music=tmp_path / "a.wav")):
        with pytest.raises(JobFailure) as failure:
            render_mix(plan, tmp_path / "mix.wav")
        assert failure.value.code == JobErrorCode.INVALID_INPUT
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []  # no scratch folder stays


@pytest.mark.parametrize("gain", [0.004, 0.2, 0.95])
async def test_any_mix_reaches_its_loudness_with_peaks_in_bounds(gain: float, tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    bursts = (chance.random(8 * 10) > 0.4).repeat(SAMPLE_RATE // 10)  # speech-like: on and off, with sharp peaks
    noise = chance.standard_normal(8 * SAMPLE_RATE) * bursts * gain / 4
    write_wav(tmp_path / "mix.wav", np.stack([noise, noise], axis=1).astype(np.float32))
    found = await master(tmp_path / "mix.wav", tmp_path / "out.m4a", Rendering(2, 60), seconds=8)
    again = await measure(tmp_path / "out.m4a", Rendering(2, 60))
    assert again == found
    assert again.integrated_lufs == pytest.approx(-16, abs=1)
    assert again.true_peak_dbtp < -1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mix.wav", "out.m4a"]


async def test_silence_stays_silent(tmp_path: Path) -> None:
    render_mix(MixPlan(2), tmp_path / "mix.wav")
    found = await master(tmp_path / "mix.wav", tmp_path / "out.m4a", Rendering(2, 60), seconds=2)
    assert found.integrated_lufs == -70
    assert wav_seconds(tmp_path / "mix.wav") == 2


def test_the_summary_is_read() -> None:
    text = "Summary:\n  Integrated loudness:\n    I:         -16.2 LUFS\n  True peak:\n    Peak:       -1.3 dBFS\n"
    assert parse_summary(text) == Loudness(-16.2, -1.3)
    assert parse_summary(text.replace("-16.2", "-inf").replace("-1.3", "-inf")) == Loudness(-70, -120)
