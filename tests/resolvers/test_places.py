"""Where a refusal lies: one place, in the schema's names, or none."""

import io

import pytest
import strawberry
from starlette.datastructures import UploadFile

from errors import (
    BadInputError,
    EkonteError,
    FileTooLargeError,
    NotFoundError,
    UnsupportedFileError,
    not_found,
)
from resolvers.places import place_of, within_arguments


@strawberry.input
class Wanted:
    shot_id: strawberry.ID
    input_file: str | None = strawberry.UNSET
    notes: strawberry.scalars.JSON | None = None


SHOT = not_found("shot")
FILE = UploadFile(io.BytesIO(b""))


@pytest.mark.parametrize(
    ("error", "arguments", "path"),
    [
        (SHOT, {"input": Wanted(shot_id=strawberry.ID("shot_1"))}, ["input", "shotId"]),
        (SHOT, {"animatic_id": "anim_1", "shot_id": "shot_1", "file": FILE}, ["shotId"]),
        (SHOT, {"shot_id": "shot_1", "text": "shot_2"}, []),
        (not_found("workflow"), {"id": "wf_1"}, ["id"]),
        (NotFoundError("The shot has no candidate picture with this hash."), {"shot_id": "shot_1"}, []),
        (UnsupportedFileError("The file is empty."), {"shot_id": "shot_1", "file": FILE}, ["file"]),
        (
            FileTooLargeError("Too large."),
            {"input": Wanted(shot_id=strawberry.ID("shot_1"), input_file="file_1")},
            ["input", "inputFile"],
        ),
        (UnsupportedFileError("The file is empty."), {"input": Wanted(shot_id=strawberry.ID("shot_1"))}, []),
        (BadInputError("No."), {"id": "wf_1", "file": FILE}, []),
    ],
)
def test_an_error_is_placed_where_only_one_argument_can_be_meant(
    error: EkonteError, arguments: dict[str, object], path: list[str]
) -> None:
    assert place_of(error, arguments) == path


def test_values_may_be_nested_deeper_than_python_recurses() -> None:
    deep: object = "shot_1"
    for _ in range(5000):
        deep = [deep]
    assert place_of(SHOT, {"input": Wanted(shot_id=strawberry.ID("shot_2"), notes=deep)}) == []


def test_a_path_that_begins_with_a_field_begins_with_its_input() -> None:
    assert within_arguments(["shotId"], {"input": object()}) == ["input", "shotId"]
    assert within_arguments(["shotId"], {"animatic_id": "anim_1", "shot_id": "shot_1"}) == ["shotId"]
    assert within_arguments(["input", "shotId"], {"input": object()}) == ["input", "shotId"]
    assert within_arguments([], {"input": object()}) == []
