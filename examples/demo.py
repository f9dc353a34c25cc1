"""Turns a text into a film through Ekonte's GraphQL API and shows the progress; `make demo` runs it.

python examples/demo.py                                    starts its own server and stops it at the end
python examples/demo.py --url http://127.0.0.1:8000/graphql --text story.txt
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from display import Part, View, display_for, elapsed_seconds
from graphql_client import GraphQLClient, GraphQLError
from live_display import Display
from own_server import ROOT, ServerError, own_server, tail, warnings
from rich.console import Console
from rich.table import Column, Table
from saving import extension, output_folder, save

STORY = ROOT / "examples" / "yi-jian-xiao-shi.txt"
TITLES = {"yi-jian-xiao-shi": "一件小事", "little-red-cap": "Little Red-Cap"}
PARTS_INTERVAL_SECONDS = 1.0
WAYS_OUT = """Either let the film be made by that server, at the address that it told when it started:
  make demo DEMO="--url http://127.0.0.1:8000/graphql"
or keep this one's data in another folder:
  make demo DATA=other"""
QUALITIES = ("DRAFT", "STANDARD", "HIGH")
ENDED = ("SUCCEEDED", "FAILED", "CANCELED")

UPLOAD = """
mutation ($file: Upload!) { uploadScriptFile(file: $file) { file { id contentType bytes } } }
"""
CREATE = """
mutation ($input: CreateWorkflowInput!) { createWorkflow(input: $input) { workflow { id name } } }
"""
CANCEL = """
mutation ($id: ID!) { cancelWorkflow(id: $id) { workflow { status } } }
"""
# Every event contains the workflow's whole state, so events missed during a reconnect do not matter.
EVENTS = """
subscription ($id: ID!) {
  workflowEvents(id: $id) {
    __typename
    ... on WorkflowProgressed { workflow { ...state } }
    ... on StageCompleted { stage workflow { ...state } }
    ... on StageFailed { stage error { message } workflow { ...state } }
    ... on WorkflowCompleted { workflow { ...state } }
    ... on WorkflowFailed { workflow { ...state } }
  }
}
fragment state on Workflow {
  id status progress currentStage
  error { code message }
  stages { stage status progress startedAt finishedAt job { message } }
}
"""
PARTS = {
    "ASSETS": "assets(first: 100) { totalCount nodes { name status } }",
    "STORYBOARD": "storyboard { shots(first: 100) { totalCount nodes { sequence title status } } }",
    "ANIMATIC": "animatic { shots(first: 100) { totalCount nodes { shot { sequence title } video { sha256 } } } }",
    "VIDEO": "video { segments(first: 100) { totalCount nodes { shot { sequence title } status } } }",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 if the film was made, 1 if anything failed, 130 if interrupted."""
    options = _parser().parse_args(arguments)
    console = Console()
    try:
        return asyncio.run(_until_interrupted(options, console))
    except GraphQLError as error:
        say(console, f"The server refused: {error}", style="red")
        if error.code == "UNAUTHENTICATED":
            say(console, "Create a token with `python server.py token --user me --days 1` and pass it with --token.")
    except ServerError as error:
        say(console, f"The server did not start: {error}", style="red")
        if error.is_data_in_use:
            say(console, WAYS_OUT)
    except (httpx.HTTPError, OSError) as error:
        say(console, f"{type(error).__name__}: {error}", style="red")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Turns a text into a film, and shows it happening.")
    parser.add_argument("--text", type=Path, default=STORY, help=".txt, .md, .docx, .pdf or .epub (%(default)s)")
    parser.add_argument("--url", help="a running server's GraphQL address; default: start an own server")
    parser.add_argument("--token", default=os.environ.get("EKONTE_TOKEN"), help="bearer token (EKONTE_TOKEN)")
    parser.add_argument("--data", type=Path, help="data folder of the own server (EKONTE_DATA_DIR, data)")
    parser.add_argument("--name", help="the workflow's name (the text's file name)")
    parser.add_argument("--target-shots", type=int, help="approximate number of shots (depends on the story)")
    parser.add_argument("--ratio", default="16:9", help="width to height (%(default)s)")
    parser.add_argument("--resolution", default="720p", help="480p, 720p or 1080p (%(default)s)")
    parser.add_argument("--quality", choices=QUALITIES, default="STANDARD", help="quality of the clips (%(default)s)")
    parser.add_argument("--out", type=Path, help="output folder (output/story-txt for story.txt)")
    return parser


