"""What the pool does when upstream refuses, forgets or misleads: `python -m bench.refusals [--against CHECKOUT]`.

Each scenario starts an emulator and a server, uses the server through its API as a studio would, and prints figures:
seconds, requests that upstream counted, credits of both ledgers. With --against, the server of another checkout runs
the same scenarios with the same emulator, and both stand in one table.
"""

import argparse
import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from bench.pool_site import ROOT, Site, SiteError, pool_site, shown

Figures = dict[str, Any]
PICTURE = "jimeng-4.5"
OTHER_PICTURE = "jimeng-4.0"
CLIP = "jimeng-video-3.5-pro"
PATIENCE_SECONDS = 100.0
FAST = {"seconds_per_image": 1, "seconds_per_video": 1}


def counted(jobs: Sequence[dict[str, Any]]) -> str:
    """States of jobs, e.g. `8 SUCCEEDED`."""
    return ", ".join(f"{count} {state}" for state, count in sorted(Counter(job["status"] for job in jobs).items()))


async def pictures(site: Site, count: int, **values: Any) -> list[str]:
    return [await site.generate("Image", f"shot-{n}", **{"model": PICTURE, **values}) for n in range(count)]


async def paid(site: Site) -> int:
    """Credits that upstream charged and did not give back."""
    return sum(task["charge"] - task["refund"] for task in await site.tasks())


async def _page_at_submit(site: Site, **page: Any) -> Figures:
    """One account answers every submit with a page, the other works."""
    await site.add("bad", "good")
    await site.put_rule("page", "submit", sessions=["bad"], **page)
    jobs, seconds = await site.ended(await pictures(site, 6), PATIENCE_SECONDS)
    doubles = [task for task in await site.tasks() if task["submits"] > 1] if await _has_submits(site) else []
    return {
        "six pictures": counted(jobs),
        "seconds": seconds,
        "submits answered by the page": await site.hits("page"),
        "tasks": len(await site.tasks()),
        "submitted twice": len(doubles),
    }


async def _has_submits(site: Site) -> bool:
    tasks = await site.tasks()
    return bool(tasks) and "submits" in tasks[0]


async def submit_429(site: Site) -> Figures:
    return await _page_at_submit(site, http_status=429, body="<html>slow down</html>", retry_after_seconds=5)


async def submit_403(site: Site) -> Figures:
    return await _page_at_submit(site, http_status=403, body="<html>forbidden</html>")


async def submit_500(site: Site) -> Figures:
    return await _page_at_submit(site, http_status=500, body="<html>oops</html>")


async def submit_500_taken(site: Site) -> Figures:
    """Every submit of one account is taken, and answered by a page that says that it failed."""
    figures = await _page_at_submit(site, http_status=500, body="<html>oops</html>", works_first=True)
    return {**figures, "credits charged": await paid(site)}


async def submit_html(site: Site) -> Figures:
    return await _page_at_submit(site, http_status=200, body="<html>welcome</html>")


async def pages_everywhere(site: Site) -> Figures:
    """The only account answers every submit with a page: the job has to end."""
    await site.add("bad")
    await site.put_rule("page", "submit", http_status=500, body="<html>oops</html>")
    jobs, seconds = await site.ended(await pictures(site, 1), 2 * PATIENCE_SECONDS)
    error = jobs[0]["error"] or {}
    return {
        "picture": counted(jobs),
        "seconds": seconds,
        "submits": await site.hits("page"),
        "error": error.get("code"),
    }


async def _statistics_credits(site: Site) -> Any:
    return (await site.do("{ recordStatistics { creditsSpent } }"))["recordStatistics"]["creditsSpent"]


async def unknown_price(site: Site) -> Figures:
    """Five clips of the default model, whose price the catalogue does not know."""
    await site.add("one", slots=5)
    ids = [await site.generate("Video", f"clip-{n}", model=CLIP) for n in range(5)]
    jobs, _ = await site.ended(ids, PATIENCE_SECONDS)
    charged = await paid(site)
    spent = None
    for _ in range(75):  # a measured charge arrives a little later
        spent = await _statistics_credits(site)
        if spent == charged:
            break
        await asyncio.sleep(2)
    return {"clips": counted(jobs), "credits charged by upstream": charged, "credits in statistics": spent}


async def budget_of_unknown_price(site: Site) -> Figures:
    """A batch of eight clips of unknown price with a budget of three credits."""
    await site.add("one", slots=5)
    items = [{"storyboardId": f"clip-{n}", "prompt": f"clip-{n}: a boat"} for n in range(8)]
    batch = {
        "projectId": "p",
        "workId": "w",
        "items": items,
        "model": CLIP,
        "creditBudget": 3,
        "maxParallel": 5,
    }
    document = "mutation ($input: CreateVideoBatchInput!) { createVideoBatch(input: $input) { batch { id } } }"
    batch_id = (await site.do(document, input=batch))["createVideoBatch"]["batch"]["id"]
    for _ in range(60):
        await asyncio.sleep(1)
        state = (await site.do("query ($id: ID!) { batch(id: $id) { status } }", id=batch_id))["batch"]["status"]
        if state in ("PAUSED", "SUCCEEDED", "FAILED", "PARTIALLY_FAILED"):
            break
    return {"batch": state, "clips taken by upstream": len(await site.tasks()), "credits charged": await paid(site)}


