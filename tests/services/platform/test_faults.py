import pytest

from errors import BadInputError, ConflictError, EkonteError, NotFoundError, all_faults
from services.platform.faults import Faults, collected, open_faults, request_faults

NO_NAME = BadInputError("name must not be empty.", path=["input", "name"])
NO_ROW = NotFoundError("There is no such shot.", path=["input", "shotId"])


def test_faults_are_told_together_and_each_once() -> None:
    faults = Faults()
    faults.check()
    faults.add(NO_NAME, NO_ROW, NO_NAME)
    with pytest.raises(BadInputError) as caught:
        faults.check()
    assert caught.value.faults == (NO_NAME, NO_ROW)
    assert caught.value.message == "name must not be empty. (The first of 2 faults.)"
    assert caught.value.path == ["input", "name"]


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ([NO_ROW], NotFoundError),
        ([NO_ROW, NotFoundError("No.", path=["a"])], NotFoundError),
        ([ConflictError("Busy.")], ConflictError),
        ([NO_ROW, ConflictError("Busy.")], BadInputError),
    ],
)
def test_faults_of_one_code_keep_it(found: list[EkonteError], kind: type[EkonteError]) -> None:
    faults = Faults()
    faults.add(*found)
    with pytest.raises(kind):
        faults.check()


def test_what_is_caught_is_added_with_all_its_faults() -> None:
    faults = Faults()
    with faults.caught():
        raise all_faults([NO_NAME, NO_ROW])
    with faults.caught():
        raise NO_ROW
    assert faults.all == [NO_NAME, NO_ROW]
    with pytest.raises(ValueError, match="a bug"), faults.caught():
        raise ValueError("a bug")


def test_a_fault_of_the_form_gives_way_to_the_services_own_of_the_same_place() -> None:
    too_long = BadInputError("name has at most 200 characters.", path=["input", "name"])
    other = BadInputError("tone has at most 1,000 characters.", path=["input", "tone"])
    faults = Faults([too_long, other])
    assert faults.all == [too_long, other]
    faults.add(NO_NAME)
    assert faults.all == [NO_NAME, other]


def test_an_error_of_another_kind_is_told_with_the_faults_found_before() -> None:
    with request_faults([NO_NAME]) as faults:
        assert collected() is faults
        together = faults.together_with(NO_ROW)
        assert together.faults == (NO_ROW, NO_NAME)
        assert faults.together_with(together) is together
    assert open_faults() is None
    assert Faults().together_with(NO_ROW) is NO_ROW
    assert collected() is not collected()
