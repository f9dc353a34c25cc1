"""Records and models, asked for over GraphQL."""

from datetime import timedelta
from typing import Any

import pytest

from models.database import now_ms
from models.enums import AttemptOutcome, AttemptState, MediaKind, Site, Transition
from models.generation import Attempt, GenerationRecord, RecordVersion
from models.generation_parameters import ClipAudio, InputImage
from models.jobs import Job
from services.generation.records.showing import restore_version
from services.notifications.statistics.measures import generation_seconds, switch_count
from tests.account_factories import make_account, make_attempt
from tests.factories import OTHER, OWNER, make_file, make_job
from tests.record_factories import fail, finish, made, record_of, start
from tests.resolvers.asking import ask, refused
from tests.statements import counted_statements

RECORD = """
fragment All on GenerationRecord {
  __typename id kind project { projectId name }
  workId storyboardId model prompt negativePrompt ratio resolution inputImages
  status error { code message } files { sha256 url sourceUrl } chosenFile { sha256 } site switchCount generationSeconds
  account { id sessionHint } originalAccount { id } creditsSpent safetyCheck reused
  versions { nodes { id number prompt model files { sha256 } } totalCount }
  job { id storyboardId record { id } } createdAt updatedAt
  ... on ImageRecord { intelligentRatio sampleStrength seed size steps guidanceScale scheduler style }
  ... on VideoRecord { durationSeconds videoSeed: seed fps motionStrength transition
    clipAudio { voiceoverUrl bgmUrl ducking } }
}
"""
ONE = "query ($id: ID!) { record(id: $id) { ...All } }" + RECORD
LIST = "query ($filter: RecordFilter) { records(filter: $filter) { nodes { id } totalCount } }"
LATEST = """query ($ids: [String!]!, $project: String, $kind: MediaKind! = IMAGE, $work: String! = "default") {
  latestRecords(kind: $kind, workId: $work, projectId: $project, storyboardIds: $ids) {
    storyboardId record { id storyboardId } } }"""


async def shown(record: GenerationRecord, owner: str = OWNER) -> Any:
    return (await ask(ONE, owner, id=record.global_id))["record"]


@pytest.mark.usefixtures("either_database")
async def test_a_picture_is_shown_with_its_request_and_its_result() -> None:
    upload = await make_file()
    job = await start(
        "shot-1", seed=2**40, style="ink", inputs=(InputImage(upload.global_id),), project_name="Film", project_id="p"
    )
    file = await make_file(source_url="https://upstream.example/1.png")
    await finish(job, files=[file])
    record = await record_of(job)
    answer = await shown(record)
    assert (answer["__typename"], answer["kind"], answer["project"]) == (
        "ImageRecord",
        "IMAGE",
        {"projectId": "p", "name": "Film"},
    )
    assert (answer["seed"], answer["style"], answer["ratio"], answer["resolution"]) == (
        2**40,
        "ink",
        record.params["ratio"],
        record.params["resolution"],
    )
    assert (answer["inputImages"], answer["status"], answer["error"]) == ([upload.global_id], "SUCCEEDED", None)
    assert answer["files"] == [
        {"sha256": file.sha256, "url": answer["files"][0]["url"], "sourceUrl": "https://upstream.example/1.png"}
    ]
    assert answer["chosenFile"] == {"sha256": file.sha256}
    assert answer["job"] == {"id": job.global_id, "storyboardId": "shot-1", "record": {"id": record.global_id}}
    assert (answer["safetyCheck"], answer["reused"], answer["versions"]["totalCount"]) == (False, False, 0)
    assert (answer["account"], answer["switchCount"], answer["creditsSpent"]) == (None, 0, None)


@pytest.mark.usefixtures("either_database")
async def test_a_clip_is_shown_with_its_own_fields() -> None:
    audio = ClipAudio(voiceover_url="https://a.example/1.wav", ducking=False)
    job = await start(
        "shot-1", kind=MediaKind.VIDEO, model="offline-motion", duration_seconds=8, fps=30, motion_strength=0.5,
        transition=Transition.FADE, audio=audio,
    )  # fmt: skip
    answer = await shown(await record_of(job))
    assert (answer["__typename"], answer["status"], answer["files"], answer["chosenFile"]) == (
        "VideoRecord",
        "PENDING",
        [],
        None,
    )
    assert (answer["durationSeconds"], answer["fps"], answer["motionStrength"], answer["transition"]) == (
        8,
        30,
        0.5,
        "FADE",
    )
    assert answer["clipAudio"] == {"voiceoverUrl": "https://a.example/1.wav", "bgmUrl": None, "ducking": False}