async def number_in_prompt(site: Site) -> Figures:
    """A number in the prompt's free text is no count of pictures."""
    await site.add("one", emulated={"gift_credit": 100})
    jobs, seconds = await site.ended([await site.generate("Image", "wall", "墙上贴着1000张照片", model=PICTURE)], 30)
    return {"picture": counted(jobs), "seconds": seconds, "credits charged": await paid(site)}


async def refused_for_one_model(site: Site) -> Figures:
    """Upstream says that credits do not suffice for one model, with 1000 credits on the account."""
    await site.add("one")
    await site.put_rule("plan", "submit", models=[PICTURE], ret="1006", errmsg="Not enough credits left")
    refused = [await site.generate("Image", "refused", model=PICTURE)]
    await asyncio.sleep(4)
    jobs, seconds = await site.ended(
        [await site.generate("Image", f"other-{n}", model=OTHER_PICTURE) for n in range(3)], 40
    )
    balance = await site.account("one", "creditBalance imageAvailability")
    first = await site.jobs(refused)
    return {
        "three pictures of another model": counted(jobs),
        "seconds": seconds,
        "balance shown": balance["creditBalance"],
        "the refused one": counted(first),
        "submits of it": await site.hits("plan"),
    }


async def _poison(site: Site, **refusal: Any) -> Figures:
    """One job that is always refused, and twelve others, on three accounts."""
    await site.add("one", "two", "three", slots=2)
    await site.put_rule("poison", "submit", prompt_contains="poison", **refusal)
    poison = await site.generate("Image", "poison", model=PICTURE, priority="HIGH")
    others, seconds = await site.ended(await pictures(site, 12), PATIENCE_SECONDS)
    cooling = [await site.account(session) for session in site.accounts]
    return {
        "twelve others": counted(others),
        "seconds": seconds,
        "accounts that cool": sum(bool(account["cooldowns"]) for account in cooling),
        "refusals": await site.hits("poison"),
        "the refused one": counted(await site.jobs([poison])),
    }


async def poison_limit(site: Site) -> Figures:
    return await _poison(site, ret="1057", errmsg="too fast")


async def poison_risk(site: Site) -> Figures:
    return await _poison(site, ret="1019", errmsg="shark not pass")


async def poison_busy(site: Site) -> Figures:
    return await _poison(site, ret="-1", errmsg="system busy")


async def _accounts_by_status(site: Site) -> str:
    states = Counter([(await site.account(session))["status"] for session in site.accounts])
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items()))


async def single_1015(site: Site) -> Figures:
    """One account says once that its session has ended, and is well afterwards."""
    await site.add("one")
    await site.put_rule("once", ["submit", "query", "credit"], ret="1015", times=1)
    jobs, seconds = await site.ended(await pictures(site, 4), 60)
    before = await _accounts_by_status(site)
    with contextlib.suppress(SiteError):
        await site.do(
            "mutation ($ids: [ID!]!) { checkAccounts(ids: $ids) { accounts { id } } }", ids=list(site.accounts.values())
        )
    return {
        "four pictures": counted(jobs),
        "seconds": seconds,
        "account": before,
        "after checkAccounts": await _accounts_by_status(site),
    }


async def site_trouble(site: Site) -> Figures:
    """For 15 s upstream says to four accounts that their sessions have ended."""
    await site.add("one", "two", "three", "four", slots=2)
    await site.put_rule("all", ["submit", "query", "credit", "passport"], ret="1015")
    ids = await pictures(site, 8)
    await asyncio.sleep(15)
    await site.remove_rule("all")
    jobs, seconds = await site.ended(ids, PATIENCE_SECONDS)
    return {"eight pictures": counted(jobs), "seconds": seconds, "accounts": await _accounts_by_status(site)}


async def dead_session(site: Site) -> Figures:
    """One of two accounts really has no session any more."""
    await site.add("dead", "good")
    await site.ask("accounts", {"session": "dead", "state": "EXPIRED"})
    jobs, seconds = await site.ended(await pictures(site, 4), PATIENCE_SECONDS)
    for _ in range(30):
        if (await site.account("dead"))["status"] == "INACTIVE":
            break
        await asyncio.sleep(1)
    return {"four pictures": counted(jobs), "seconds": seconds, "accounts": await _accounts_by_status(site)}


