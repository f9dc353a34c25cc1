"""Making films as a caller does, waiting for what one needs, and looking at what the deployment holds then."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.acceptance import stories
from tests.acceptance.client import Client
from tests.acceptance.deployment import Deployment

Event = dict[str, Any]
Place = tuple[str, int, int]
"(artifact kind, subject id, slot)"

# Ten times what a film takes on two quiet cores: only there so that nothing waits for ever.
PATIENCE_SECONDS = 540.0


@dataclass(frozen=True)
class Filmed:
    """A workflow that has ended, and all events that a follower was told from its beginning."""

    workflow: dict[str, Any]
    events: list[Event]

    @property
    def id(self) -> str:
        return str(self.workflow["id"])


async def begin(client: Client, text: str = stories.CHINESE, name: str = "A film", **options: Any) -> str:
    """The id of a new workflow."""
    wanted = {"name": name, "inputContent": text, "options": {**stories.OPTIONS, **options}}
    return str((await client.do(stories.CREATE_WORKFLOW, input=wanted))["workflow"]["id"])


async def follow_to_end(client: Client, workflow_id: str) -> list[Event]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return [event async for event in client.follow(stories.EVENTS, id=workflow_id)]


async def film(client: Client, text: str, **options: Any) -> Filmed:
    """Makes a film from a text and follows it to its end."""
    workflow_id = await begin(client, text, **options)
    events = await follow_to_end(client, workflow_id)
    return Filmed(await client.do(stories.WORKFLOW, id=workflow_id), events)


def stages_told(events: list[Event]) -> list[str]:
    """The stages that a follower knows to be done, in the order in which it was told: those that the present state
    shows (a stage may end before somebody begins to follow), then one event each.
    """
    at_first = [stage["stage"] for stage in events[0]["workflow"]["stages"] if stage["status"] == "SUCCEEDED"]
    return at_first + [event["stage"] for event in events if event["__typename"] == "StageCompleted"]


async def until(
    what: str, ask: Callable[[], Awaitable[Any]], seconds: float = PATIENCE_SECONDS, *, every_seconds: float = 0.05
) -> Any:
    """Asks again and again; the first answer that is not empty."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        answer = await ask()
        if answer:
            return answer
        assert loop.time() < deadline, f"not within {seconds:g} s: {what}"
        await asyncio.sleep(every_seconds)


async def ended(client: Client, workflow_id: str) -> dict[str, Any]:
    """The workflow once it has ended, in whatever way."""

    async def ask() -> Any:
        workflow = await client.do(stories.WORKFLOW, id=workflow_id)
        return workflow if workflow["status"] in ("SUCCEEDED", "FAILED", "CANCELED") else None

    return dict(await until("the workflow ends", ask, every_seconds=0.3))


