"""Who gets which voice."""

import pytest

from providers.base import VoiceInfo
from services.film.casting import Role, age_of, cast_voices, gender_of

VOICES = [
    VoiceInfo("narrator", "N", "en", "male"),
    VoiceInfo("anna", "Anna", "en", "female"),
    VoiceInfo("bella", "Bella", "en", "female"),
    VoiceInfo("girl", "Girl", "en", "female", "child"),
    VoiceInfo("granny", "Granny", "en", "female", "old"),
    VoiceInfo("carl", "Carl", "en", "male"),
]


@pytest.mark.parametrize(
    ("name", "description", "gender", "age"),
    [
        ("老女人", "花白头发", "female", "old"),
        ("车夫", "成年男性", "male", None),
        ("巡警", "", "male", None),
        ("The Queen", "", "female", None),
        ("Little Red-Cap", "a girl with a red cap", "female", "child"),
        ("Rufus", "an old man", "male", "old"),
        ("Bob", "adult male", "male", None),
        ("Mina", "young female", "female", "child"),
        ("Grandfather", "elderly male", "male", "old"),
        # "he" inside "the" and "her" inside "other" are no signs.
        ("Robin", "the other one", None, None),
    ],
)
def test_words_say_who_somebody_is(name: str, description: str, gender: str | None, age: str | None) -> None:
    role = Role(name, description)
    assert (gender_of(role), age_of(role)) == (gender, age)


def test_everybody_gets_a_voice_of_their_own_that_fits() -> None:
    roles = [
        Role("Mother", ""),
        Role("Grandmother", "an old woman"),
        Role("Red-Cap", "a little girl"),
        Role("Hans", "a man"),
    ]
    narrator, cast = cast_voices(roles, VOICES, None)
    assert narrator == "narrator"
    assert cast == {"Mother": "anna", "Grandmother": "granny", "Red-Cap": "girl", "Hans": "carl"}


def test_a_chosen_voice_is_kept_and_given_to_nobody_else() -> None:
    narrator, cast = cast_voices([Role("Mother", ""), Role("Aunt", "", voice_id="anna")], VOICES, "carl")
    assert narrator == "carl"
    assert cast == {"Mother": "bella", "Aunt": "anna"}


def test_more_roles_than_voices_share_them_without_the_narrators() -> None:
    _, cast = cast_voices([Role(f"Man {number}", "a man") for number in range(12)], VOICES, None)
    assert len(cast) == 12
    assert "narrator" not in cast.values()


def test_without_voices_there_is_no_cast() -> None:
    with pytest.raises(ValueError, match="no voices"):
        cast_voices([], [], None)


def test_a_first_person_narrator_speaks_with_the_narrators_voice() -> None:
    assert cast_voices([Role("我", "第一人称叙述者")], VOICES, "carl")[1] == {"我": "carl"}