async def received_for_dead_session(site: Site) -> Figures:
    """receiveCredits of an account whose session upstream refuses."""
    await site.add("dead")
    await site.ask("accounts", {"session": "dead", "state": "EXPIRED"})
    document = """mutation ($ids: [ID!]!) {
      receiveCredits(ids: $ids) { accounts { id } failures { code message } }
    }"""
    told = (await site.do(document, ids=list(site.accounts.values())))["receiveCredits"]
    return {"accounts told as received": len(told["accounts"]), "failures": len(told["failures"])}


async def retry_after_cancel(site: Site) -> Figures:
    """A job is cancelled too late, upstream finishes its task, and then it is retried."""
    await site.add("one")
    await site.ask("settings", {"seconds_per_image": 3})
    await site.put_rule("no cancel", "cancel", ret="1000")
    job = await site.generate("Image", "shot", model=PICTURE)
    for _ in range(100):
        if await site.tasks():
            break
        await asyncio.sleep(0.1)
    await site.do("mutation ($id: ID!) { cancelJob(id: $id) { job { id } } }", id=job)
    await asyncio.sleep(14)
    await site.do("mutation ($id: ID!) { retryJob(id: $id) { job { id } } }", id=job)
    jobs, _ = await site.ended([job], 60)
    return {"picture": counted(jobs), "tasks": len(await site.tasks()), "credits charged": await paid(site)}


async def _small_pool(site: Site, accounts: int, slots: int) -> Figures:
    await site.ask("settings", {"seconds_per_image": 4})
    await site.add(*(f"a-{n}" for n in range(accounts)), slots=slots)
    jobs, seconds = await site.ended(await pictures(site, 6), PATIENCE_SECONDS)
    bound = -(-6 // (accounts * slots)) * 4
    peaks = (await site.ask("statistics"))["peak_in_flight"]
    return {
        "six pictures of 4 s": counted(jobs),
        "seconds": seconds,
        "bound, s": bound,
        "most at once per account": [peak["tasks"] for peak in peaks],
    }


async def small_pool_3(site: Site) -> Figures:
    return await _small_pool(site, 1, 3)


async def small_pool_2x1(site: Site) -> Figures:
    return await _small_pool(site, 2, 1)


SCENARIOS: dict[str, Callable[[Site], Awaitable[Figures]]] = {
    "submit: HTTP 429, Retry-After 5": submit_429,
    "submit: HTTP 403": submit_403,
    "submit: HTTP 500": submit_500,
    "submit: HTTP 500, but taken": submit_500_taken,
    "submit: HTML with 200": submit_html,
    "submit: nothing but pages": pages_everywhere,
    "price unknown": unknown_price,
    "budget of 3, price unknown": budget_of_unknown_price,
    "1000张 in the prompt": number_in_prompt,
    "one model refused for credits": refused_for_one_model,
    "a job that is always limited": poison_limit,
    "a job that risk control always refuses": poison_risk,
    "a job that always meets a busy upstream": poison_busy,
    "a single 1015": single_1015,
    "15 s of 1015 to everybody": site_trouble,
    "a session that really ended": dead_session,
    "receiveCredits, session refused": received_for_dead_session,
    "retried after a late cancel": retry_after_cancel,
    "one account of 3 slots": small_pool_3,
    "two accounts of 1 slot": small_pool_2x1,
}


async def measure(name: str, checkout: Path) -> Figures:
    try:
        async with pool_site(checkout, emulated=FAST) as site:
            return await SCENARIOS[name](site)
    except SiteError as error:
        return {"error": str(error)[-300:]}


def print_table(rows: Sequence[tuple[str, str, Sequence[Any]]], columns: Sequence[str]) -> None:
    """A table in Markdown."""
    print(f"| scenario | figure | {' | '.join(columns)} |")
    print(f"|{' --- |' * (2 + len(columns))}")
    for scenario, figure, values in rows:
        print(f"| {scenario} | {figure} | {' | '.join(shown(value) for value in values)} |", flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0] if __doc__ else None)
    parser.add_argument("--against", type=Path, help="another checkout, whose server runs the same scenarios")
    parser.add_argument("--only", help="scenarios whose name contains this")
    options = parser.parse_args()
    checkouts = [*([options.against.resolve()] if options.against else []), ROOT]
    rows: list[tuple[str, str, Sequence[Any]]] = []
    for name in SCENARIOS:
        if options.only and options.only not in name:
            continue
        found = [await measure(name, checkout) for checkout in checkouts]
        figures = dict.fromkeys(key for each in found for key in each)
        of_scenario = [(name, figure, [each.get(figure) for each in found]) for figure in figures]
        rows += of_scenario
        print(f"… {name}: {found[-1]}", file=sys.stderr, flush=True)
    print_table(rows, [*(["there"] if options.against else []), "here"])


if __name__ == "__main__":
    asyncio.run(main())