async def attempts_on(job: Job, *sites: Site, credits_spent: int | None = 4) -> list[Attempt]:
    made_ = []
    for number, site in enumerate(sites, 1):
        account = await make_account(site=site)
        is_last = number == len(sites)
        made_.append(
            await make_attempt(
                account,
                job,
                number=number,
                site=site,
                state=AttemptState.ENDED,
                outcome=AttemptOutcome.SUCCEEDED if is_last else AttemptOutcome.SWITCHED,
                credits_spent=credits_spent if is_last else None,
                placed_at_ms=await now_ms() - 60_000,
            )
        )
    return made_


@pytest.mark.usefixtures("either_database")
async def test_accounts_switches_credits_and_time_come_from_the_attempts() -> None:
    job = await start("shot-1", model="jimeng-4.5")
    attempts = await attempts_on(job, Site.CN, Site.US, Site.US)
    await finish(job)
    first = await shown(await record_of(job))
    assert (first["site"], first["switchCount"], first["creditsSpent"]) == ("US", 2, 4)
    assert first["account"]["id"] == f"acct_{attempts[2].account_id}"
    assert first["originalAccount"]["id"] == f"acct_{attempts[0].account_id}"
    assert first["generationSeconds"] >= 60
    again = await start("shot-1", prompt="another", model="jimeng-4.5")
    await attempts_on(again, Site.CN, credits_spent=6)
    second = await shown(await record_of(again))
    assert (second["site"], second["switchCount"], second["creditsSpent"]) == ("CN", 0, 10)
    assert second["generationSeconds"] == first["generationSeconds"]
    assert second["files"] == first["files"]


@pytest.mark.usefixtures("either_database")
async def test_status_and_error_are_those_of_the_newest_job_and_the_files_those_that_are_shown() -> None:
    record = await made("shot-1")
    job = await start("shot-1", prompt="another")
    waiting = await shown(record)
    await fail(job)
    failed = await shown(record)
    assert (waiting["status"], waiting["error"]) == ("PENDING", None)
    assert (failed["status"], failed["error"]) == ("FAILED", {"code": "API_ERROR", "message": "It broke."})
    assert failed["job"]["id"] == job.global_id
    assert len(failed["files"]) == len(waiting["files"]) == 2


@pytest.mark.usefixtures("either_database")
async def test_versions_are_listed_newest_first_without_the_one_that_is_shown() -> None:
    for prompt in ("one", "two", "three"):
        record = await made("shot-1", prompt=prompt)
    assert [version["prompt"] for version in (await shown(record))["versions"]["nodes"]] == ["two", "one"]
    version = await RecordVersion.get(number=1)
    await restore_version(OWNER, version.id)
    answer = await shown(record)
    assert [version["prompt"] for version in answer["versions"]["nodes"]] == ["three", "two"]
    assert (answer["prompt"], answer["versions"]["totalCount"]) == ("one", 2)
    assert len(answer["versions"]["nodes"][0]["files"]) == 2
    document = "query ($id: ID!) { node(id: $id) { __typename ... on RecordVersion { number prompt } } }"
    assert (await ask(document, id=version.global_id))["node"] == {
        "__typename": "RecordVersion",
        "number": 1,
        "prompt": "one",
    }
    assert (await ask(document, OTHER, id=version.global_id))["node"] is None
    assert (await ask(document, id=record.global_id))["node"]["__typename"] == "ImageRecord"
    await GenerationRecord.all().update(deleted_at=record.created_at)
    assert (await ask(document, id=version.global_id))["node"] is None


@pytest.mark.usefixtures("either_database")
async def test_records_of_others_and_deleted_ones_do_not_exist() -> None:
    theirs, deleted = await made("shot-1", OTHER), await made("shot-1")
    await GenerationRecord.filter(id=deleted.id).update(deleted_at=deleted.created_at)
    for record in (theirs, deleted):
        assert await shown(record) is None
    assert (await ask(LIST))["records"] == {"nodes": [], "totalCount": 0}
    latest = (await ask(LATEST, ids=["shot-1"]))["latestRecords"]
    assert latest == [{"storyboardId": "shot-1", "record": None}]


