"""Changes that come while a workflow is on its way, or stopped: none may leave it in a state without a way out."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from errors import BadInputError, ConflictError, JobErrorCode
from models.artifacts import Artifact
from models.database import execute, now_ms_sql
from models.enums import ArtifactKind, FileRole, GridLayout, JobStatus, Queue, Stage, WorkflowStatus
from models.films import Animatic, VideoSegment
from models.jobs import Job
from models.scripts import Asset, Script
from models.storyboards import Shot
from models.workflows import Workflow
from services.film.assets import create_assets, regenerate_asset
from services.film.impact import change_impact
from services.film.jobs import cancel_job, retry_job
from services.film.storyboards import ShotChanges, create_storyboard, edit_shot, regenerate_shots
from services.film.workflows import resume_workflow, retry_workflow
from services.queue.leases import claim
from services.queue.outcomes import fail_build
from tests.factories import OWNER, make_artifact, make_build, make_file, make_job, make_script, make_workflow
from tests.services.film.workflow.fakes import Studio, all_made, ended, start, use_studio, wait_for
from tests.workers import worker_at_work


@pytest.fixture
def studio(database: None, monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> Studio:
    return use_studio(monkeypatch, data_dir)


async def first_shot() -> Shot:
    return (await Shot.filter(owner=OWNER).order_by("sequence"))[0]


@pytest.mark.parametrize("kind", [ArtifactKind.CLIP, ArtifactKind.FILM])
async def test_words_edited_while_clips_or_the_film_are_made_are_in_the_film(
    studio: Studio, kind: ArtifactKind
) -> None:
    studio.hold[kind] = asyncio.Event()
    async with worker_at_work():
        workflow = await start()
        await asyncio.wait_for(studio.started[kind].wait(), 60)
        shot = await first_shot()
        await edit_shot(OWNER, ShotChanges(shot.id, narration="Anna stood still."))
        studio.hold.pop(kind).set()
        done = await ended(workflow)
    assert (done.status, done.error, done.run) == (WorkflowStatus.SUCCEEDED, None, 1)
    assert [line["text"] for line in studio.inputs[-1][1]["shots"][0]["lines"]] == ["Anna stood still."]


async def test_a_workflow_that_failed_at_its_clips_and_had_words_edited_then_goes_on_when_retried(
    studio: Studio,
) -> None:
    studio.fail = lambda kind, inputs: kind is ArtifactKind.CLIP
    async with worker_at_work():
        workflow = await ended(await start())
        assert workflow.status is WorkflowStatus.FAILED
        await edit_shot(OWNER, ShotChanges((await first_shot()).id, narration="Anna stood still."))
        studio.fail = lambda kind, inputs: False
        await retry_workflow(OWNER, workflow.id)
        assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED


async def test_a_workflow_stopped_by_a_canceled_part_goes_on_when_retried(studio: Studio) -> None:
    studio.hold[ArtifactKind.PICTURE] = asyncio.Event()
    async with worker_at_work():
        workflow = await start()
        await asyncio.wait_for(studio.started[ArtifactKind.PICTURE].wait(), 60)
        drawing = await Job.filter(artifact_kind="PICTURE", status=JobStatus.RUNNING).first()
        assert drawing is not None
        await cancel_job(OWNER, drawing.id)
        studio.hold.pop(ArtifactKind.PICTURE).set()
        assert (await ended(workflow)).status is WorkflowStatus.FAILED
        await retry_workflow(OWNER, workflow.id)
        assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED
    assert (await Artifact.get(kind="PICTURE", subject_id=drawing.artifact_subject_id)).fingerprint is not None


async def test_a_storyboard_made_anew_for_a_finished_workflow_is_filmed_with_the_next_run(studio: Studio) -> None:
    async with worker_at_work():
        workflow = await ended(await start())
        script = await Script.get(workflow_id=workflow.id)
        job = await create_storyboard(
            OWNER,
            script_id=script.id,
            workflow_id=workflow.id,
            grid_layout=GridLayout.GRID_2X2,
            provider=None,
            auto_crop=True,
            idempotency_key=None,
        )

        async def is_drawn() -> bool:
            return (await Job.get(id=job.id)).status is JobStatus.SUCCEEDED

        await wait_for(is_drawn)
        assert (await resume_workflow(OWNER, workflow.id)).run == 2
        assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED
    assert await Animatic.filter(workflow_id=workflow.id, storyboard_id=job.target_id).count() == 1
    assert studio.made["FILM"] == 2


async def test_an_outdated_drawing_is_not_taken_up_again_over_the_newer_one(studio: Studio) -> None:
    studio.hold[ArtifactKind.PICTURE] = asyncio.Event()
    async with worker_at_work():
        workflow = await start()
        await asyncio.wait_for(studio.started[ArtifactKind.PICTURE].wait(), 60)
        drawing = await Job.filter(artifact_kind="PICTURE", status=JobStatus.RUNNING).first()
        assert drawing is not None
        await edit_shot(OWNER, ShotChanges(drawing.artifact_subject_id or 0, prompt="A red dog jumps."))
        studio.hold.pop(ArtifactKind.PICTURE).set()
        await ended(workflow)
        before = await all_made()
        with pytest.raises(ConflictError, match="newer job has already built"):
            await retry_job(OWNER, drawing.id)
    assert await all_made() == before
    assert (await Job.get(id=drawing.id)).status is JobStatus.CANCELED


async def test_a_picture_that_a_person_put_in_meanwhile_stays_in_its_place(studio: Studio) -> None:
    studio.hold[ArtifactKind.PICTURE] = asyncio.Event()
    async with worker_at_work():
        workflow = await start()
        await asyncio.wait_for(studio.started[ArtifactKind.PICTURE].wait(), 60)
        drawing = await Job.filter(artifact_kind="PICTURE", status=JobStatus.RUNNING).first()
        assert drawing is not None
        # As a turn leaves it that looked before the picture came and wrote its build after.
        pinned = await make_artifact(
            ArtifactKind.PICTURE,
            drawing.artifact_subject_id or 0,
            [(FileRole.MAIN, await make_file())],
            fingerprint=None,
            is_pinned=True,
        )
        studio.hold.pop(ArtifactKind.PICTURE).set()
        assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED
    present = await Artifact.get(id=pinned.id)
    assert (present.is_pinned, present.version, present.made_by_job_id) == (True, pinned.version, None)
    assert (await Job.get(id=drawing.id)).status is JobStatus.SUCCEEDED


async def test_shots_can_be_regenerated_while_the_workflow_is_paused_for_review(studio: Studio) -> None:
    async with worker_at_work():
        workflow = await ended(await start(pause_after=(Stage.STORYBOARD,)), WorkflowStatus.PAUSED)
        shot = await first_shot()
        job = await regenerate_shots(
            OWNER, storyboard_id=shot.storyboard_id, shot_ids=[shot.id], provider=None, idempotency_key=None
        )

        async def is_drawn() -> bool:
            return (await Job.get(id=job.id)).status is JobStatus.SUCCEEDED

        await wait_for(is_drawn)
        assert (await Workflow.get(id=workflow.id)).status is WorkflowStatus.PAUSED
    assert studio.made["MOTION"] == 0


async def test_a_paused_workflow_does_not_try_again_what_failed_until_it_is_resumed(studio: Studio) -> None:
    async with worker_at_work():
        workflow = await ended(await start(pause_after=(Stage.STORYBOARD,)), WorkflowStatus.PAUSED)
    stage_job = await make_job(workflow_id=workflow.id, status=JobStatus.RUNNING)
    build = await make_build(stage_job, ArtifactKind.PICTURE, 1)
    await execute(f"UPDATE job SET due_at_ms = {now_ms_sql()} WHERE id = ? RETURNING id", build.id)
    found = await claim(Queue.IMAGES, "worker", 30)
    assert found is not None
    assert await fail_build(*found, JobErrorCode.NETWORK_ERROR, "Away.", retry=True)
    held = await Job.get(id=build.id)
    assert (held.status, held.due_at_ms) == (JobStatus.PENDING, None)
    await resume_workflow(OWNER, workflow.id)
    assert (await Job.get(id=build.id)).due_at_ms is not None


async def test_an_asset_in_a_grid_rebuilds_the_estimated_impact_even_if_its_shot_has_left_the_grid(
    studio: Studio,
) -> None:
    async with worker_at_work():
        workflow = await ended(await start(grid_layout=GridLayout.GRID_2X2))
        shots = await Shot.filter(owner=OWNER).order_by("sequence")
        asset = await Asset.get(name="Anna")  # in shots 1, 3 and 5
        for shot in (shots[0], shots[2]):
            await edit_shot(OWNER, ShotChanges(shot.id, prompt=f"A red dog jumps over {shot.sequence}."))
        await resume_workflow(OWNER, workflow.id)
        await ended(workflow)
        count = len(studio.inputs)
        impact = await change_impact(OWNER, [], [asset.id], words=False)
        await regenerate_asset(
            OWNER, asset_id=asset.id, prompt="a girl in blue", provider=None, voice_id=None, idempotency_key=None
        )
        await resume_workflow(OWNER, workflow.id)
        await ended(workflow)
    made = studio.kinds_since(count)
    drawn = sum(kind is ArtifactKind.PICTURE and "grid" not in inputs for kind, inputs in studio.inputs[count:])
    assert (impact.images, len(impact.shots), impact.clips, impact.films) == (
        made["GRID"] + made["DESIGN"] + drawn,
        made["PICTURE"],
        made["CLIP"],
        made["FILM"],
    )


async def test_a_picture_under_an_uploaded_clip_rebuilds_the_estimated_impact(studio: Studio) -> None:
    async with worker_at_work():
        workflow = await ended(await start())
        shot = await first_shot()
        segment = await VideoSegment.get(shot_id=shot.id)
        await Artifact.filter(kind=ArtifactKind.CLIP, subject_id=segment.id).update(is_pinned=True)
        count = len(studio.inputs)
        impact = await change_impact(OWNER, [shot.id], [], words=False)
        await edit_shot(OWNER, ShotChanges(shot.id, prompt="A red dog jumps."))
        await resume_workflow(OWNER, workflow.id)
        await ended(workflow)
    assert studio.kinds_since(count) == Counter(PICTURE=1, MOTION=1, ANIMATIC=1, FILM=1)
    assert (impact.images, impact.animatic_parts, impact.clips, impact.films) == (1, 1, 0, 1)


async def test_what_no_workflow_could_use_is_refused(studio: Studio) -> None:
    with pytest.raises(BadInputError, match="does not exist"):
        await start(voice_id="nobody")
    script = await make_script(workflow_id=(await make_workflow()).id, status=JobStatus.SUCCEEDED)
    other = await make_workflow()
    with pytest.raises(BadInputError, match="does not belong to that workflow"):
        await create_assets(
            OWNER,
            script_id=script.id,
            workflow_id=other.id,
            text_provider=None,
            image_provider=None,
            idempotency_key=None,
        )
    assert await Job.all().count() == 0


async def test_an_edit_in_a_pause_moves_the_stage_that_the_workflow_goes_on_with(studio: Studio) -> None:
    async with worker_at_work():
        workflow = await ended(await start(pause_after=(Stage.VIDEO,)), WorkflowStatus.PAUSED)
    assert workflow.current_stage is Stage.EDIT
    shot = await first_shot()
    await edit_shot(OWNER, ShotChanges(shot.id, narration="Anna stood still."))
    assert (await Workflow.get(id=workflow.id)).current_stage is Stage.ANIMATIC
    await edit_shot(OWNER, ShotChanges(shot.id, prompt="a red dog"))
    assert (await Workflow.get(id=workflow.id)).current_stage is Stage.STORYBOARD
