"""Which names of an English text are people's, and which are one person's."""

import pytest

from providers.offline.writing.cast.english_names import NameUses, group_names, is_persons_name, is_same_person, name_of
from providers.offline.writing.cast.english_roles import Role, bearer_of, is_somebody
from providers.offline.writing.people import Person


def uses(name: str, **counts: int) -> NameUses:
    found = NameUses()
    found.total[name] = counts.pop("total", 1)
    for kind, count in counts.items():
        getattr(found, kind)[name] = count
    return found


@pytest.mark.parametrize(
    ("name", "counts", "is_one"),
    [
        ("Tom", {"speaks": 1}, True),
        ("Tom", {"acts": 1}, True),
        ("Tom", {"inside": 1}, False),
        ("Zorb", {"acts": 1}, False),
        ("Zorb", {"acts": 1, "inside": 1}, True),
        ("Mr. Zorb", {"inside": 1}, True),
        ("Baker Street", {"speaks": 1}, False),
        ("London", {"acts": 1, "inside": 1, "place": 1}, False),
        ("Captain", {"speaks": 1}, False),
    ],
)
def test_a_name_is_a_persons_who_speaks_acts_or_bears_a_title(name: str, counts: dict[str, int], is_one: bool) -> None:
    assert is_persons_name(name, uses(name, **counts)) == is_one


@pytest.mark.parametrize(
    ("name", "full", "kept", "is_one"),
    [
        ("Elizabeth", "Elizabeth Bennet", (), True),
        ("Bennet", "Elizabeth Bennet", (), True),
        ("Lizzy", "Elizabeth Bennet", (), True),
        ("Jane", "Elizabeth Bennet", (), False),
        ("Mr. Bennet", "Elizabeth Bennet", (), False),
        ("Miss Bennet", "Elizabeth Bennet", ("Miss Bennet",), True),
        ("Miss Bennet", "Elizabeth Bennet", ("Miss Bennet", "Mr. Bennet"), False),
        ("Mrs. Bennet", "Elizabeth Bennet", ("Mrs. Bennet",), False),
    ],
)
def test_a_shorter_name_is_the_same_persons_where_it_can_be_nobody_elses(
    name: str, full: str, kept: tuple[str, ...], is_one: bool
) -> None:
    assert is_same_person(name_of(name), name_of(full), kept) == is_one


def test_a_name_of_two_people_is_neithers() -> None:
    names = ["Jane Bennet", "Tom Bennet", "Bennet", "Tom"]
    assert group_names(names, NameUses()) == [["Jane Bennet"], ["Tom Bennet", "Tom"]]


@pytest.mark.parametrize(
    ("role", "is_short", "is_one"),
    [
        (Role("wolf", speaks=1), False, True),
        (Role("wolf", total=2, acts=1), False, True),
        (Role("wolf", total=1, acts=1), False, False),
        (Role("wolf", total=1, acts=1), True, True),
        (Role("wolf", total=9), True, False),
        (Role("man", total=2, acts=1), False, False),
        (Role("man", total=3, acts=1), False, True),
        (Role("old man", total=2, acts=2), False, True),
    ],
)
def test_a_role_that_speaks_or_acts_enough_is_somebody(role: Role, is_short: bool, is_one: bool) -> None:
    assert is_somebody(role, is_short=is_short) == is_one


def test_a_title_alone_is_the_only_one_who_bears_it() -> None:
    harlow, stone = Person("Captain Harlow", ("Captain Harlow",)), Person("Captain Stone", ("Captain Stone",))
    assert bearer_of(Role("captain"), [Person("Tom", ("Tom",)), harlow]) == 1
    assert bearer_of(Role("captain"), [harlow, stone]) is None
    assert bearer_of(Role("old captain"), [harlow]) is None