async def listed(**conditions: Any) -> list[str]:
    return [node["id"] for node in (await ask(LIST, filter=conditions))["records"]["nodes"]]


@pytest.mark.usefixtures("either_database")
async def test_records_are_filtered_by_everything() -> None:
    one = await made("shot-1", prompt="A Red house, 100%", work_id="w1", project_id="p1")
    two = await record_of(await start("shot-2", prompt="a blue house", work_id="w1", project_id="p2"))
    clip = await made("shot-1", prompt="the sea", work_id="w2", kind=MediaKind.VIDEO, model="offline-motion")
    await fail(
        await start("shot-1", prompt="the sea again", work_id="w2", kind=MediaKind.VIDEO, model="offline-motion")
    )
    ids = {"one": one.global_id, "two": two.global_id, "clip": clip.global_id}
    assert await listed() == [ids["clip"], ids["two"], ids["one"]]
    assert await listed(kind="VIDEO") == [ids["clip"]]
    assert await listed(workId="w1") == [ids["two"], ids["one"]]
    assert await listed(projectId="p1") == [ids["one"]]
    assert await listed(storyboardIds=["shot-1", "shot-9"]) == [ids["clip"], ids["one"]]
    assert await listed(storyboardIds=[]) == []
    assert await listed(status=["SUCCEEDED"]) == [ids["one"]]
    assert await listed(status=["PENDING", "FAILED"]) == [ids["clip"], ids["two"]]
    assert await listed(status=[]) == []
    assert await listed(model="offline-motion") == [ids["clip"]]
    assert await listed(promptContains="red HOUSE") == [ids["one"]]
    assert await listed(promptContains="%") == [ids["one"]]
    later = (clip.created_at + timedelta(hours=1)).isoformat()
    assert await listed(createdAfter=later) == []
    assert len(await listed(createdBefore=later)) == 3
    assert await listed(workId="w1", status=["SUCCEEDED"], kind="IMAGE") == [ids["one"]]
    error = await refused(LIST, filter={"storyboardIds": ["s"] * 1001})
    assert error.path == ["filter", "storyboardIds"]


@pytest.mark.usefixtures("either_database")
async def test_records_are_paged_by_cursor_and_by_number() -> None:
    ids = [(await record_of(await start())).global_id for _ in range(5)][::-1]
    document = """query ($first: Int, $after: String, $page: Int) {
      records(first: $first, after: $after, page: $page) {
        nodes { id } totalCount pageInfo { hasNextPage endCursor } } }"""
    one = (await ask(document, first=2))["records"]
    two = (await ask(document, first=2, after=one["pageInfo"]["endCursor"]))["records"]
    assert [node["id"] for node in one["nodes"] + two["nodes"]] == ids[:4]
    assert (one["totalCount"], two["pageInfo"]["hasNextPage"]) == (5, True)
    last = (await ask(document, first=2, page=3))["records"]
    assert ([node["id"] for node in last["nodes"]], last["pageInfo"]["hasNextPage"]) == (ids[4:], False)


@pytest.mark.usefixtures("either_database")
async def test_latest_records_come_in_the_order_asked_for() -> None:
    one, two = await made("shot-1"), await made("shot-2")
    newer = await made("shot-1", project_id="p2")
    await made("shot-1", work_id="w2")
    await made("shot-2", kind=MediaKind.VIDEO, model="offline-motion")
    asked_for = ["shot-2", "none", "shot-1", "shot-2"]
    latest = (await ask(LATEST, ids=asked_for))["latestRecords"]
    assert [entry["storyboardId"] for entry in latest] == asked_for
    found = [entry["record"] and entry["record"]["id"] for entry in latest]
    assert found == [two.global_id, None, newer.global_id, two.global_id]
    default = (await ask(LATEST, ids=["shot-1"], project="default"))["latestRecords"]
    assert default[0]["record"]["id"] == one.global_id
    assert (await ask(LATEST, ids=[]))["latestRecords"] == []
    error = await refused(LATEST, ids=["s"] * 1001)
    assert (error.code, error.path) == ("BAD_USER_INPUT", ["storyboardIds"])


