from pathlib import Path

import numpy as np
import pytest

from media.effects import EFFECTS, choose_effects, effect_samples, render_effect
from media.samples import gated_level
from tests.media.conftest import band_level, wav_seconds


@pytest.mark.parametrize(
    ("prompt", "effects"),
    [
        ("景别：远景。场景：外景 街道 冬日早晨，大北风。动作：车夫拉着人力车。", ("wind", "horse")),
        ("a quiet room", ()),
        ("INT. kitchen - night, rain outside", ("rain",)),
        ("内景 客厅 夜，壁炉", ("fire",)),
        ("brainstorming a training plan", ()),
        ("thunder and rain over the sea", ("thunder", "rain")),
        ("海边，风", ("waves", "wind")),
        ("", ()),
    ],
)
def test_effects_are_read_from_the_prompt(prompt: str, effects: tuple[str, ...]) -> None:
    assert choose_effects(prompt) == effects


@pytest.mark.parametrize("name", EFFECTS)
def test_each_effect_sounds_at_one_level_from_its_seed(name: str) -> None:
    sound = effect_samples(name, 2.5, 7)
    assert sound.shape == (120_000, 2)
    assert 0.05 < gated_level(sound) < 0.11
    assert np.abs(sound).max() < 1
    assert np.array_equal(sound, effect_samples(name, 2.5, 7))
    assert not np.array_equal(sound, effect_samples(name, 2.5, 8))


def test_effects_differ_in_what_they_are_made_of() -> None:
    def share(name: str, low: float, high: float) -> float:
        left = effect_samples(name, 4, 1)[:, 0]
        return band_level(left, low, high) / band_level(left, 20, 20_000)

    assert share("wind", 20, 600) > 0.9
    assert share("rain", 1000, 20_000) > 0.9
    assert share("crickets", 3500, 5500) > 0.8
    assert share("thunder", 20, 300) > 0.8


def test_an_effect_can_be_a_file(tmp_path: Path) -> None:
    assert render_effect("wind", 1.5, 1, tmp_path / "a.wav") == 1.5 == wav_seconds(tmp_path / "a.wav")
    with pytest.raises(KeyError):
        render_effect("silence", 1, 1, tmp_path / "b.wav")
    assert not (tmp_path / "b.wav").exists()
