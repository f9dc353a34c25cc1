"""Generates a storyboard's images with a pool of mostly failing accounts, and shows it: `make demo-pool`.

Starts an emulator of Jimeng and a server, uses the server through its API, and finally compares the emulator's ledger
with the stored results. Nothing leaves this machine, and no real account is used.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from contact_sheet import Print, write_contact_sheet
from demo import say, show_log, shown
from graphql_client import GraphQLClient, GraphQLError
from live_display import Display
from own_emulator import Emulator, EmulatorError, own_emulator
from own_server import ROOT, ServerError, own_server, warnings
from pool_display import account_summary, pool_display_for
from pool_ledger import Balance, compare
from pool_state import ENDED, View, account_news, job_news, shot_of
from rich.console import Console
from saving import MAX_DOWNLOADS, extension, safe_name

SCENARIO = ROOT / "examples" / "pool-demo.toml"
PROMPTS = ROOT / "examples" / "the-lamp.txt"
WORK = "pool-demo"
DATABASE = "ekonte.sqlite3"
FAST_SECONDS = "2"
# Shorter than for the real upstream, so that the demo does not wait long for unconfirmed submits.
TIMES = {
    "JIMENG_TIMEOUT_SECONDS": "4",
    "EKONTE_UNKNOWN_SUBMIT_SECONDS": "6",
    "EKONTE_ACCOUNT_CHECK_SECONDS": "0",
    "EKONTE_SECOND_LOOK_SECONDS": "1",
}
OWN_PREFIXES = ("EKONTE_", "JIMENG_", "DEFAULT_")

CREATE = """
mutation ($input: CreateAccountsInput!) {
  createAccounts(input: $input) { accounts { id name site } failures { path message } }
}
"""
GENERATE = "mutation ($input: GenerateImageInput!) { generateImage(input: $input) { job { id } } }"
CANCEL = "mutation ($id: ID!) { cancelJob(id: $id) { job { status } } }"
ACCOUNTS = """
subscription {
  accountChanges {
    deletedAccountId
    account {
      id name site status statusReason imageAvailability imageCount maxConcurrent quotaResetAt
      cooldowns { until reason }
    }
  }
}
"""
JOBS = """
subscription ($ids: [ID!]!) {
  jobProgress(ids: $ids) {
    id status progress message error { message }
    attempts { account { name } historyId outcome error { message } }
  }
}
"""
RECORDS = """
query ($workId: String!, $after: String) {
  records(filter: {workId: $workId}, first: 100, after: $after) {
    nodes {
      storyboardId status chosenFile { url contentType } files { sha256 }
      job { id status progress attempts { account { name } historyId outcome } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""


class DemoError(Exception):
    """The demo cannot start or continue. The text is a sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 if all images are stored and charged once, 1 if anything failed, 130 if interrupted."""
    options = _parser().parse_args(arguments)
    console = Console()
    try:
        return asyncio.run(_until_interrupted(options, console))
    except (EmulatorError, ServerError, GraphQLError, DemoError) as error:
        say(console, _first_of(error), style="red")
    except (httpx.HTTPError, OSError) as error:
        say(console, f"{type(error).__name__}: {error}", style="red")
    return 1


def _first_of(error: BaseException) -> str:
    prefix = {ServerError: "The server did not start: ", GraphQLError: "The server refused: "}.get(type(error), "")
    return f"{prefix}{error}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="A pool of accounts at work, most of them in trouble.")
    parser.add_argument("--fast", action="store_true", help="small prepared images, nothing is drawn")
    parser.add_argument("--prompts", type=Path, default=PROMPTS, help="a file with one prompt per line (%(default)s)")
    parser.add_argument("--scenario", type=Path, default=SCENARIO, help="the emulator's scenario (%(default)s)")
    parser.add_argument("--seconds-per-image", type=float, help="seconds of an emulated task (5; fast: 2)")
    parser.add_argument("--emulator-port", type=int, default=0, help="the emulator's port (a free one)")
    parser.add_argument("--data", type=Path, help="a new folder for the server's data (one in data/, with the time)")
    parser.add_argument("--out", type=Path, default=ROOT / "output" / WORK, help="output folder (%(default)s)")
    return parser


async def _until_interrupted(options: argparse.Namespace, console: Console) -> int:
    """Runs the demo; Ctrl-C, SIGTERM and a closed terminal stop it gracefully, with its processes."""
    demo = asyncio.create_task(run(options, console))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, demo.cancel)
    try:
        return await demo
    except asyncio.CancelledError:
        say(console, "Stopped, with everything that was started.")
        return 130


async def run(options: argparse.Namespace, console: Console) -> int:
    prompts = read_prompts(options.prompts)
    data = new_folder(options.data)
    try:
        async with own_emulator(
            data / "emulator.log", options.scenario.resolve(), options.emulator_port, *_how(options)
        ) as upstream:
            log = data / "server.log"
            async with own_server(data, log, server_environment(os.environ, upstream.environment)) as url:
                say(
                    console,
                    f"An emulator of Jimeng listens at {upstream.address}, a server at {url}; both end with this.",
                )
                for text in warnings(log):
                    say(console, f"Warning: {text}", style="yellow")
                async with GraphQLClient(url) as client:
                    work = make_pictures(client, upstream, prompts, options, console)
                    try:
                        code = await beside(upstream.watch(), work)
                    except GraphQLError:
                        show_log(console, log)
                        raise
                    except (httpx.HTTPError, OSError) as error:
                        show_log(console, log)
                        raise DemoError(f"The server does not answer any more: {type(error).__name__}.") from error
    except BaseException as error:
        is_of_use = isinstance(error, Exception) and (data / DATABASE).exists()
        if not is_of_use and options.data is None:
            shutil.rmtree(data, ignore_errors=True)
        raise
    say(console, f"  data       {shown(data)}   (accounts, records, logs)")
    return code


def read_prompts(path: Path) -> list[str]:
    """The non-empty lines of a text. Raises DemoError for duplicates, or if there are none."""
    if not path.is_file():
        raise DemoError(f"There is no file {path}.")
    prompts = [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
    if not prompts:
        raise DemoError(f"There is no prompt in {path}.")
    if twice := next((prompt for prompt in prompts if prompts.count(prompt) > 1), None):
        raise DemoError(f"Each prompt of {path} has to be another: the books are compared by them. Twice: {twice}")
    return prompts


def new_folder(wanted: Path | None) -> Path:
    """An empty folder for this run, since accounts of an earlier run belong to an emulator that has ended."""
    path = wanted or ROOT / "data" / f"pool-demo-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    path = path.resolve()
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise DemoError(f"{path} is not empty; the demo wants a folder of its own, e.g. --data {path}-2")
    path.mkdir(parents=True, exist_ok=True)
    return path


def server_environment(own: Mapping[str, str], upstream: Mapping[str, str]) -> dict[str, str]:
    """The environment without settings of other servers, such as database, secret or real hosts."""
    kept = {name: value for name, value in own.items() if not name.upper().startswith(OWN_PREFIXES)}
    return {**kept, **upstream, **TIMES}


def _how(options: argparse.Namespace) -> list[str]:
    seconds = options.seconds_per_image
    if seconds is None and options.fast:
        seconds = FAST_SECONDS
    return [
        *(["--fast"] if options.fast else []),
        *(["--seconds-per-image", str(seconds)] if seconds is not None else []),
    ]


async def beside(watch: Coroutine[Any, Any, None], work: Coroutine[Any, Any, int]) -> int:
    """Runs `work` and returns its result; cancels it if `watch` raises."""
    watching, working = asyncio.create_task(watch), asyncio.create_task(work)
    try:
        done, _ = await asyncio.wait((watching, working), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working in done and watching not in done else watching.result() or 1
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.wait((watching, working))


async def make_pictures(
    client: GraphQLClient, upstream: Emulator, prompts: Sequence[str], options: argparse.Namespace, console: Console
) -> int:
    """Creates accounts, generates the images and writes the contact sheet; returns the exit code."""
    accounts = await create_accounts(client, upstream)
    say(console, f"The pool: {account_summary(accounts)}")
    view = View()
    jobs = await asyncio.gather(*(generate(client, number, prompt) for number, prompt in enumerate(prompts, start=1)))
    view.numbers = {job_id: number for number, job_id in enumerate(jobs, start=1)}
    try:
        await follow(client, view, console)
    except BaseException:
        with contextlib.suppress(GraphQLError, httpx.HTTPError):
            await asyncio.gather(*(client.execute(CANCEL, {"id": job_id}) for job_id in jobs), return_exceptions=True)
        raise
    seconds = (datetime.now(UTC) - view.started_at).total_seconds()
    records = await all_records(client)
    balance = compare((await upstream.get("ledger"))["tasks"], records, len(prompts))
    sheet = await save(client, records, options.out)
    report(console, balance, seconds, options.out, sheet)
    return 0 if balance.is_even else 1


async def create_accounts(client: GraphQLClient, upstream: Emulator) -> list[dict[str, Any]]:
    """Creates an account for each of the emulator's, named after its session. Raises DemoError if one is refused."""
    known = (await upstream.get("accounts"))["accounts"]
    inputs = [
        {
            "name": account["session"],
            "type": "DOMESTIC" if account["site"] == "CN" else "INTERNATIONAL",
            "sessionId": account["session"]
            if account["site"] == "CN"
            else f"{account['site'].lower()}-{account['session']}",
        }
        for account in known
    ]
    answer = (await client.execute(CREATE, {"input": {"accounts": inputs}}))["createAccounts"]
    if answer["failures"]:
        raise DemoError(f"The account {answer['failures'][0]['path']} was refused: {answer['failures'][0]['message']}")
    accounts: list[dict[str, Any]] = answer["accounts"]
    return accounts


async def generate(client: GraphQLClient, number: int, prompt: str) -> str:
    """Requests one image; returns the id of its job."""
    wanted = {
        "workId": WORK,
        "storyboardId": f"shot-{number:03}",
        "prompt": prompt,
        "ratio": "16:9",
        "resolution": "1k",
        "strategy": {"maxAttempts": 20},
    }
    answer = await client.execute(GENERATE, {"input": wanted}, idempotency_key=f"{WORK}-{number}")
    job_id: str = answer["generateImage"]["job"]["id"]
    return job_id


async def follow(client: GraphQLClient, view: View, console: Console) -> None:
    """Shows accounts and shots until all jobs have ended."""
    with pool_display_for(console) as display:
        following = asyncio.create_task(_follow_accounts(client, view, display))
        try:
            async for job in _events(client, JOBS, "jobProgress", {"ids": list(view.numbers)}):
                text = job_news(view.numbers[job["id"]], view.jobs.get(job["id"]), job)
                view.jobs[job["id"]] = job
                if text is not None:
                    display.tell(view, text)
                display.show(view)
        finally:
            following.cancel()
            await asyncio.wait([following])
    if any(job["status"] not in ENDED for job in view.jobs.values()):
        raise GraphQLError([{"message": "The server ended the events before the jobs had ended."}])


async def _follow_accounts(client: GraphQLClient, view: View, display: Display[View]) -> None:
    async for change in _events(client, ACCOUNTS, "accountChanges", {}):
        account = change["account"]
        if account is None:
            view.accounts.pop(change["deletedAccountId"], None)
            continue
        text = account_news(view.accounts.get(account["id"]), account, datetime.now(UTC))
        view.accounts[account["id"]] = account
        if text is not None:
            display.tell(view, text)
        display.show(view)


async def _events(
    client: GraphQLClient, document: str, name: str, variables: Mapping[str, Any]
) -> AsyncIterator[dict[str, Any]]:
    async with contextlib.aclosing(client.subscribe(document, variables)) as events:
        async for data in events:
            yield data[name]


async def all_records(client: GraphQLClient) -> list[dict[str, Any]]:
    """The records of the work, in the order of its shots."""
    records: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = (await client.execute(RECORDS, {"workId": WORK, "after": after}))["records"]
        records += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return sorted(records, key=lambda record: str(record["storyboardId"]))
        after = page["pageInfo"]["endCursor"]


async def save(client: GraphQLClient, records: Sequence[Mapping[str, Any]], out: Path) -> Path | None:
    """Replaces the content of `out` by the chosen image of each shot, and writes the contact sheet."""
    shutil.rmtree(out / "shots", ignore_errors=True)
    at_once = asyncio.Semaphore(MAX_DOWNLOADS)

    async def fetch(number: int, record: Mapping[str, Any]) -> Print:
        shot = shot_of(number, record["job"])
        name = safe_name(record["storyboardId"]) + extension(record["chosenFile"])
        async with at_once:
            path = await client.download(record["chosenFile"]["url"], out / "shots" / name)
        switches = f", {shot.switches} switch{'es' if shot.switches > 1 else ''}" if shot.switches else ""
        return Print(path, f"{number:02}  {shot.account or ''}{switches}")

    found = [(number, record) for number, record in enumerate(records, start=1) if record["chosenFile"]]
    prints = await asyncio.gather(*(fetch(number, record) for number, record in found))
    return await asyncio.to_thread(write_contact_sheet, prints, out / "contact-sheet.png") if prints else None


def report(console: Console, balance: Balance, seconds: float, out: Path, sheet: Path | None) -> None:
    say(console, balance.sentence(), style="bold green" if balance.is_even else "bold red")
    say(console, f"  took       {seconds:.1f} s from the first request to the last stored picture")
    say(console, f"  pictures   {shown(out / 'shots')}")
    if sheet is not None:
        say(console, f"  all        {shown(sheet)}")


if __name__ == "__main__":
    sys.exit(main())
