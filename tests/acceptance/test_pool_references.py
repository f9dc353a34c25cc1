"""Clips from named pictures and films through the whole server: what is uploaded, sent, refused, shown and paid.

All scenarios play at once on one deployment and one emulator, each as a user of its own.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import pool_documents as documents
from tests.acceptance.client import Refused
from tests.acceptance.conftest import OpenSite
from tests.acceptance.deployment import EMBEDDED
from tests.acceptance.killing import Killing
from tests.acceptance.playing import Played, Scenario, check, name_of, played
from tests.acceptance.pool import Pool, attempts_of, open_site, storyboard_of
from tests.acceptance.test_stages import png
from tests.made_films import made_film

SCENARIOS: list[Scenario] = []
MODEL = "jimeng-video-seedance-2.0"
TIMES = ("--seconds-per-image", "0.5", "--seconds-per-video", "0.5")
BY_PRIORITY = {"loadBalance": "PRIORITY"}
RECORD = """query ($id: ID!) { job(id: $id) { record { ... on VideoRecord {
  prompt model inputImages references { name file kind durationSeconds } } } } }"""


def scenario(play: Scenario) -> Scenario:
    SCENARIOS.append(play)
    return play


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    root = tmp_path_factory.mktemp("references")
    site = open_site(EMBEDDED, root, *TIMES, has_users=True, EKONTE_URGENT_SLOT_PERCENT="0")
    yield from played(site, SCENARIOS, root)


async def given(pool: Pool, seconds: float = 2, colour: int = 200) -> list[dict[str, str]]:
    """A picture and a film, uploaded: hero and dance."""
    picture = await pool.client.upload(documents.UPLOAD, png(320, 240, "teal"), "hero.png")
    film = await pool.client.upload(documents.UPLOAD, made_film(seconds, colour), "dance.mp4")
    return [
        {"name": "阿明", "file": picture["file"]["id"]},
        {"name": "dance", "file": film["file"]["id"]},
    ]


def prompt(storyboard: str) -> str:
    return f"{storyboard}: @阿明 walks as in @dance"


async def clip(pool: Pool, storyboard: str, references: list[dict[str, str]], **values: Any) -> str:
    wanted = {"prompt": prompt(storyboard), "model": MODEL, "references": references, **values}
    return await pool.clip(storyboard, strategy=BY_PRIORITY, **wanted)


Faults = list[tuple[str, str]]


async def refusal(pool: Pool, storyboard: str, references: list[dict[str, str]], **values: Any) -> Faults:
    """(path, message) of each fault of a clip that must not be taken."""
    with pytest.raises(Refused) as refused:
        await clip(pool, storyboard, references, **values)
    (error,) = refused.value.errors
    faults = error["extensions"].get("faults") or [{**error, "path": error["extensions"]["path"]}]
    return [(".".join(map(str, fault["path"])), fault["message"]) for fault in faults]


@scenario
async def a_clip_from_a_picture_and_a_film(pool: Pool, _: Path) -> None:
    await pool.add("mixed")
    references = await given(pool)
    job_id = await clip(pool, "r1", references)
    job = await pool.ended(job_id)
    assert attempts_of(job) == [("mixed", "SUCCEEDED", None, None)]
    (task,) = pool.emulator.tasks(session="mixed")
    assert task["prompt"] == "r1: @image1 walks as in @video2"
    assert [(each["kind"], each["width"], each["height"]) for each in task["materials"]] == [
        ("IMAGE", 320, 240),
        ("VIDEO", 160, 90),
    ]
    assert task["materials"][1]["duration_ms"] == pytest.approx(2000, abs=100)
    record = (await pool.client.do(RECORD, id=job_id))["record"]
    assert (record["prompt"], record["model"], record["inputImages"]) == (prompt("r1"), MODEL, [])
    shown = [{name: each[name] for name in ("name", "file", "kind")} for each in record["references"]]
    assert shown == [{**references[0], "kind": "IMAGE"}, {**references[1], "kind": "VIDEO"}]
    assert record["references"][1]["durationSeconds"] == pytest.approx(2, abs=0.1)
    # The same content is not uploaded again, and keeps what upstream said of it.
    await pool.ended(await clip(pool, "r2", references))
    first, second = pool.emulator.tasks(session="mixed")
    assert first["materials"] == second["materials"]
    await pool.check_ledger(["r1", "r2"])


@scenario
async def the_account_changes_in_the_middle(pool: Pool, _: Path) -> None:
    """Uploads belong to their account: the next one uploads again."""
    await pool.add("ref-a", "ref-b")
    pool.emulator.put_rule("ref-a is told no", "submit", sessions="ref-a", ret="4003")
    job = await pool.ended(await clip(pool, "s1", await given(pool)))
    assert attempts_of(job) == [
        ("ref-a", "SWITCHED", "PERMISSION_DENIED", "4003"),
        ("ref-b", "SUCCEEDED", None, None),
    ]
    sql = "SELECT a.name, u.uri, u.duration_ms FROM uploaded_input u JOIN account a ON a.id = u.account_id"
    rows = [row for row in await pool.site.deployment.rows(sql) if row["name"] in ("ref-a", "ref-b")]
    assert sorted(row["name"] for row in rows) == ["ref-a", "ref-a", "ref-b", "ref-b"]
    (task,) = pool.emulator.tasks(session="ref-b")
    assert {each["uri"] for each in task["materials"]} == {row["uri"] for row in rows if row["name"] == "ref-b"}
    assert len({row["uri"] for row in rows}) == 4
    assert pool.emulator.tasks(session="ref-a") == []
    await pool.check_ledger(["s1"])


@scenario
async def an_upload_of_a_film_that_fails(pool: Pool, _: Path) -> None:
    await pool.add("stuck", "fluent")
    pool.emulator.put_rule("stuck films", "commit", sessions="stuck", kinds="VIDEO", ret="-1")
    job = await pool.ended(await clip(pool, "u1", await given(pool)))
    assert [attempt[:2] for attempt in attempts_of(job)] == [("stuck", "SWITCHED"), ("fluent", "SUCCEEDED")]
    refusals = pool.emulator.ask("statistics")["refusals"]
    assert refusals["commit -1"] == pool.emulator.hits("stuck films") > 0
    await pool.check_ledger(["u1"])


@scenario
async def results_and_links_as_references(pool: Pool, _: Path) -> None:
    """A picture and a clip that were made here, by their records' ids."""
    await pool.add("maker")
    made = [await pool.image("p1"), await pool.clip("v1")]
    records = []
    for job_id in made:
        await pool.ended(job_id)
        records.append(await pool.client.do("query ($id: ID!) { job(id: $id) { record { id } } }", id=job_id))
    ids = [record["record"]["id"] for record in records]
    references = [{"name": "阿明", "file": ids[0]}, {"name": "dance", "file": ids[1]}]
    await pool.ended(await clip(pool, "w1", references))
    task = pool.emulator.tasks(session="maker")[-1]
    assert [each["kind"] for each in task["materials"]] == ["IMAGE", "VIDEO"]
    assert task["materials"][1]["duration_ms"] == pytest.approx(5000, abs=100)


