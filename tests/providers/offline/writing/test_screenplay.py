"""Screenplays and outlines: read as input, and written as valid Fountain that reads back the same."""

import re

import pytest

from providers.base import ScriptDraft
from tests.providers.offline import stories
from tests.providers.offline.stories import letters, names, script_of, shots_of, spoken, talk

FOUNTAIN = """Title: The Well
Author: A. Writer

EXT. VILLAGE SQUARE - NIGHT

Rain. MARTHA, 70, draws water. She hears a voice.

VOICE (O.S.)
Is anybody there?

MARTHA
(afraid)
Who are you?

CUT TO:

INT. MARTHA'S KITCHEN - MORNING

Martha drinks her tea.

@McGregor
I heard it too.
"""

PLAIN_CHINESE = """第一场 内景 茶馆 日

△张三坐在桌边，手里拿着一封信。

张三：（低声）你终于来了。
李四：路上下雨。

第二场 外景 河边 夜

李四把信扔进河里。
旁白：信就这样消失了。
"""


def test_fountain_is_read_with_its_scenes_speakers_and_action() -> None:
    script = script_of(FOUNTAIN, input_type="SCREENPLAY")
    assert script.title == "The Well"
    assert [scene.heading for scene in script.scenes] == [
        "EXT. VILLAGE SQUARE - NIGHT",
        "INT. MARTHA'S KITCHEN - MORNING",
    ]
    assert talk(script) == [("Voice", "Is anybody there?"), ("Martha", "Who are you?"), ("McGregor", "I heard it too.")]
    assert "afraid" not in spoken(script)
    assert "CUT" not in spoken(script)


def test_a_plain_chinese_script_is_read() -> None:
    script = script_of(PLAIN_CHINESE, input_type="SCREENPLAY")
    assert [scene.heading for scene in script.scenes] == ["内景 茶馆 日", "外景 河边 夜"]
    assert talk(script) == [("张三", "你终于来了。"), ("李四", "路上下雨。")]
    assert "信就这样消失了。" in [shot.narration for shot in shots_of(script)][-1]
    assert names(script) == ["张三", "李四"]


def test_an_outline_becomes_a_scene_per_point() -> None:
    outline = (
        "The Wolf\n\n1. The wolf comes to the village.\n   - He knocks at the door.\n2. The huntsman hears him.\n"
        "3. The wolf flees into the wood."
    )
    script = script_of(outline, input_type="OUTLINE")
    assert len(script.scenes) == 3
    assert "1" not in spoken(script)
    assert sorted(names(script)) == ["huntsman", "wolf"]


def turns(script: ScriptDraft) -> list[tuple[str, str]]:
    """Who says what, in turns, whatever is narrated in between."""
    lines: list[tuple[str, str]] = []
    for speaker, words in talk(script):
        name = (speaker or "").casefold()
        lines = (
            [*lines[:-1], (name, lines[-1][1] + letters(words))]
            if lines and lines[-1][0] == name
            else [*lines, (name, letters(words))]
        )
    return lines


@pytest.mark.parametrize("text", [stories.SMALL_MATTER, stories.RED_CAP, stories.WUXIA, stories.TEA_PARTY])
def test_the_screenplay_reads_back_with_the_same_scenes_and_words(text: str) -> None:
    script = script_of(text)
    again = script_of(script.screenplay, input_type="SCREENPLAY")
    assert again.title == script.title
    assert [scene.heading for scene in again.scenes] == [scene.heading for scene in script.scenes]
    assert turns(again) == turns(script)


@pytest.mark.parametrize("text", [stories.SMALL_MATTER, stories.RED_CAP])
def test_the_screenplay_is_fountain(text: str) -> None:
    """Headings and cues stand after an empty line, a cue has words in the next line, Chinese ones are forced."""
    script = script_of(text)
    lines = script.screenplay.split("\n")
    assert lines[0] == f"Title: {script.title}"
    headings = [f".{scene.heading}" if script.language == "zh" else scene.heading for scene in script.scenes]
    found = [line for line in lines if re.match(r"^(?:\.[^.]|INT\.|EXT\.)", line)]
    assert found == headings
    for index, line in enumerate(lines):
        if line in headings:
            continue
        if line.startswith("@") or re.fullmatch(r"[A-Z][A-Z .'-]+(?: \(V\.O\.\))?", line):
            assert lines[index - 1] == ""
            assert lines[index + 1].strip()
            assert lines[index + 2] == ""


def test_the_shot_list_numbers_every_shot() -> None:
    script = script_of(stories.SMALL_MATTER)
    numbers = re.findall(r"^(\d+)\. 【", script.storyboard_script, re.MULTILINE)
    assert [int(number) for number in numbers] == list(range(1, len(shots_of(script)) + 1))
    assert "车夫：你怎么啦？" in script.storyboard_script
