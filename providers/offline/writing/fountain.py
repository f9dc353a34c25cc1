"""Formats a script as Fountain (fountain.io/syntax) and as a readable shot list."""

import re
from collections.abc import Sequence

from providers.base import DraftScene, DraftShot
from providers.prompts import SHOT_TYPE_WORDS, parse_prompt

NARRATOR = {"zh": "旁白", "en": "NARRATOR"}
_FORCED_ACTION = re.compile(r"^(?:[.@!#>~=]|(?:INT|EXT|EST|I/E)\b|[^a-z]*[A-Z][^a-z]*$)")


def screenplay(title: str, author: str | None, scenes: Sequence[DraftScene], language: str) -> str:
    """Valid Fountain: Chinese headings are forced with a dot and Chinese names with @, as they have no capitals."""
    lines = [f"Title: {_one_line(title)}"]
    if author:
        lines += ["Credit: by" if language == "en" else "Credit: 原著", f"Author: {_one_line(author)}"]
    lines += ["", ""]
    for scene in scenes:
        lines += [_heading(scene.heading, language), ""]
        for shot in scene.shots:
            lines += [_action(_told(shot.prompt), language), ""]
            if shot.narration:
                lines += [_cue(NARRATOR[language], language, " (V.O.)"), _speech(shot.narration), ""]
            if shot.dialogue and shot.speaker:
                lines += [_cue(shot.speaker, language), _speech(shot.dialogue), ""]
    return "\n".join(lines).rstrip() + "\n"


def _heading(heading: str, language: str) -> str:
    return f".{heading}" if language == "zh" else heading


def _cue(name: str, language: str, extension: str = "") -> str:
    plain = name.upper()
    if language == "en" and re.fullmatch(r"[A-Z][A-Z0-9 .'’-]*[A-Z.]", plain) and len(plain) > 1:
        return plain + extension
    return f"@{name}{extension}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _escape(text: str) -> str:
    return re.sub(r"([*_\\])", r"\\\1", _one_line(text))


def _speech(text: str) -> str:
    # A line in brackets would parse as a parenthetical, one that begins with two spaces as an empty line.
    escaped = _escape(text)
    return f"\u200b{escaped}" if escaped.startswith("(") else escaped


def _action(text: str, language: str) -> str:
    escaped = _escape(text[:1].upper() + text[1:])
    return f"!{escaped}" if _FORCED_ACTION.match(escaped) else escaped


def shot_list(title: str, scenes: Sequence[DraftScene], language: str) -> str:
    """Each scene with its shots: number, shot type, length, picture, words."""
    is_chinese = language == "zh"
    lines = [f"《{title}》分镜" if is_chinese else f"{title}: shot list", ""]
    number = 0
    for scene in scenes:
        lines += [f"{'场景' if is_chinese else 'Scene'} {scene.number}  {scene.heading}", ""]
        for shot in scene.shots:
            number += 1
            lines += _shot_lines(number, shot, language)
    return "\n".join(lines).rstrip() + "\n"


def _shot_lines(number: int, shot: DraftShot, language: str) -> list[str]:
    kind = SHOT_TYPE_WORDS[shot.shot_type][language]
    action = _told(shot.prompt)
    if language == "zh":
        lines = [f"{number}. 【{kind}，{shot.duration_seconds:.1f} 秒】{action}"]
        lines += [f"   旁白：{shot.narration}"] if shot.narration else []
        lines += [f"   {shot.speaker}：{shot.dialogue}"] if shot.dialogue else []
    else:
        lines = [f"{number}. [{kind}, {shot.duration_seconds:.1f} s] {action}"]
        lines += [f"   Narrator: {shot.narration}"] if shot.narration else []
        lines += [f"   {shot.speaker}: {shot.dialogue}"] if shot.dialogue else []
    return [*lines, ""]


def _told(prompt: str) -> str:
    parts = parse_prompt(prompt)
    return parts.action or parts.free