@scenario
async def what_cannot_be_made_is_refused_and_changes_nothing(pool: Pool, _: Path) -> None:
    await pool.add("strict")
    hero, dance = await given(pool)
    long = (await given(pool, seconds=9, colour=90))[1]
    both = [hero, dance]
    path = "input.references"
    assert (await refusal(pool, "x1", both, model="jimeng-video-3.0"))[0] == (
        path,
        "The model jimeng-video-3.0 takes no references. Models that take them:"
        " jimeng-video-seedance-2.0, jimeng-video-seedance-2.0-fast.",
    )
    ((where, said),) = await refusal(pool, "x1", both, prompt="@阿明 and @nobody as in @dance")
    assert (where, "@nobody" in said) == ("input.prompt", True)
    ((where, said),) = await refusal(pool, "x1", both, prompt="@阿明 walks")
    assert (where, "@dance" in said) == (f"{path}.1.name", True)
    ((where, said),) = await refusal(pool, "x1", [hero, {**dance, "name": "阿明"}], prompt="@阿明")
    assert where == f"{path}.1.name"
    ((where, said),) = await refusal(pool, "x1", both, inputImages=[hero["file"]])
    assert where == path
    three = [hero, long, {**long, "name": "again"}]
    ((where, said),) = await refusal(pool, "x1", three, prompt="@阿明 as in @dance and @again")
    assert (where, "18.0 s long together" in said, "15 s" in said) == (path, True, True)
    sound = await pool.client.upload(documents.UPLOAD, b"some words", "a.txt")
    ((where, said),) = await refusal(pool, "x1", [hero, {"name": "dance", "file": sound["file"]["id"]}])
    assert (where, "text/plain" in said) == (f"{path}.1.file", True)
    assert pool.emulator.tasks(session="strict") == []
    assert await pool.site.deployment.rows("SELECT id FROM generation_record WHERE storyboard_id = 'x1'") == []


@scenario
async def a_record_is_made_again_with_and_without_its_references(pool: Pool, _: Path) -> None:
    await pool.add("again")
    references = await given(pool)
    await pool.ended(await clip(pool, "g1", references))
    wanted = {"kind": "VIDEO", "workId": "default", "storyboardId": "g1"}

    async def made_again(**changes: Any) -> dict[str, Any]:
        job = (await pool.client.do(documents.REGENERATE, input={**wanted, **changes}))["job"]
        await pool.ended(job["id"])
        return pool.emulator.tasks(session="again")[-1]

    first = pool.emulator.tasks(session="again")[0]
    assert (await made_again())["materials"] == first["materials"]
    task = await made_again(references=[references[1]], prompt="g1: just @dance")
    assert [each["kind"] for each in task["materials"]] == ["VIDEO"]
    task = await made_again(inputImages=[references[0]["file"]], prompt="g1: a frame")
    assert (task["materials"], len(task["uris"])) == ([], 1)
    assert all(storyboard_of(task["prompt"]) == "g1" for task in pool.emulator.tasks(session="again"))


@pytest.mark.parametrize("name", [name_of(one) for one in SCENARIOS])
def test_clips_from_references(name: str, outcomes: Played) -> None:
    check(outcomes[name])


async def test_killed_between_upload_and_submit_a_clip_is_paid_once(open_site: OpenSite, tmp_path: Path) -> None:
    """What was uploaded before the kill is used after it."""
    site = open_site(EMBEDDED, *TIMES)
    site.emulator.ask("settings", {"deduplicates": False})
    await site.know_durations()
    async with site.pool("mira") as pool:
        await pool.add("first")
        killing = Killing(pool, tmp_path / "kill-points.jsonl")
        site.deployment.kill_doer()
        await killing.start("before mark_sent")
        references = await given(pool)
        await clip(pool, "k1", references)
        assert await killing.killed("before mark_sent")
        killing.asked.append("k1")
        known = {row["uri"] for row in await site.deployment.rows("SELECT uri FROM uploaded_input")}
        assert len(known) == 2
        await killing.finish()
        await pool.check_ledger(["k1"])
        (task,) = pool.emulator.tasks(session="first")
        assert {each["uri"] for each in task["materials"]} == known