async def done(client: Client, job_id: str) -> dict[str, Any]:
    """Follows a job to its end; its last state."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        states = [state async for state in client.follow(stories.JOB_PROGRESS, ids=[job_id])]
    progress = [state["progress"] for state in states]
    assert progress == sorted(progress), progress
    return dict(states[-1])


async def succeeded(client: Client, payload: dict[str, Any]) -> dict[str, Any]:
    """Waits for the job of a payload, which must succeed."""
    state = await done(client, payload["job"]["id"])
    assert state["status"] == "SUCCEEDED", state
    return state


async def shots_of(client: Client, storyboard_id: str) -> list[dict[str, Any]]:
    return list((await client.do(stories.SHOTS, id=storyboard_id))["shots"]["nodes"])


def number(global_id: str) -> int:
    return int(global_id.rsplit("_", 1)[1])


# ---------------------------------------------------------------- what a deployment holds


@dataclass(frozen=True)
class Made:
    """An artifact as its row says it, with its files (role, position, hash)."""

    version: int
    job_id: int | None
    files: tuple[tuple[str, int, str], ...]


async def artifacts(deployment: Deployment, workflow_id: str | None = None) -> dict[Place, Made]:
    """All artifacts that have been made, of all workflows or of one."""
    rows = await deployment.rows(
        "SELECT a.kind, a.subject_id, a.slot, a.version, a.made_by_job_id, l.role, l.position, f.sha256"
        " FROM artifact a LEFT JOIN artifact_file l ON l.artifact_id = a.id"
        " LEFT JOIN stored_file f ON f.id = l.file_id"
        " WHERE a.fingerprint IS NOT NULL OR a.is_pinned ORDER BY a.id, l.role, l.position"
    )
    subjects = None if workflow_id is None else await _subjects(deployment, number(workflow_id))
    made: dict[Place, Made] = {}
    for row in rows:
        place = (row["kind"], row["subject_id"], row["slot"])
        if subjects is not None and row["subject_id"] not in subjects:
            continue
        before = made.get(place)
        files = (*(before.files if before else ()), (row["role"], row["position"], row["sha256"]))
        made[place] = Made(row["version"], row["made_by_job_id"], files)
    return made


async def _subjects(deployment: Deployment, workflow_id: int) -> set[int]:
    rows = await deployment.rows(
        "SELECT artifact_subject_id AS id FROM job WHERE role = 'BUILD' AND workflow_id = ?", workflow_id
    )
    return {row["id"] for row in rows}


async def builds(deployment: Deployment, workflow_id: str) -> list[dict[str, Any]]:
    return await deployment.rows(
        "SELECT id, stage, status, artifact_kind, artifact_subject_id, artifact_slot, tries, failures, parent_id"
        " FROM job WHERE role = 'BUILD' AND workflow_id = ? ORDER BY id",
        number(workflow_id),
    )


async def check_storage(deployment: Deployment) -> None:
    """Every file on the disk has its row and the content that its name says; nothing is half-written or left over."""
    rows = await deployment.rows("SELECT id, sha256, state, bytes FROM stored_file")
    assert {row["state"] for row in rows} <= {"READY"}
    by_hash = {row["sha256"]: row["bytes"] for row in rows}
    on_disk: set[str] = set()
    for path in deployment.files_dir.rglob("*"):
        if path.is_file() and path.name != "ekonte-storage-mark.txt":  # by which servers know that they share it
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert path.stem == digest, path
            on_disk.add(digest)
    assert on_disk == set(by_hash), "files and rows differ"
    links = await deployment.rows(
        "SELECT file_id FROM artifact_file UNION SELECT file_id FROM job_file UNION SELECT source_file_id FROM script"
        " UNION SELECT reference_file_id FROM asset WHERE reference_file_id IS NOT NULL"
    )
    known = {row["id"] for row in rows}
    assert {link["file_id"] for link in links} <= known, "something refers to a file that is gone"
    # Uploads wait for their use; the text of a request that was refused after it was stored goes with them in a week.
    made = await deployment.rows("SELECT id FROM stored_file WHERE made_by_job_id IS NOT NULL")
    orphans = {row["id"] for row in made} - {link["file_id"] for link in links}
    assert not orphans, "files that nothing refers to"
    scratch = list(deployment.scratch_dir.iterdir()) if deployment.scratch_dir.exists() else []
    assert scratch == []


async def check_current(deployment: Deployment, workflow_id: str) -> None:
    """Nothing of the workflow is at work or waits for work."""
    live = await deployment.rows(
        "SELECT id FROM job WHERE workflow_id = ? AND status IN ('PENDING', 'RUNNING')", number(workflow_id)
    )
    assert live == []


def check_logs(deployment: Deployment, *expected: str) -> None:
    """Nothing went wrong that nobody asked for: no line of level error, no traceback, but those that name one of
    the expected words.
    """
    wrong = [
        f"{name}: {line}"
        for name, said in deployment.logs()
        for line in said.splitlines()
        if ('"level":"error"' in line or "Traceback" in line or "[ERROR]" in line)
        and not any(word in line for word in expected)
    ]
    assert wrong == []
