"""Labelled prompts: composing, parsing and replacing parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.prompts import PromptParts, compose_prompt, parse_prompt

_text = st.text(st.sampled_from("abc 街道走。.,，山 dD"), max_size=30).map(
    lambda text: " ".join(text.split()).strip(" .。")
)


@pytest.mark.parametrize("language", ["en", "zh", "zh-CN", "ja"])
@given(shot=_text, scene=_text, character=_text, action=_text, style=_text)
def test_a_composed_prompt_reads_back_as_its_parts(
    language: str, shot: str, scene: str, character: str, action: str, style: str
) -> None:
    parts = PromptParts(shot, scene, character, action, style)
    assert parse_prompt(compose_prompt(parts, language)) == parts


def test_one_part_is_replaced_and_the_rest_stays() -> None:
    prompt = "Shot: close-up. Scene: a street. Action: Tom runs."
    assert compose_prompt(parse_prompt(prompt).replaced(scene="a harbour at night"), "en") == (
        "Shot: close-up. Scene: a harbour at night. Action: Tom runs."
    )


def test_words_without_labels_are_free_text_and_parts_are_put_beside_them() -> None:
    parts = parse_prompt("a red fox jumps over a fence")
    assert parts == PromptParts(free="a red fox jumps over a fence")
    assert compose_prompt(parts.replaced(scene="a farm"), "en") == "a red fox jumps over a fence. Scene: a farm."


def test_a_label_inside_a_sentence_is_no_label() -> None:
    assert parse_prompt("he read the words action: now") == PromptParts(free="he read the words action: now")


FREE = {
    "nothing but": "a red fox jumps over a fence",
    "before the labels": "Keep it in the fox's eyes! Shot: close-up. Action: a fox runs.",
    "a line of its own": "Shot: close-up.\nKeep it in the fox's eyes\nAction: a fox runs.",
    "behind the last part": "Shot: close-up. Action: a fox runs.\n\nKeep it in the fox's eyes",
    "behind a label of its own": "Scene: a yard. Lighting: Keep it in the fox's eyes. Action: a fox runs.",
    "in Chinese": "场景：院子。光线：fox 的眼睛。动作：狐狸跑。",
    "in Chinese, before": "fox 的眼睛！动作：狐狸跑。",
}


@pytest.mark.parametrize("where", FREE)
@pytest.mark.parametrize("part", ["shot", "scene", "character", "action"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_replacement_drops_free_text_however_often(where: str, part: str, language: str) -> None:
    prompt = FREE[where]
    for number in range(3):
        prompt = compose_prompt(parse_prompt(prompt).replaced(**{part: f"the new one {number}"}), language)
        assert prompt.count("fox") == FREE[where].count("fox") - (part == "action" and "a fox runs" in FREE[where])
    assert "the new one 2" in prompt
    assert "the new one 1" not in prompt
    assert compose_prompt(parse_prompt(prompt), language) == prompt


def test_what_somebody_says_in_an_action_is_part_of_it() -> None:
    assert parse_prompt("动作：门开了。老人说：“走。”") == PromptParts(action="门开了。老人说：“走。”")
