import pytest

from models.database import execute
from models.enums import ArtifactKind, FileRole, JobStatus
from services.film.artifacts.reading import ArtifactKey, read_artifacts
from tests.factories import OTHER, OWNER, make_artifact, make_build, make_file, make_job
from tests.statements import counted_statements


@pytest.mark.usefixtures("either_database")
async def test_what_was_made_comes_in_the_order_of_the_keys_and_only_to_its_owner() -> None:
    files = [await make_file(), await make_file()]
    await make_artifact(ArtifactKind.PICTURE, 1, [(FileRole.CANDIDATE, files[1]), (FileRole.MAIN, files[0])])
    await make_artifact(ArtifactKind.GRID, 1, [(FileRole.MAIN, files[1])], slot=3, data={"side": 2})
    await make_artifact(ArtifactKind.PICTURE, 2, [(FileRole.MAIN, await make_file(OTHER))], OTHER)
    await make_build(await make_job(OTHER), ArtifactKind.PICTURE, 3)
    keys = [
        ArtifactKey(ArtifactKind.GRID, 1, 3),
        ArtifactKey(ArtifactKind.GRID, 1, 4),
        ArtifactKey(ArtifactKind.PICTURE, 3),
        ArtifactKey(ArtifactKind.PICTURE, 2),
        ArtifactKey(ArtifactKind.PICTURE, 1),
    ]
    grid, no_grid, live_theirs, theirs, picture = await read_artifacts(OWNER, keys)
    assert (grid.file(), grid.data) == (files[1], {"side": 2})
    assert picture.file() == files[0]
    assert picture.files[FileRole.CANDIDATE] == (files[1],)
    for nothing in (no_grid, live_theirs, theirs):
        assert (nothing.artifact, nothing.file(), nothing.state.status) == (None, None, JobStatus.PENDING)


@pytest.mark.usefixtures("sqlite_database")
async def test_live_builds_are_found_by_their_index_and_not_by_reading_all_jobs() -> None:
    with counted_statements() as statements:
        await read_artifacts(OWNER, [ArtifactKey(ArtifactKind.PICTURE, 1), ArtifactKey(ArtifactKind.GRID, 2)])
    (statement,) = [text for text in statements if "artifact_subject_id" in text]
    plan = await execute(f"EXPLAIN QUERY PLAN {statement}", OWNER, "GRID", "PICTURE", 1, 2)
    assert [row["detail"] for row in plan if "uid_job_live_build" in row["detail"]]
