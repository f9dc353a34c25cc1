"""What a script keeps true from shot to shot, and how it shows thoughts."""

import itertools

from providers.base import DraftShot
from providers.prompts import parse_prompt
from tests.providers.offline import stories
from tests.providers.offline.stories import script_of


def shots_of(text: str) -> list[DraftShot]:
    return [shot for scene in script_of(text).scenes for shot in scene.shots]


def telling(shots: list[DraftShot], words: str) -> int:
    return next(index for index, shot in enumerate(shots) if words in (shot.narration or ""))


def test_one_who_hired_a_rickshaw_sits_in_it_until_getting_out() -> None:
    shots = shots_of(stories.SMALL_MATTER)
    hired, left = telling(shots, "雇定了一辆人力车"), telling(shots, "下了车")
    assert hired < left
    riding = [shot for shot in shots[hired:left] if "我" in shot.asset_names]
    assert len(riding) > 3
    for shot in riding:
        assert "我坐在人力车上" in parse_prompt(shot.prompt).action
        assert "人力车" in shot.asset_names
    for shot in [*shots[:hired], *shots[left + 1 :]]:
        assert "坐在人力车上" not in shot.prompt


def test_putting_the_rickshaw_down_is_not_getting_out_of_it() -> None:
    shots = shots_of(stories.SMALL_MATTER)
    down = telling(shots, "放下车子")
    assert any("我坐在人力车上" in shot.prompt for shot in shots[down + 1 :])


def test_the_wolf_lies_in_bed_in_the_nightcap_where_the_grandmother_is_meant() -> None:
    shots = shots_of(stories.RED_CAP)
    lay = shots[telling(shots, "There lay her grandmother")]
    assert "wolf" in lay.asset_names
    assert "grandmother" not in lay.asset_names
    assert "nightcap" in parse_prompt(lay.prompt).character
    assert "lying in bed" in parse_prompt(lay.prompt).character
    for shot in shots[: telling(shots, "dressed himself in her cap")]:
        assert "nightcap" not in shot.prompt


def test_the_grandmother_is_herself_again_once_she_is_out() -> None:
    shots = shots_of(stories.RED_CAP)
    freed = shots[telling(shots, "the aged grandmother came out alive")]
    assert "grandmother" in freed.asset_names
    assert "wolf" not in freed.asset_names


def test_one_who_fell_lies_there_until_helped_up() -> None:
    shots = shots_of(stories.SMALL_MATTER)
    seen = shots[telling(shots, "又没有别人看见")]
    assert parse_prompt(seen.prompt).action.startswith("老女人倒在地上")
    after = shots[telling(shots, "一步一步的向前走")]
    assert "倒在地上" not in after.prompt


def test_nobody_else_is_put_to_bed() -> None:
    for shot in shots_of(stories.RED_CAP):
        for person in parse_prompt(shot.prompt).character.split("; "):
            assert "lying in bed" not in person or person.startswith(("wolf", "grandmother"))


def test_who_went_into_the_house_is_shown_inside() -> None:
    shots = shots_of(stories.RED_CAP)
    assert "exterior" in parse_prompt(shots[telling(shots, "knocked at the door")].prompt).scene
    assert "interior" in parse_prompt(shots[telling(shots, "dressed himself in her cap")].prompt).scene


def test_thoughts_in_a_row_are_shown_in_different_ways() -> None:
    shots = shots_of(stories.SMALL_MATTER)[:8]
    actions = [parse_prompt(shot.prompt).action for shot in shots]
    assert len(set(actions)) >= 7
    assert all(first.shot_type != second.shot_type for first, second in itertools.pairwise(shots))
    assert any("双手" in action for action in actions)
    assert any("背影" in action for action in actions)


def test_the_writers_own_style_asks_for_full_colours() -> None:
    for text in (stories.SMALL_MATTER, stories.RED_CAP):
        for shot in shots_of(text):
            assert "柔" not in parse_prompt(shot.prompt).style
            assert "soft" not in parse_prompt(shot.prompt).style


def test_what_a_short_script_leaves_out_has_happened_all_the_same() -> None:
    shots = [shot for scene in script_of(stories.RED_CAP, target_shots=14).scenes for shot in scene.shots]
    assert not any("dressed himself" in (shot.narration or "") for shot in shots)
    cutting = shots[telling(shots, "cut open the stomach")]
    assert "wolf (a wolf, in a nightcap, lying in bed)" in cutting.prompt
    for shot in shots[: telling(shots, "occurred to him that the wolf might have devoured")]:
        assert "nightcap" not in shot.prompt
    for shot in shots[telling(shots, "occurred to him") : telling(shots, "cut open")]:
        assert "grandmother" not in shot.asset_names
