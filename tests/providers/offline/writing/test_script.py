"""The whole script: scenes, shots, what is spoken, lengths, and both texts it prints."""

import re

import pytest

from errors import BadInputError
from providers.base import ScriptOrder
from providers.offline.writing import speech_seconds, write_script
from providers.prompts import SHOT_TYPE_WORDS, parse_prompt
from tests.providers.offline import stories
from tests.providers.offline.stories import letters, names, script_of, shots_of, spoken, talk

ALL_TEXTS = [
    stories.SMALL_MATTER,
    stories.RED_CAP,
    stories.WUXIA,
    stories.STARSHIP,
    stories.GARDEN,
    stories.CLASSROOM,
    stories.TEA_PARTY,
    stories.LANTERN,
]


def test_nothing_of_the_small_matter_is_lost_or_said_twice_except_the_tags() -> None:
    body = stories.SMALL_MATTER.split("鲁迅\n", 1)[1].replace("一九二〇年七月", "")
    for tag in ("我便对他说，", "问伊说：", "交给巡警，说，"):
        body = body.replace(tag, "交给巡警，" if tag.startswith("交给") else "")
    assert spoken(script_of(stories.SMALL_MATTER)) == letters(body)


def test_nothing_of_red_cap_is_lost_or_said_twice_except_the_tags() -> None:
    body = stories.RED_CAP.split("(public domain)", 1)[1]
    tags = (
        "said he.", "replied Little Red-Cap.", "The wolf thought to himself,", ", and then he said,",
        ", she thought,",
        "replied the wolf.", "called out the grandmother,", "She called out,", " she said,", "was the reply.",
        " she said.", ", and thought to himself,", "crying,", ", but Red-Cap thought to herself,",
        "said the grandmother,",
        ", and cried,", ", so she said to the child,",
    )  # fmt: skip
    for tag in tags:
        assert tag in body
        body = body.replace(tag, "")
    assert spoken(script_of(stories.RED_CAP)) == letters(body)


def test_the_small_matter_is_five_scenes_with_their_places_and_times() -> None:
    assert [scene.heading for scene in script_of(stories.SMALL_MATTER).scenes] == [
        "外景 京城 日",
        "外景 大道 清晨",
        "外景 巡警分驻所 清晨",
        "外景 大道 清晨",
        "外景 京城 日",
    ]


def test_scenes_change_with_place_and_time() -> None:
    assert [scene.heading for scene in script_of(stories.STARSHIP).scenes] == [
        "内景 休眠舱 日",
        "内景 舰桥 日",
        "内景 实验室 日",
    ]
    assert [scene.heading for scene in script_of(stories.WUXIA).scenes] == ["外景 断桥 夜", "外景 桥头 清晨"]
    headings = [scene.heading for scene in script_of(stories.RED_CAP).scenes]
    assert headings[0] == "INT. HOME - DAY"
    assert "EXT. WOOD - MORNING" in headings
    assert "INT. GRANDMOTHER'S HOUSE - DAY" in headings


@pytest.mark.parametrize("text", ALL_TEXTS, ids=lambda text: text[:12].strip())
def test_every_shot_is_whole(text: str) -> None:
    script = script_of(text)
    assets = {asset.name: asset for asset in script.assets}
    assert len(assets) == len(script.assets)
    assert [scene.number for scene in script.scenes] == list(range(1, len(script.scenes) + 1))
    for scene in script.scenes:
        for shot in scene.shots:
            voice = speech_seconds(shot.narration or "", script.language) + speech_seconds(
                shot.dialogue or "", script.language
            )
            parts = parse_prompt(shot.prompt)
            assert shot.narration or shot.dialogue
            assert bool(shot.dialogue) == bool(shot.speaker)
            assert shot.duration_seconds >= max(voice, 2.0)
            assert shot.duration_seconds <= max(5.0, voice + 0.6)
            assert shot.shot_type in SHOT_TYPE_WORDS
            assert shot.title
            assert shot.bgm_hint
            assert parts.shot and parts.scene and parts.action and parts.style  # noqa: PT018
            assert set(shot.asset_names) <= assets.keys()
            assert assets[shot.asset_names[0]].type == "SCENE"
            assert shot.speaker is None or assets[shot.speaker].type == "CHARACTER"
            assert bool(parts.character) == any(assets[name].type == "CHARACTER" for name in shot.asset_names)
        assert set(scene.characters) <= assets.keys()
    assert all(asset.name in text or asset.type == "SCENE" for asset in script.assets)


def test_sentences_that_are_too_long_for_a_shot_are_cut_where_a_voice_pauses() -> None:
    for shot in shots_of(script_of(stories.SMALL_MATTER)):
        if shot.narration:
            assert shot.narration[-1] in "，。；：！？…”"


def test_a_scene_opens_wide_and_shot_types_vary() -> None:
    script = script_of(stories.RED_CAP)
    wide = {"EXTREME_LONG", "LONG", "FULL"}
    assert all(scene.shots[0].shot_type in wide for scene in script.scenes if not scene.shots[0].dialogue)
    kinds = [shot.shot_type for shot in shots_of(script)]
    assert len(set(kinds)) >= 6
    assert all(len({*kinds[index : index + 3]}) > 1 for index in range(len(kinds) - 2))


@pytest.mark.parametrize("text", [stories.SMALL_MATTER, stories.RED_CAP], ids=["zh", "en"])
@pytest.mark.parametrize("target", [12, 25, 60, 90])
def test_a_wished_number_of_shots_is_kept_to_a_tenth(text: str, target: int) -> None:
    script = script_of(text, target_shots=target)
    assert abs(len(shots_of(script)) - target) <= target * 0.1
    assert names(script)