async def _until_interrupted(options: argparse.Namespace, console: Console) -> int:
    """Runs the demo; Ctrl-C, SIGTERM and a closed terminal stop it gracefully, and its server."""
    demo = asyncio.create_task(run(options, console))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, demo.cancel)
    try:
        return await demo
    except asyncio.CancelledError:
        say(console, "Stopped.")
        return 130


async def run(options: argparse.Namespace, console: Console) -> int:
    if not options.text.is_file():
        say(console, f"There is no file {options.text}.", style="red")
        return 1
    if options.url is not None:
        return await make_film(options.url, None, options, console)
    data = (options.data or Path(os.environ.get("EKONTE_DATA_DIR", ROOT / "data"))).resolve()
    log = data / f"demo-{os.getpid()}.log"
    async with own_server(data, log) as url:
        say(console, f"Started a server at {url}, its log is {shown(log)}")
        for text in warnings(log):
            say(console, f"Warning: {text}", style="yellow")
        code = await make_film(url, log, options, console)
    if code == 0:
        log.unlink(missing_ok=True)
    return code


async def make_film(url: str, log: Path | None, options: argparse.Namespace, console: Console) -> int:
    """Creates the film and saves the results in the output folder; returns the exit code."""
    async with GraphQLClient(url, token=options.token) as client:
        workflow_id = await create(client, options)
        try:
            workflow = await follow(client, workflow_id, options, console)
        except BaseException as error:
            # Otherwise the workflow would continue at the server's next start.
            with contextlib.suppress(GraphQLError, httpx.HTTPError):
                await client.execute(CANCEL, {"id": workflow_id})
            if isinstance(error, Exception):
                show_log(console, log)
            raise
        if workflow["status"] != "SUCCEEDED":
            say(console, failure_text(workflow), style="red")
            show_log(console, log)
            return 1
        out = options.out or output_folder(options.text)
        film = await save(client, workflow_id, out)
        report(console, workflow, film, out)
        later = "" if options.url else "   (that server stops now; `make serve` starts one with all this in it)"
        say(console, f"  workflow   {workflow_id} at {url}{later}")
    return 0


