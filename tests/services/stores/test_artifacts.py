"""The store of artifacts: what stands in an artifact's place, with its files."""

import asyncio

import pytest

from models.artifacts import Artifact, ArtifactFile
from models.database import transaction
from models.enums import ArtifactKind, FileRole
from services.stores import artifacts
from tests.factories import OWNER
from tests.statements import counted_statements

PLACE = (OWNER, ArtifactKind.PICTURE, 7, 0)
MAIN, CANDIDATE = FileRole.MAIN, FileRole.CANDIDATE


async def put(fingerprint: str | None = "a", *, is_pinned: bool = False) -> int:
    return await artifacts.put(
        *PLACE, fingerprint=fingerprint, data={"seconds": 1.5}, is_pinned=is_pinned, job_id=3 if fingerprint else None
    )


async def files_of(artifact_id: int) -> list[tuple[FileRole, int, int]]:
    rows = await ArtifactFile.filter(artifact_id=artifact_id).order_by("role", "position")
    return [(row.role, row.position, row.file_id) for row in rows]


async def test_an_artifact_is_put_in_its_place_by_one_statement(either_database: str) -> None:
    with counted_statements() as statements:
        first = await put("a")
        again = await put(None, is_pinned=True)
    assert (len(statements), again) == (2, first)
    stored = await Artifact.get(id=first)
    assert (stored.fingerprint, stored.is_pinned, stored.data, stored.version) == (None, True, {"seconds": 1.5}, 2)
    assert stored.made_at is not None


async def test_two_that_put_an_artifact_at_once_put_the_same_one(either_database: str) -> None:
    ids = await asyncio.gather(*(transaction(lambda name=name: put(name)) for name in "abcd"))  # type: ignore[misc]
    assert len(set(ids)) == 1
    assert (await Artifact.get(id=ids[0])).version == 4


async def test_a_new_result_takes_the_failure_away(either_database: str) -> None:
    await artifacts.record_failure(*PLACE, error={"message": "No."}, fingerprint="a")
    failed = await Artifact.get()
    assert (failed.error, failed.failed_fingerprint, failed.fingerprint) == ({"message": "No."}, "a", None)
    await put("b")
    made = await Artifact.get()
    assert (made.id, made.error, made.failed_fingerprint, made.fingerprint) == (failed.id, None, None, "b")


async def test_a_failure_leaves_what_was_there_before(either_database: str) -> None:
    await put("a")
    await artifacts.record_failure(*PLACE, error={"message": "No."}, fingerprint="b")
    kept = await Artifact.get()
    assert (kept.fingerprint, kept.failed_fingerprint, kept.data) == ("a", "b", {"seconds": 1.5})
    await artifacts.clear_failure(ArtifactKind.PICTURE, 7, 0)
    assert (await Artifact.get()).failed_fingerprint is None


async def test_candidates_are_added_and_every_other_file_is_replaced(either_database: str) -> None:
    artifact_id = await put()
    await artifacts.replace_files(artifact_id, [(MAIN, 0, 11), (CANDIDATE, 0, 11), (CANDIDATE, 1, 12)])
    await artifacts.replace_files(artifact_id, [(MAIN, 0, 12), (CANDIDATE, 0, 12), (CANDIDATE, 0, 13)])
    assert await files_of(artifact_id) == [(CANDIDATE, 0, 11), (CANDIDATE, 1, 12), (CANDIDATE, 2, 13), (MAIN, 0, 12)]


@pytest.mark.parametrize("subject_id", [7, 8])
async def test_only_the_named_subjects_are_unpinned(database: None, subject_id: int) -> None:
    await put(is_pinned=True)
    await artifacts.unpin(ArtifactKind.PICTURE, [subject_id])
    assert (await Artifact.get()).is_pinned is (subject_id != 7)
