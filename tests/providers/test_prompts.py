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


def test_words_without_labels_are_the_action_and_parts_are_put_beside_them() -> None:
    parts = parse_prompt("a red fox jumps over a fence")
    assert parts == PromptParts(action="a red fox jumps over a fence")
    assert (
        compose_prompt(parts.replaced(scene="a farm"), "en") == "Scene: a farm. Action: a red fox jumps over a fence."
    )


def test_a_label_inside_a_sentence_is_no_label() -> None:
    assert parse_prompt("he read the words action: now") == PromptParts(action="he read the words action: now")
