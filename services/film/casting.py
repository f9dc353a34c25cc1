"""Assigns voices: one to the narrator, and a different one to every character as long as there are enough."""

from collections.abc import Sequence
from dataclasses import dataclass

from providers.base import VoiceInfo

# fmt: off
_FEMALE = (
    "女", "妇", "母", "妈", "娘", "婆", "姐", "妹", "姑", "嫂", "太太", "奶", "伊",
    "woman", "girl", "mother", "lady", "she", "her", "queen", "daughter", "sister", "wife", "mrs", "miss", "aunt",
    "hen", "grandmother", "grandma", "princess", "female", "females", "women", "girls",
)
_MALE = (
    "男", "父", "爸", "爷", "叔", "伯", "哥", "弟", "先生", "车夫", "巡警", "老头",
    "man", "boy", "father", "he", "his", "king", "son", "brother", "husband", "mr", "sir", "uncle", "prince",
    "male", "males", "men", "boys", "grandfather", "grandpa", "husbands", "gentleman", "lad",
)
# fmt: on
_OLD = (
    "老",
    "奶奶",
    "爷爷",
    "花白",
    "白发",
    "婆",
    "old",
    "grandmother",
    "grandfather",
    "aged",
    "elderly",
    "grey-haired",
)
_YOUNG = ("小孩", "孩子", "女孩", "男孩", "少年", "童", "little", "girl", "boy", "child", "kid", "young")


FIRST_PERSON = frozenset({"我", "I"})


@dataclass(frozen=True)
class Role:
    """A speaking character."""

    name: str
    description: str
    voice_id: str | None = None  # chosen by a user


def _first_sign(role: Role, signs_by_value: dict[str, tuple[str, ...]]) -> str | None:
    """The value of which a sign occurs in the name, or else in the description; ASCII signs match whole words only."""
    for text in (role.name, role.description):
        words = {word.strip(".,;:!?\"'()").lower() for word in text.split()}
        for value, signs in signs_by_value.items():
            if any((sign in words) if sign.isascii() else (sign in text) for sign in signs):
                return value
    return None


def gender_of(role: Role) -> str | None:
    """ "female" or "male"; None if unknown."""
    return _first_sign(role, {"female": _FEMALE, "male": _MALE})


def age_of(role: Role) -> str | None:
    """ "old" or "child"; None otherwise."""
    return _first_sign(role, {"old": _OLD, "child": _YOUNG})


def cast_voices(
    roles: Sequence[Role], voices: Sequence[VoiceInfo], narrator_voice_id: str | None
) -> tuple[str, dict[str, str]]:
    """Returns (the narrator's voice id, voice id by character name). `voices`: those of one language, the default
    narrator first.

    A first-person narrator among the characters has the narrator's voice. Every other character gets the first free
    voice of its gender and age, else of its gender, else any; when all are taken, they are shared in turn. Raises
    ValueError if `voices` is empty.
    """
    if not voices:
        raise ValueError("no voices")
    narrator = narrator_voice_id or voices[0].id
    taken = {narrator, *(role.voice_id for role in roles if role.voice_id)}
    result: dict[str, str] = {}
    for number, role in enumerate(roles):
        if role.voice_id or role.name in FIRST_PERSON:
            result[role.name] = role.voice_id or narrator
            continue
        gender, age = gender_of(role), age_of(role)
        same_gender = [voice for voice in voices if gender is None or voice.gender in (None, gender)]
        same_age = [voice for voice in same_gender if voice.age == age]
        ranked = [voice.id for group in (same_age, same_gender, voices) for voice in group]
        free = [voice_id for voice_id in ranked if voice_id not in taken]
        others = [voice_id for voice_id in ranked if voice_id != narrator] or ranked
        result[role.name] = free[0] if free else others[number % len(others)]
        taken.add(result[role.name])
    return narrator, result
