"""What an edit makes of a shot's prompt."""

import pytest

from models.enums import ShotType
from services.film.storyboards import ShotChanges, edited_prompt

LABELLED = "Shot: close-up. Scene: a street. Characters: Anna. Action: Anna runs. Style: anime."


@pytest.mark.parametrize(
    ("prompt", "changes", "expected"),
    [
        (LABELLED, {}, LABELLED),
        (LABELLED, {"prompt": " A red dog. "}, "A red dog."),
        (LABELLED, {"scene": "a harbour"}, LABELLED.replace("a street", "a harbour")),
        (LABELLED, {"action": "Anna sits"}, LABELLED.replace("Anna runs", "Anna sits")),
        (LABELLED, {"shot_type": ShotType.LONG}, LABELLED.replace("close-up", "long shot")),
        (LABELLED, {"character": "Tom"}, LABELLED.replace("Characters: Anna", "Characters: Tom")),
        ("A red dog", {"action": "it sleeps"}, "A red dog. Action: it sleeps."),
        # Both given at once are both meant.
        (LABELLED, {"prompt": "a cat", "action": "runs"}, "a cat. Action: runs."),
        (LABELLED, {"prompt": "a cat", "scene": "a roof"}, "a cat. Scene: a roof."),
    ],
)
def test_a_prompt_is_replaced_as_a_whole_or_in_its_parts(
    prompt: str, changes: dict[str, object], expected: str
) -> None:
    assert edited_prompt(prompt, ShotChanges(1, **changes), "en") == expected  # type: ignore[arg-type]


def test_the_words_for_a_shot_type_are_in_the_storys_language() -> None:
    prompt = edited_prompt("景别：近景。动作：走。", ShotChanges(1, shot_type=ShotType.LONG), "zh")
    assert prompt == "景别：远景。动作：走。"
