"""Finds the words that a person changed in a scene's design, compared to those of its script."""

import re

_WRITTEN = re.compile(
    r"(?P<told>[^,，]+(?:, (?:interior|exterior), (?:[a-z]+ )?(?P<time>dawn|morning|day|evening|night)(?:, [a-z]+)?|"
    r"，室[内外]，(?:[春夏秋冬]天)?(?P<zh_time>清晨|白天|黄昏|夜晚)(?:，[\u4e00-\u9fff]{1,3})?))(?=[\s,，.。]|$)"
)
_ORDER = re.compile(r"^(?:scene design: |场景设定：)")
_EMPTY = re.compile(r"^(?:, empty, nobody in view|，空景，无人物)")


def written_time(description: str) -> str:
    """The time of day that the script wrote into a scene's description (lower case); "" where it wrote none."""
    match = _WRITTEN.match(description)
    return (match.group("time") or match.group("zh_time")) if match else ""


def changed_design(name: str, description: str, style: str | None) -> str:
    """The words of a scene's description, in lower case, that the script did not write: a new prompt or an addition.

    The description may be followed by a design order. All words where neither was written by the script.
    """
    rest = description.strip()
    if (match := _WRITTEN.match(rest)) and match.group("told").startswith(name):
        told = match.group("told")
        rest = rest[match.end() :].strip()
        rest = _EMPTY.sub("", _ORDER.sub("", rest).removeprefix(told))
    rest = rest.strip(" ,，.。").removesuffix((style or "").lower())
    return rest.strip(" ,，.。")
