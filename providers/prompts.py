"""Prompts of shots as named parts, which can be replaced individually.

A prompt reads "Shot: close-up. Scene: a street, winter morning. Characters: …. Action: …. Style: …." in English and
"景别：近景。场景：……。人物：……。动作：……。风格：……。" in Chinese. What a user wrote without these labels
is free text: it belongs to no part, so that no replacement removes it, and it stands before the parts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

SHOT_TYPE_WORDS: dict[str, dict[str, str]] = {
    "EXTREME_LONG": {"en": "extreme long shot", "zh": "大远景"},
    "LONG": {"en": "long shot", "zh": "远景"},
    "FULL": {"en": "full shot", "zh": "全景"},
    "MEDIUM": {"en": "medium shot", "zh": "中景"},
    "CLOSE_UP": {"en": "close-up", "zh": "近景"},
    "EXTREME_CLOSE_UP": {"en": "extreme close-up", "zh": "特写"},
    "OVER_THE_SHOULDER": {"en": "over-the-shoulder shot", "zh": "过肩镜头"},
    "POINT_OF_VIEW": {"en": "point-of-view shot", "zh": "主观镜头"},
}

_LABELS: dict[str, dict[str, str]] = {
    "shot": {"en": "Shot", "zh": "景别"},
    "scene": {"en": "Scene", "zh": "场景"},
    "character": {"en": "Characters", "zh": "人物"},
    "action": {"en": "Action", "zh": "动作"},
    "style": {"en": "Style", "zh": "风格"},
}
_PART_BY_LABEL = {label.lower(): part for part, labels in _LABELS.items() for label in labels.values()}
_LABEL_PATTERN = re.compile(
    r"(?:^|(?<=[.。!?！？…\n]))\s*(" + "|".join(sorted(_PART_BY_LABEL, key=len, reverse=True)) + r")\s*[:：]\s*",
    re.IGNORECASE,
)


# Labels of users' own, which begin free text: a colon alone does not, since dialogues have some.
_OWN_LABELS = (
    "Lighting|Light|Mood|Atmosphere|Camera|Lens|Colou?rs?|Palette|Background|Foreground|Time|Weather|Composition|"
    "Quality|Details?|Notes?|Emotion|Sound|"
    "光线|光照|灯光|光影|氛围|气氛|情绪|镜头|运镜|色调|色彩|背景|前景|时间|天气|构图|画质|质感|细节|备注|注意"
)
_FREE_TEXT = re.compile(rf"\n+|(?<=[.。!?！？…])\s*(?=(?:{_OWN_LABELS})\s*[:：])", re.IGNORECASE)
_ENDED = re.compile(r"[.。!?！？…\n][\"'”’」』)）]*\Z")


@dataclass(frozen=True)
class PromptParts:
    """shot: the shot type in words. free: what belongs to no part. Empty parts are omitted from the prompt."""

    shot: str = ""
    scene: str = ""
    character: str = ""
    action: str = ""
    style: str = ""
    free: str = ""

    def replaced(self, **changes: str | None) -> "PromptParts":
        """A copy with the given parts (not None) replaced."""
        return replace(self, **{name: value for name, value in changes.items() if value is not None})


def compose_prompt(parts: PromptParts, language: str) -> str:
    """The labelled prompt, with Chinese labels for languages that start with zh, else with English ones."""
    is_chinese = language.startswith("zh")
    key, colon, stop = ("zh", "：", "。") if is_chinese else ("en", ": ", ". ")
    pieces = [
        f"{labels[key]}{colon}{text.strip().rstrip('.。')}{stop}"
        for part, labels in _LABELS.items()
        if (text := getattr(parts, part)).strip()
    ]
    free = parts.free.strip()
    if free and pieces:
        free += stop if _ENDED.search(free) is None else "" if is_chinese else " "
    return (free + "".join(pieces)).strip()


def parse_prompt(prompt: str) -> PromptParts:
    """The parts of a labelled prompt. Free text is what stands before the first label, on a line of its own without a
    label, and behind a label of the user's own.
    """
    pieces = _LABEL_PATTERN.split(prompt.strip())
    parts: dict[str, str] = {}
    free = [pieces[0].strip()]
    for label, text in zip(pieces[1::2], pieces[2::2], strict=True):
        part = _PART_BY_LABEL[label.lower()]
        told, *others = _FREE_TEXT.split(text.strip())
        free += [other.strip() for other in others]
        value = told.strip().rstrip(".。").strip()
        parts[part] = f"{parts[part]}. {value}" if parts.get(part) else value
    return PromptParts(**parts, free="\n".join(filter(None, free)))


def design_prompt(prompt: str, style: str | None) -> str:
    """The prompt for an asset's design, with the style added if the prompt does not contain it."""
    return _with_style(prompt, style)


def composed_prompt(prompt: str, style: str | None, shown: Sequence[str]) -> str:
    """The prompt for a shot composed from reference pictures, with the style and the subject of each picture.

    shown: names of the subjects, in the order of the pictures.
    """
    styled = _with_style(prompt, style)
    if not shown:
        return styled
    if _is_chinese(prompt):
        names = "，".join(f"图{number}是{name}" for number, name in enumerate(shown, 1))
        return f"{styled}参考图：{names}，样貌与服装保持一致。"
    names = ", ".join(f"picture {number} shows {name}" for number, name in enumerate(shown, 1))
    return f"{styled} References: {names}; keep faces and clothes the same."


def _with_style(prompt: str, style: str | None) -> str:
    if not style or style in prompt:
        return prompt
    return f"{prompt}风格：{style}。" if _is_chinese(prompt) else f"{prompt.rstrip()} Style: {style}."


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)
