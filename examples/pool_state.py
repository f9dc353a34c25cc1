"""State of the pool demo: accounts and jobs from the API, and texts derived from them."""

import itertools
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

SHOWN_NEWS = 5
ENDED = ("SUCCEEDED", "FAILED", "CANCELED")
STORING_FROM = 0.9  # the job's progress when upstream is done


@dataclass(frozen=True)
class Shot:
    """state: waiting, submitted, drawing, storing, stored, failed. account: of the newest attempt. switches: number of
    account changes.
    """

    number: int
    state: str
    account: str | None = None
    switches: int = 0

    @property
    def holds_slot(self) -> bool:
        return self.state in ("submitted", "drawing")


@dataclass
class View:
    """The displayed state. accounts, jobs: objects from the API by id. numbers: of shots by job id."""

    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    news: deque[str] = field(default_factory=lambda: deque(maxlen=SHOWN_NEWS))

    @property
    def shots(self) -> list[Shot]:
        """One shot per requested job, in order."""
        return [shot_of(number, self.jobs.get(job_id)) for job_id, number in self.numbers.items()]

    def counts(self) -> Counter[str]:
        return Counter(shot.state for shot in self.shots)


def shot_of(number: int, job: Mapping[str, Any] | None) -> Shot:
    """A shot from its job; waiting while the job is unknown."""
    if job is None:
        return Shot(number, "waiting")
    names = [attempt["account"]["name"] for attempt in job["attempts"] if attempt["account"] is not None]
    switches = sum(1 for one, next_one in itertools.pairwise(names) if one != next_one)
    return Shot(number, _state(job), names[-1] if names else None, switches)


def _state(job: Mapping[str, Any]) -> str:
    if job["status"] in ENDED:
        return "stored" if job["status"] == "SUCCEEDED" else "failed"
    # The attempts may be newer than the job's state.
    if not job["attempts"] or job["attempts"][-1]["outcome"] != "RUNNING":
        return "storing" if job["status"] == "RUNNING" and job["progress"] >= STORING_FROM else "waiting"
    if job["progress"] >= STORING_FROM:
        return "storing"
    return "drawing" if job["attempts"][-1]["historyId"] else "submitted"


def standing(account: Mapping[str, Any], now: datetime) -> tuple[str, str]:
    """The state of an account in a few words, and the reason; empty if nothing is wrong."""
    if account["status"] != "ACTIVE":
        return account["status"].lower(), account["statusReason"] or ""
    if account["imageAvailability"] == "EXHAUSTED":
        reset = datetime.fromisoformat(account["quotaResetAt"]).astimezone()
        return f"exhausted until {reset:%H:%M}", "Its daily limit is reached."
    for cooldown in account["cooldowns"]:
        seconds = (datetime.fromisoformat(cooldown["until"]) - now).total_seconds()
        if seconds > 0:
            what = f"cools {seconds:.0f} s" if seconds < 600 else f"cools {seconds / 60:.0f} min"
            return what, cooldown["reason"]
    return "active", ""


def account_news(before: Mapping[str, Any] | None, after: Mapping[str, Any], now: datetime) -> str | None:
    """A line if an account has a new problem; else None."""
    state, why = standing(after, now)
    if state == "active" or (before is not None and _trouble(before, now) == _trouble(after, now)):
        return None
    return f"{after['name']}: {state}. {why}"


def _trouble(account: Mapping[str, Any], now: datetime) -> tuple[str, str]:
    state, _ = standing(account, now)
    until = account["cooldowns"][0]["until"] if state.startswith("cools") else ""
    return state.split(" ")[0], until


def job_news(number: int, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> str | None:
    """A line if a shot switches accounts, its submit is unconfirmed, or it has failed; else None."""
    if after["status"] == "FAILED":
        return f"shot {number} failed: {(after['error'] or {}).get('message', 'no reason is known')}"
    left = [attempt for attempt in after["attempts"] if attempt["outcome"] == "SWITCHED"]
    known = [] if before is None else [attempt for attempt in before["attempts"] if attempt["outcome"] == "SWITCHED"]
    if len(left) > len(known):
        error = left[-1]["error"] or {}
        return f"shot {number} leaves {left[-1]['account']['name']}: {error.get('message', '')}"
    message = after["message"] or ""
    if message.startswith("The provider did not respond") and message != (before or {}).get("message"):
        return f"shot {number} on {after['attempts'][-1]['account']['name']}: {message}"
    return None


def stored_by(shots: Sequence[Shot]) -> Counter[str]:
    return Counter(shot.account for shot in shots if shot.state == "stored" and shot.account is not None)


def held_by(shots: Sequence[Shot]) -> Counter[str]:
    return Counter(shot.account for shot in shots if shot.holds_slot and shot.account is not None)