def test_more_shots_than_words_can_fill_become_views_and_listeners() -> None:
    script = script_of(stories.CLASSROOM, target_shots=40)
    silent = [shot for shot in shots_of(script) if not shot.narration and not shot.dialogue]
    assert abs(len(shots_of(script)) - 40) <= 4
    assert silent
    assert all(shot.duration_seconds == 2.0 for shot in silent)
    assert spoken(script) == spoken(script_of(stories.CLASSROOM))


@pytest.mark.parametrize("text", [stories.SMALL_MATTER, stories.RED_CAP], ids=["zh", "en"])
@pytest.mark.parametrize("seconds", [45.0, 90.0, 150.0])
def test_a_wished_length_is_reached_by_leaving_out_and_keeps_the_order(text: str, seconds: float) -> None:
    whole, short = script_of(text), script_of(text, duration_hint_seconds=seconds)
    total = sum(shot.duration_seconds for shot in shots_of(short))
    assert seconds * 0.75 <= total <= seconds * 1.25
    position = 0
    for shot in shots_of(short):
        for sentence in re.split(r"[。！？；.!?;]", f"{shot.narration or ''}.{shot.dialogue or ''}"):
            position = spoken(whole).find(letters(sentence), position)
            assert position >= 0, sentence
    assert talk(short)


def test_a_wished_length_beyond_the_words_holds_the_pictures_longer() -> None:
    script = script_of(stories.CLASSROOM, duration_hint_seconds=55.0)
    assert sum(shot.duration_seconds for shot in shots_of(script)) == pytest.approx(55.0, abs=0.5)
    assert spoken(script) == spoken(script_of(stories.CLASSROOM))


def test_the_same_order_gives_the_same_script() -> None:
    order = ScriptOrder(stories.WUXIA, target_shots=12)
    assert write_script(order) == write_script(order)


def test_the_given_style_tone_and_bounds_are_in_every_shot() -> None:
    script = script_of(stories.CLASSROOM, style="水墨", tone="温暖", shot_seconds_min=3.0, shot_seconds_max=8.0)
    shots = shots_of(script)
    assert all(
        "水墨" in parse_prompt(shot.prompt).style and "温暖" in parse_prompt(shot.prompt).style for shot in shots
    )
    assert all(shot.duration_seconds >= 3.0 for shot in shots)
    assert len(shots) < len(shots_of(script_of(stories.CLASSROOM)))


def test_title_author_and_credits_are_read_and_not_spoken() -> None:
    assert script_of(stories.SMALL_MATTER).title == "一件小事"
    assert script_of(stories.RED_CAP).title == "Little Red-Cap"
    assert "Author: 鲁迅" in script_of(stories.SMALL_MATTER).screenplay
    assert "MargaretHunt" not in spoken(script_of(stories.RED_CAP))


def test_a_text_without_words_is_refused() -> None:
    with pytest.raises(BadInputError):
        write_script(ScriptOrder(" …… \n\n — "))


def test_progress_rises_to_one() -> None:
    seen: list[float] = []
    write_script(ScriptOrder(stories.WUXIA), seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


@pytest.mark.parametrize(
    ("text", "language", "seconds"),
    [
        ("他走了九步。", "zh", 5 / 4.5),
        ("他走了。她没有走。", "zh", 7 / 4.5 + 0.35),
        ("他走了，她没有。", "zh", 6 / 4.5 + 0.18),
        ("one two three four five.", "en", 5 * 60 / 155),
        ("……", "zh", 0.0),
    ],
)
def test_a_voices_time_is_counted_by_characters_or_words_and_pauses(text: str, language: str, seconds: float) -> None:
    assert speech_seconds(text, language) == pytest.approx(seconds)


def test_a_long_text_is_written_once_through() -> None:
    """Forty chapters: what is spoken is the text, and chapters begin scenes."""
    body = stories.SMALL_MATTER.split("鲁迅\n", 1)[1].replace("一九二〇年七月", "").strip()
    text = "\n\n".join(f"第{number}章\n\n{body}" for number in range(1, 41))
    script = write_script(ScriptOrder(text))
    one = spoken(script_of(stories.SMALL_MATTER))
    assert spoken(script) == one * 40
    assert len(script.scenes) >= 5 * 40
    assert names(script) == ["我", "车夫", "老女人", "巡警"]
    few = write_script(ScriptOrder(text, target_shots=30))
    assert abs(len(shots_of(few)) - 30) <= 3


def test_a_text_of_one_endless_word_has_no_words() -> None:
    for text in ("a" * 2_000_000, "аб1_" * 500, "# " + "x" * 400):
        with pytest.raises(BadInputError, match="no words"):
            write_script(ScriptOrder(text))


def test_an_endless_word_within_a_text_is_left_out_and_long_chinese_is_kept() -> None:
    said = spoken(script_of(f"Tom ran home. {'x' * 300} He slept."))
    assert said == letters("Tom ran home. He slept.")
    chinese = "小满走过海边看见灯塔" * 30
    assert spoken(script_of(chinese)) == chinese


def test_night_and_rain_end_where_the_text_says_so() -> None:
    script = script_of(
        "暴风雨的夜里，小满来到灯塔。\n“我找不到家了。”小满说。\n天亮了，雨停了。小满沿着海滩回家。",
    )
    assert [scene.heading.split()[-1] for scene in script.scenes] == ["夜", "清晨"]
    assert "雨" not in parse_prompt(script.scenes[-1].shots[-1].prompt).scene
    script = script_of(
        "It was a stormy night. Mina climbed up to the lighthouse. Tom opened the door.\n\n"
        "They waited until morning. The cat sat by the door. Mina laughed."
    )
    assert [scene.heading for scene in script.scenes] == ["INT. LIGHTHOUSE - NIGHT", "INT. LIGHTHOUSE - MORNING"]
