"""The Chinese and English labels of a prompt, which mark its shot, scene, people and action."""

import re

_LABELS = {
    "shot": ("shot", "shot type", "framing", "景别", "镜头"),
    "scene": ("scene", "place", "setting", "location", "场景", "地点"),
    "character": ("characters", "character", "人物", "角色"),
    "action": ("action", "动作", "画面", "情节"),
    "style": ("style", "风格"),
    "props": ("props", "prop", "道具"),
}
_PART_BY_LABEL = {label: part for part, labels in _LABELS.items() for label in labels}
_LABEL_PATTERN = re.compile(
    r"(?:^|(?<=[.。;；,，\n]))\s*(" + "|".join(sorted(_PART_BY_LABEL, key=len, reverse=True)) + r")\s*[:：]\s*",
    re.IGNORECASE,
)


def prompt_parts(prompt: str) -> dict[str, str]:
    """Labelled parts in lower case; unlabelled words are the action."""
    pieces = _LABEL_PATTERN.split(prompt.strip())
    parts = dict.fromkeys(_LABELS, "")
    parts["action"] = pieces[0].strip().lower()
    for label, text in zip(pieces[1::2], pieces[2::2], strict=True):
        part = _PART_BY_LABEL[label.lower()]
        parts[part] = " ".join((parts[part], text.strip(" .。\n").lower())).strip()
    return parts
