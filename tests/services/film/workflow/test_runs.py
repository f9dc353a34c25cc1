"""Whole runs of workflows over the real queue and planner, on both databases, with builders that take no time."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from errors import BadInputError, ConflictError
from models.artifacts import Artifact
from models.enums import ArtifactKind, GridLayout, JobRole, JobStatus, Stage, WorkflowStatus
from models.files import StoredFile
from models.jobs import Job
from models.scripts import Script
from models.storyboards import Shot, Storyboard
from models.workflows import Workflow, WorkflowStage
from services.film.impact import change_impact, stale_shot_ids
from services.film.jobs import cancel_job, retry_job
from services.film.storyboards import ShotChanges, create_storyboard, edit_shot, regenerate_shots
from services.film.workflows import (
    cancel_workflow,
    delete_workflows,
    pause_workflow,
    resume_workflow,
    retry_workflow,
)
from services.platform.served_files import open_file
from tests.factories import OWNER
from tests.services.film.workflow.fakes import (
    GRID,
    SHOTS,
    Studio,
    all_made,
    ended,
    start,
    use_studio,
    wait_for,
)
from tests.workers import worker_at_work

WHOLE = Counter(SCRIPT=1, DESIGN=2, PICTURE=SHOTS, SPEECH=SHOTS, MOTION=SHOTS, ANIMATIC=1, CLIP=SHOTS, MUSIC=1, FILM=1)


@pytest.fixture
def studio(either_database: str, monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> Studio:
    return use_studio(monkeypatch, data_dir)


async def test_a_run_makes_everything_once_and_ends_at_one(studio: Studio) -> None:
    async with worker_at_work():
        workflow = await ended(await start())
    assert (workflow.status, workflow.progress, workflow.error) == (WorkflowStatus.SUCCEEDED, 1.0, None)
    assert studio.made == WHOLE
    stages = await WorkflowStage.filter(workflow_id=workflow.id)
    assert {(row.status, row.progress, row.completions) for row in stages} == {(WorkflowStatus.SUCCEEDED, 1.0, 1)}
    assert await Job.exclude(status=JobStatus.SUCCEEDED).count() == 0
    assert await Job.exclude(progress=1.0).count() == 0


async def test_an_edited_prompt_rebuilds_exactly_the_estimated_impact(studio: Studio) -> None:
    async with worker_at_work():
        workflow = await ended(await start())
        before, count = await all_made(), len(studio.inputs)
        shot = (await Shot.filter(owner=OWNER).order_by("sequence"))[2]
        impact = await change_impact(OWNER, [shot.id], [], words=False)
        assert (impact.images, impact.animatic_parts, impact.clips, impact.speeches, impact.films) == (1, 1, 1, 0, 1)
        await edit_shot(OWNER, ShotChanges(shot.id, prompt="A red dog jumps."))
        assert await stale_shot_ids(OWNER, shot.storyboard_id) == {shot.id}
        assert (await Workflow.get(id=workflow.id)).status is WorkflowStatus.SUCCEEDED
        again = await resume_workflow(OWNER, workflow.id)
        assert (again.run, again.status) == (2, WorkflowStatus.RUNNING)
        assert again.progress < 1
        assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED
    assert studio.kinds_since(count) == Counter(PICTURE=1, MOTION=1, ANIMATIC=1, CLIP=1, FILM=1)
    after = await all_made()
    changed = {key[0] for key in after if after[key] != before[key]}
    assert changed == {"PICTURE", "MOTION", "ANIMATIC", "CLIP", "FILM"}
    assert await stale_shot_ids(OWNER, shot.storyboard_id) == set()


async def test_edited_words_are_spoken_again_but_not_drawn_again(studio: Studio) -> None:
    async with worker_at_work():
        workflow = await ended(await start())
        count = len(studio.inputs)
        shot = (await Shot.filter(owner=OWNER).order_by("sequence"))[0]
        assert (await change_impact(OWNER, [shot.id], [], words=True)).speeches == 1
        await edit_shot(OWNER, ShotChanges(shot.id, narration="Anna stood still for once."))
        await resume_workflow(OWNER, workflow.id)
        await ended(workflow)
    # The voice is as long as before here, so neither the moving picture nor the clip has changed.
    assert studio.kinds_since(count) == Counter(SPEECH=1, ANIMATIC=1, FILM=1, MUSIC=1)


async def test_resuming_with_nothing_out_of_date_changes_nothing(studio: Studio) -> None:
    async with worker_at_work():
        workflow = await ended(await start())
        count = len(studio.inputs)
        again = await resume_workflow(OWNER, workflow.id)
        assert (again.status, again.run) == (WorkflowStatus.SUCCEEDED, 1)
    assert len(studio.inputs) == count


async def test_an_edit_while_that_shot_is_drawn_ends_with_the_new_picture(studio: Studio) -> None:
    studio.hold[ArtifactKind.PICTURE] = asyncio.Event()
    async with worker_at_work():
        workflow = await start()
        await asyncio.wait_for(studio.started[ArtifactKind.PICTURE].wait(), 60)
        drawing = await Job.filter(artifact_kind="PICTURE", status=JobStatus.RUNNING).first()
        assert drawing is not None
        await edit_shot(OWNER, ShotChanges(drawing.artifact_subject_id or 0, prompt="A red dog jumps."))
        studio.hold.pop(ArtifactKind.PICTURE).set()
        assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED
    drawn = [inputs for kind, inputs in studio.inputs if kind is ArtifactKind.PICTURE]
    assert [inputs["prompt"] for inputs in drawn].count("A red dog jumps.") == 1
    assert (await Job.get(id=drawing.id)).status is JobStatus.CANCELED
    picture = await Artifact.get(kind=ArtifactKind.PICTURE, subject_id=drawing.artifact_subject_id)
    assert picture.made_by_job_id != drawing.id


async def test_an_edit_during_a_later_stage_is_in_the_film_too(studio: Studio) -> None:
    studio.hold[ArtifactKind.CLIP] = asyncio.Event()
    async with worker_at_work():
        workflow = await start()
        await asyncio.wait_for(studio.started[ArtifactKind.CLIP].wait(), 60)
        shot = (await Shot.filter(owner=OWNER).order_by("sequence"))[-1]
        await edit_shot(OWNER, ShotChanges(shot.id, prompt="A red dog jumps."))
        studio.hold.pop(ArtifactKind.CLIP).set()
        assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED
    picture = next(inputs for kind, inputs in reversed(studio.inputs) if kind is ArtifactKind.PICTURE)
    assert picture["prompt"] == "A red dog jumps."
    assert studio.made["FILM"] == 1
    assert (await Workflow.get(id=workflow.id)).run == 1


async def test_a_stopped_worker_hands_back_and_the_next_goes_on_without_doing_anything_twice(studio: Studio) -> None:
    workflow = None
    for kind in (ArtifactKind.DESIGN, ArtifactKind.PICTURE, ArtifactKind.SPEECH, ArtifactKind.CLIP, ArtifactKind.FILM):
        studio.hold[kind] = asyncio.Event()
        async with worker_at_work():
            workflow = workflow or await start()
            await asyncio.wait_for(studio.started[kind].wait(), 60)
        del studio.hold[kind]
    assert workflow is not None
    async with worker_at_work():
        assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED
    assert studio.made == WHOLE
    assert await Job.filter(role=JobRole.BUILD, tries__gt=1).count() == 0


async def test_a_grid_is_drawn_once_and_cut_and_an_edited_shot_leaves_it(studio: Studio) -> None:
    async with worker_at_work():
        workflow = await ended(await start(grid_layout=GRID))
        assert studio.made == WHOLE + Counter(GRID=2)
        count = len(studio.inputs)
        shot = (await Shot.filter(owner=OWNER).order_by("sequence"))[1]
        impact = await change_impact(OWNER, [shot.id], [], words=False)
        assert (impact.images, impact.clips) == (1, 1)
        await edit_shot(OWNER, ShotChanges(shot.id, prompt="A red dog jumps."))
        await resume_workflow(OWNER, workflow.id)
        await ended(workflow)
    assert studio.kinds_since(count) == Counter(PICTURE=1, MOTION=1, ANIMATIC=1, CLIP=1, FILM=1)


async def test_a_pause_lets_running_work_end_and_starts_nothing(studio: Studio) -> None:
    studio.hold[ArtifactKind.PICTURE] = asyncio.Event()
    async with worker_at_work():
        workflow = await start()
        await asyncio.wait_for(studio.started[ArtifactKind.PICTURE].wait(), 60)
        await wait_for(lambda: _running("PICTURE", 2))
        assert (await pause_workflow(OWNER, workflow.id)).status is WorkflowStatus.PAUSED
        studio.hold.pop(ArtifactKind.PICTURE).set()
        await wait_for(lambda: _running("PICTURE", 0))
        await asyncio.sleep(1.2)  # longer than the worker's own tick
        assert studio.made["PICTURE"] == 2
        assert await pause_workflow(OWNER, workflow.id)
        await resume_workflow(OWNER, workflow.id)
        assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED
    assert studio.made == WHOLE


async def _running(kind: str, count: int) -> bool:
    return await Job.filter(artifact_kind=kind, status=JobStatus.RUNNING).count() == count


async def test_it_pauses_after_the_stages_that_were_named_and_goes_on_from_there(studio: Studio) -> None:
    async with worker_at_work():
        workflow = await start(pause_after=(Stage.STORYBOARD, Stage.VIDEO))
        for following in (Stage.ANIMATIC, Stage.EDIT):
            paused = await ended(workflow, WorkflowStatus.PAUSED)
            assert (paused.status, paused.current_stage) == (WorkflowStatus.PAUSED, following)
            await resume_workflow(OWNER, workflow.id)
            await wait_for(lambda: _is(workflow, WorkflowStatus.RUNNING))
        assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED
    assert studio.made == WHOLE


async def _is(workflow: Workflow, status: WorkflowStatus) -> bool:
    present = await Workflow.get(id=workflow.id)
    return present.status is status or present.status is WorkflowStatus.SUCCEEDED


async def test_canceling_stops_what_runs_and_retrying_goes_on_from_there(studio: Studio) -> None:
    studio.hold[ArtifactKind.CLIP] = asyncio.Event()
    async with worker_at_work():
        workflow = await start()
        await asyncio.wait_for(studio.started[ArtifactKind.CLIP].wait(), 60)
        await cancel_workflow(OWNER, workflow.id)
        await wait_for(_nothing_at_once(studio))
        assert await Job.filter(status__in=[JobStatus.PENDING, JobStatus.RUNNING]).count() == 0
        with pytest.raises(ConflictError):
            await resume_workflow(OWNER, workflow.id)
        studio.hold.pop(ArtifactKind.CLIP).set()
        await retry_workflow(OWNER, workflow.id)
        assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED
    assert studio.made == WHOLE


def _nothing_at_once(studio: Studio):  # type: ignore[no-untyped-def]
    async def check() -> bool:
        return sum(studio.at_once.values()) == 0

    return check


async def test_one_failed_picture_fails_the_stage_after_the_others_and_retrying_makes_only_that_one(
    studio: Studio,
) -> None:
    studio.fail = lambda kind, inputs: kind is ArtifactKind.PICTURE and "step 3" in inputs["prompt"]
    async with worker_at_work():
        workflow = await ended(await start())
        assert workflow.status is WorkflowStatus.FAILED
        assert workflow.error["message"] == "Not this picture."
        assert studio.made["PICTURE"] == SHOTS - 1
        stage = await WorkflowStage.get(workflow_id=workflow.id, stage=Stage.STORYBOARD)
        assert (stage.status, stage.error["code"]) == (WorkflowStatus.FAILED, "CONTENT_REJECTED")
        studio.fail = lambda kind, inputs: False
        await retry_workflow(OWNER, workflow.id)
        assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED
    assert studio.made == WHOLE
    assert (await Job.get(id=stage.job_id)).retry_count == 1


async def test_retrying_the_failed_part_alone_takes_the_workflow_along(studio: Studio) -> None:
    studio.fail = lambda kind, inputs: kind is ArtifactKind.CLIP and "step 2" in inputs["prompt"]
    async with worker_at_work():
        workflow = await ended(await start())
        failed = await Job.get(status=JobStatus.FAILED, role=JobRole.BUILD)
        studio.fail = lambda kind, inputs: False
        await retry_job(OWNER, failed.id)
        assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED
        assert (await Job.get(id=failed.id)).status is JobStatus.SUCCEEDED
        with pytest.raises(ConflictError):
            await retry_job(OWNER, failed.id)
    assert studio.made == WHOLE


async def test_an_edit_of_what_failed_is_tried_without_a_retry_of_the_old_words(studio: Studio) -> None:
    studio.fail = lambda kind, inputs: kind is ArtifactKind.PICTURE and "step 3" in inputs["prompt"]
    async with worker_at_work():
        workflow = await ended(await start())
        shot = (await Shot.filter(owner=OWNER).order_by("sequence"))[2]
        await edit_shot(OWNER, ShotChanges(shot.id, prompt="A red dog jumps."))
        await retry_workflow(OWNER, workflow.id)
        assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED
    assert studio.made == WHOLE


async def test_canceling_one_job_of_a_stage_cancels_its_workflow_only_for_the_whole_stage(studio: Studio) -> None:
    studio.hold[ArtifactKind.PICTURE] = asyncio.Event()
    async with worker_at_work():
        workflow = await start()
        await asyncio.wait_for(studio.started[ArtifactKind.PICTURE].wait(), 60)
        stage = await WorkflowStage.get(workflow_id=workflow.id, stage=Stage.STORYBOARD)
        await cancel_job(OWNER, stage.job_id or 0)
        assert (await Workflow.get(id=workflow.id)).status is WorkflowStatus.CANCELED
        assert (await Job.get(id=stage.job_id)).status is JobStatus.CANCELED
        await wait_for(_nothing_at_once(studio))
        studio.hold.pop(ArtifactKind.PICTURE).set()
        await retry_job(OWNER, stage.job_id or 0)
        assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED
    assert studio.made == WHOLE


async def test_regenerated_shots_are_drawn_anew_and_keep_their_earlier_pictures(studio: Studio) -> None:
    from models.artifacts import ArtifactFile
    from models.enums import FileRole

    async with worker_at_work():
        await ended(await start())
        shots = await Shot.filter(owner=OWNER).order_by("sequence")
        count = len(studio.inputs)
        job = await regenerate_shots(
            OWNER,
            storyboard_id=shots[0].storyboard_id,
            shot_ids=[shots[0].id, shots[3].id],
            provider=None,
            idempotency_key=None,
        )

        async def done() -> bool:
            return (await Job.get(id=job.id)).status is JobStatus.SUCCEEDED

        await wait_for(done)
    assert studio.kinds_since(count) == Counter(PICTURE=2)
    picture = await Artifact.get(kind=ArtifactKind.PICTURE, subject_id=shots[0].id)
    assert await ArtifactFile.filter(artifact_id=picture.id, role=FileRole.CANDIDATE).count() == 2
    assert await ArtifactFile.filter(artifact_id=picture.id, role=FileRole.MAIN).count() == 1


async def test_a_deleted_workflow_stops_and_leaves_no_row(studio: Studio) -> None:
    studio.hold[ArtifactKind.CLIP] = asyncio.Event()
    async with worker_at_work():
        workflow = await start()
        await asyncio.wait_for(studio.started[ArtifactKind.CLIP].wait(), 60)
        assert await delete_workflows(OWNER, [workflow.id]) == [(workflow.id, None)]
        await wait_for(_nothing_at_once(studio))
        assert await Job.all().count() == 0
        assert await Artifact.all().count() == 0
        assert await Shot.all().count() == 0
        studio.hold.pop(ArtifactKind.CLIP).set()


async def test_what_was_made_from_a_workflows_script_beside_it_goes_with_the_workflow(studio: Studio) -> None:
    async with worker_at_work():
        workflow = await ended(await start(pause_after=(Stage.SCRIPT,)), WorkflowStatus.PAUSED)
        script = await Script.get(workflow_id=workflow.id)
        job = await create_storyboard(
            OWNER,
            script_id=script.id,
            workflow_id=None,
            grid_layout=GridLayout.SINGLE,
            provider=None,
            auto_crop=True,
            idempotency_key=None,
        )

        async def done() -> bool:
            return (await Job.get(id=job.id)).status is JobStatus.SUCCEEDED

        await wait_for(done)
        assert await delete_workflows(OWNER, [workflow.id]) == [(workflow.id, None)]
    for table in (Job, Shot, Artifact, Script, Storyboard):
        assert await table.all().count() == 0


async def test_files_of_deleted_workflows_open_no_more_once_the_last_one_is_gone(studio: Studio) -> None:
    async with worker_at_work():
        first, second = await ended(await start()), await ended(await start())
    files = await StoredFile.filter(owner=OWNER)  # made from the same words, they share all but their animatics
    assert await open_file(files[0].global_id) is not None
    await delete_workflows(OWNER, [first.id])
    assert [await open_file(file.global_id) for file in files].count(None) == 1
    await delete_workflows(OWNER, [second.id])
    assert [await open_file(file.global_id) for file in files].count(None) == len(files)
    again = await start()
    assert await StoredFile.filter(released_at__isnull=True).count() == 1  # its text, taken up again
    assert again.status is WorkflowStatus.RUNNING


async def test_another_speaker_is_one_of_the_scripts_characters_and_is_heard(studio: Studio) -> None:
    async with worker_at_work():
        workflow = await ended(await start())
        count = len(studio.inputs)
        shot = (await Shot.filter(owner=OWNER).order_by("sequence"))[1]
        with pytest.raises(BadInputError, match="Anna"):
            await edit_shot(OWNER, ShotChanges(shot.id, speaker="Nobody"))
        assert (await Shot.get(id=shot.id)).speaker == "Anna"
        await edit_shot(OWNER, ShotChanges(shot.id, speaker=None))
        await resume_workflow(OWNER, workflow.id)
        await ended(workflow)
        assert studio.kinds_since(count)["SPEECH"] == 1
        lines = next(inputs["lines"] for kind, inputs in reversed(studio.inputs) if kind is ArtifactKind.SPEECH)
        assert [line["voice_id"] for line in lines] == ["en-narrator"]
        await edit_shot(OWNER, ShotChanges(shot.id, speaker="anna"))
    assert (await Shot.get(id=shot.id)).speaker == "Anna"