@pytest.mark.usefixtures("either_database")
async def test_latest_records_of_two_or_a_thousand_storyboards_take_two_statements() -> None:
    await made("shot-1")
    await made("shot-2")
    for ids in (["shot-1", "shot-2"], [f"shot-{number}" for number in range(1000)]):
        with counted_statements() as statements:
            latest = (await ask(LATEST, ids=ids))["latestRecords"]
        assert sum(entry["record"] is not None for entry in latest) == 2
        assert len(statements) == 2


@pytest.mark.usefixtures("database")
async def test_twenty_records_with_all_that_they_hold_take_no_more_statements_than_two() -> None:
    document = "query { records { nodes { ...All } totalCount } }" + RECORD
    counts = []
    for count in (2, 18):
        for _ in range(count):
            job = await start(model="jimeng-4.5")
            await attempts_on(job, Site.CN, Site.US)
            await finish(job)
            await finish(await start(str(job.params["storyboard_id"]), prompt="another"))
        with counted_statements() as statements:
            answer = await ask(document)
        counts.append((len(answer["records"]["nodes"]), len(statements)))
    assert [number for number, _ in counts] == [2, 20]
    assert counts[0][1] == counts[1][1]
    assert counts[0][1] < 20


@pytest.mark.usefixtures("either_database")
async def test_jobs_of_single_pictures_are_listed_and_result_in_their_record() -> None:
    job = await start("shot-1")
    await start("shot-1", OTHER)
    build = await make_job(role="BUILD", parent_id=1)
    await make_job(role="GENERATE", parent_id=build.id, stage=None)
    document = """{ jobs { nodes { id type storyboardId record { id }
      result { __typename ... on ImageRecord { id } } files { sha256 } } } }"""
    waiting = (await ask(document))["jobs"]["nodes"]
    assert [node["id"] for node in waiting] == [job.global_id]
    assert (waiting[0]["storyboardId"], waiting[0]["type"], waiting[0]["result"]) == ("shot-1", "TEXT_TO_IMAGE", None)
    await finish(job)
    node = (await ask(document))["jobs"]["nodes"][0]
    record = {"id": (await record_of(job)).global_id}
    assert (node["record"], node["result"]) == (record, {"__typename": "ImageRecord", **record})
    assert len(node["files"]) == 2


def test_switches_are_counted_between_attempts() -> None:
    def attempt(account_id: int, site: Site) -> Attempt:
        return Attempt(account_id=account_id, site=site)

    one, other, elsewhere = attempt(1, Site.CN), attempt(2, Site.CN), attempt(1, Site.US)
    assert switch_count([]) == switch_count([one]) == switch_count([one, one]) == 0
    assert switch_count([one, other, other, one]) == 2
    assert switch_count([one, elsewhere]) == 1


def test_a_result_that_was_handed_out_again_took_no_time() -> None:
    assert generation_seconds(None, ()) is None
    assert generation_seconds(Job(finished_at=None), ()) is None


MODELS = """query ($kind: MediaKind) { models(kind: $kind) {
  name kind provider sites ratios resolutions durationsSeconds maxInputImages credits isDefault parameters } }"""


async def test_models_are_listed_by_kind_with_what_they_take() -> None:
    images = (await ask(MODELS, kind="IMAGE"))["models"]
    clips = (await ask(MODELS, kind="VIDEO"))["models"]
    assert {model["kind"] for model in images} == {"IMAGE"}
    assert {model["kind"] for model in clips} == {"VIDEO"}
    assert len((await ask(MODELS))["models"]) == len(images) + len(clips)
    assert [model["name"] for model in images if model["isDefault"]] == ["jimeng-4.5"]
    assert [model["name"] for model in clips if model["isDefault"]] == ["jimeng-video-3.5-pro"]
    drawing = next(model for model in images if model["name"] == "offline-drawing")
    assert (drawing["sites"], drawing["durationsSeconds"]) == ([], [])
    assert {"seed", "size", "style"} <= set(drawing["parameters"])
    jimeng = next(model for model in images if model["name"] == "jimeng-4.5")
    assert "CN" in jimeng["sites"]
    assert "1:1" in jimeng["ratios"]