def say(console: Console, text: str, style: str = "") -> None:
    """Prints text without highlighting, cropping and wrapping of paths and links."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def show_log(console: Console, log: Path | None) -> None:
    if log is not None:
        say(console, f"The end of the server's log, {shown(log)}:\n{tail(log)}")


async def create(client: GraphQLClient, options: argparse.Namespace) -> str:
    """Uploads the text and starts a workflow; returns its id."""
    upload = (await client.upload(UPLOAD, options.text))["uploadScriptFile"]["file"]
    settings = {
        "ratio": options.ratio,
        "resolution": options.resolution,
        "targetShots": options.target_shots,
        "quality": options.quality,
    }
    name = options.name or TITLES.get(options.text.stem, options.text.stem)
    answer = await client.execute(CREATE, {"input": {"name": name, "inputFile": upload["id"], "options": settings}})
    workflow_id: str = answer["createWorkflow"]["workflow"]["id"]
    return workflow_id


async def follow(
    client: GraphQLClient, workflow_id: str, options: argparse.Namespace, console: Console
) -> dict[str, Any]:
    """Shows the workflow until it has ended, and returns its last state."""
    view = View(f"{options.text.name}  →  film   {workflow_id}")
    with display_for(console) as display:
        asking = asyncio.create_task(_poll_parts(client, workflow_id, view, display))
        try:
            async for event in _events(client, workflow_id):
                view.workflow = event["workflow"]
                if text := news(event):
                    display.tell(view, text)
                display.show(view)
        finally:
            asking.cancel()
            await asyncio.wait([asking])
        view.parts, view.parts_stage = (), None
        display.show(view)
    if view.workflow is None or view.workflow["status"] not in ENDED:
        raise GraphQLError([{"message": "The server ended the events before the workflow had ended."}])
    return view.workflow


async def _events(client: GraphQLClient, workflow_id: str) -> AsyncIterator[dict[str, Any]]:
    async with contextlib.aclosing(client.subscribe(EVENTS, {"id": workflow_id})) as events:
        async for data in events:
            yield data["workflowEvents"]


def news(event: dict[str, Any]) -> str | None:
    """A line about an event; None for mere progress."""
    match event["__typename"]:
        case "StageCompleted":
            row = next(row for row in event["workflow"]["stages"] if row["stage"] == event["stage"])
            seconds = elapsed_seconds(row, datetime.now(UTC)) or 0.0
            return f"{event['stage'].lower()} done in {seconds:.1f} s"
        case "StageFailed":
            return f"{event['stage'].lower()} failed: {event['error']['message']}"
    return None


async def _poll_parts(client: GraphQLClient, workflow_id: str, view: View, display: Display[View]) -> None:
    """Updates the parts of the current stage once a second; a failed query is ignored."""
    while True:
        await asyncio.sleep(PARTS_INTERVAL_SECONDS)
        stage = (view.workflow or {}).get("currentStage")
        if stage not in PARTS:
            continue
        document = f"query ($id: ID!) {{ workflow(id: $id) {{ {PARTS[stage]} }} }}"
        with contextlib.suppress(GraphQLError, httpx.HTTPError):
            answer = await client.execute(document, {"id": workflow_id})
            (view.parts, view.hidden_parts), view.parts_stage = parts_of(stage, answer["workflow"]), stage
            display.show(view)


def parts_of(stage: str, workflow: dict[str, Any]) -> tuple[list[Part], int]:
    """The parts of a stage from the response to its PARTS query, and the number of omitted ones."""
    owner, field = {
        "ASSETS": (workflow, "assets"),
        "STORYBOARD": (workflow.get("storyboard"), "shots"),
        "ANIMATIC": (workflow.get("animatic"), "shots"),
        "VIDEO": (workflow.get("video"), "segments"),
    }[stage]
    if owner is None:  # the stage has no rows yet
        return [], 0
    nodes = owner[field]["nodes"]
    if stage == "ASSETS":
        parts = [Part(node["name"], node["status"]) for node in reversed(nodes)]
    else:
        parts = [_part_of_shot(node.get("shot", node), node) for node in nodes]
    return parts, owner[field]["totalCount"] - len(nodes)


def _part_of_shot(shot: dict[str, Any], node: dict[str, Any]) -> Part:
    status = node.get("status") or ("SUCCEEDED" if node["video"] else "PENDING")
    return Part(f"{shot['sequence']} {shot['title']}", status)


def failure_text(workflow: dict[str, Any]) -> str:
    error = workflow["error"]
    if error is None:
        return f"The workflow ended as {workflow['status']}."
    return f"The workflow failed in {(workflow['currentStage'] or '?').lower()}: {error['message']} ({error['code']})"


def report(console: Console, workflow: dict[str, Any], film: dict[str, Any], out: Path) -> None:
    """Prints the paths of the results and the duration of each stage."""
    now = datetime.now(UTC)
    table = Table("stage", Column("seconds", justify="right"), title="How long each stage took", title_justify="left")
    total = 0.0
    for stage in workflow["stages"]:
        seconds = elapsed_seconds(stage, now) or 0.0
        total += seconds
        table.add_row(stage["stage"].lower(), f"{seconds:.1f}")
    table.add_row("together", f"{total:.1f}", style="bold")
    console.print(table)
    size = film["film"]
    length = f"{film['durationSeconds']:.1f} s, {size['width']}x{size['height']}, {size['bytes'] / 1e6:.1f} MB"
    lines = [f"  film       {shown(out / 'film.mp4')}   ({length})"]
    if film["subtitles"]:
        lines.append(f"  subtitles  {shown(out / 'film.srt')}")
    if film["poster"]:
        lines.append(f"  poster     {shown(out / ('poster' + extension(film['poster'])))}")
    lines += [
        f"  shots      {shown(out / 'shots')}   ({film['shots']} pictures)",
        f"  designs    {shown(out / 'designs')}",
        f"  screenplay {shown(out / 'screenplay.fountain')}",
    ]
    say(console, "\n".join(lines))


def shown(path: Path) -> str:
    """The path relative to the working directory if it is within, else absolute."""
    path = path.resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    sys.exit(main())
