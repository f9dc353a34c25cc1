"""Rules for injected faults: which calls or tasks fail, how and how often; reproducible by the seed."""

import dataclasses
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from providers.jimeng.emulator.options import seconds_range
from providers.jimeng.emulator.shapes import SHAPES

ENDPOINTS = (
    "submit", "query", "credit", "receive", "credit_history", "passport", "upload_token", "apply", "upload", "commit",
    "image_check", "item_list", "image_by_uri", "queue", "cancel", "result", "task",
)  # fmt: skip
DROPS = ("before", "after")


@dataclass(frozen=True)
class Subject:
    """The properties of a call that rules can match, as far as known."""

    endpoint: str
    session: str | None = None
    site: str | None = None
    kind: str | None = None
    model: str | None = None  # the public name
    prompt: str | None = None


@dataclass(frozen=True)
class Rule:
    """The conditions of a rule, and its effects. Empty conditions match everything.

    The endpoint `task` applies to accepted tasks: fail_code, message, task_status, at_fraction, items, refunds,
    has_links, links_after_seconds, shape, end_status, has_finish_time, dead_items, hidden_seconds, missing_seconds,
    work_seconds. All others apply to calls: ret with fail_code and errmsg, http_status with body and
    retry_after_seconds or retry_after (the header's own text), delay_seconds (between processing and response), drop
    (before or after processing), garbles, omits_history_id. works_first: the call is processed although ret or
    http_status reports a failure. A rule without effects exempts its matches from later rules.

    from_seconds, until_seconds: since the start. calls: numbers of matching calls, from 1. first: the first n matches.
    every: each n-th match. rate: probability, 0 to 1. per_account: counts per account. times: most applications.
    """

    name: str
    endpoints: tuple[str, ...]
    sessions: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    prompt_contains: str = ""
    from_seconds: float = 0.0
    until_seconds: float | None = None
    calls: tuple[int, ...] = ()
    first: int | None = None
    every: int | None = None
    rate: float = 1.0
    per_account: bool = False
    times: int | None = None

    ret: str | None = None
    fail_code: str = ""
    errmsg: str | None = None
    http_status: int | None = None
    body: str | None = None
    retry_after_seconds: float | None = None
    retry_after: str | None = None
    delay_seconds: float = 0.0
    drop: str | None = None
    garbles: bool = False
    omits_history_id: bool = False
    works_first: bool = False

    message: str = ""
    task_status: int | None = None
    at_fraction: float = 1.0
    items: int | None = None
    refunds: bool | None = None
    has_links: bool = True
    links_after_seconds: float = 0.0
    shape: str | None = None
    end_status: int | None = None
    has_finish_time: bool = True
    dead_items: tuple[int, ...] = ()
    hidden_seconds: tuple[float, float] | None = None
    missing_seconds: tuple[float, float] | None = None
    work_seconds: float | None = None

    def is_about(self, subject: Subject, elapsed_seconds: float) -> bool:
        return (
            subject.endpoint in self.endpoints
            and (not self.sessions or subject.session in self.sessions)
            and (not self.sites or subject.site in self.sites)
            and (not self.kinds or subject.kind in self.kinds)
            and (not self.models or subject.model in self.models)
            and (not self.prompt_contains or self.prompt_contains in (subject.prompt or ""))
            and self.from_seconds <= elapsed_seconds
            and (self.until_seconds is None or elapsed_seconds < self.until_seconds)
        )

    def hits(self, number: int, chance: float) -> bool:
        """Whether it applies to the matching call of this number (from 1). chance: random value from 0 to 1."""
        return (
            (not self.calls or number in self.calls)
            and (self.first is None or number <= self.first)
            and (self.every is None or number % self.every == 0)
            and chance < self.rate
        )


class RuleBook:
    """Ordered rules, of which the first that applies is used, and their counts."""

    def __init__(self, seed: int, rules: Sequence[Rule] = ()) -> None:
        self.seed = seed
        self.rules = list(rules)
        self.hits: dict[str, int] = {}
        self._seen: dict[tuple[str, str | None], int] = {}

    def rule_for(self, subject: Subject, elapsed_seconds: float) -> Rule | None:
        for rule in self.rules:
            if not rule.is_about(subject, elapsed_seconds):
                continue
            key = (rule.name, subject.session if rule.per_account else None)
            number = self._seen[key] = self._seen.get(key, 0) + 1
            chance = random.Random(f"{self.seed}:{rule.name}:{key[1]}:{number}").random() if rule.rate < 1 else 0.0
            if rule.hits(number, chance) and (rule.times is None or self.hits.get(rule.name, 0) < rule.times):
                self.hits[rule.name] = self.hits.get(rule.name, 0) + 1
                return rule
        return None

    def put(self, rules: Sequence[Rule]) -> None:
        """Appends rules; one with an existing name replaces that rule and restarts its counts."""
        for rule in rules:
            self.forget(rule.name)
            places = [place for place, known in enumerate(self.rules) if known.name == rule.name]
            if places:
                self.rules[places[0]] = rule
            else:
                self.rules.append(rule)

    def forget(self, name: str | None = None) -> None:
        """Resets the counts of the rule, or of all rules."""
        for key in [key for key in self._seen if name is None or key[0] == name]:
            del self._seen[key]
        for known in [known for known in self.hits if name is None or known == name]:
            del self.hits[known]


_LISTS = {"sessions": str, "sites": str, "kinds": str, "models": str, "calls": int, "dead_items": int}
_SORTS: dict[str, type | tuple[type, ...]] = {
    "name": str, "prompt_contains": str, "fail_code": str, "errmsg": str, "body": str, "message": str, "drop": str,
    "retry_after": str, "shape": str, "end_status": int, "has_finish_time": bool, "links_after_seconds": (int, float),
    "first": int, "every": int, "times": int, "http_status": int, "task_status": int, "items": int,
    "from_seconds": (int, float), "until_seconds": (int, float), "rate": (int, float), "at_fraction": (int, float),
    "retry_after_seconds": (int, float), "delay_seconds": (int, float), "work_seconds": (int, float),
    "per_account": bool, "garbles": bool, "omits_history_id": bool, "works_first": bool,
    "refunds": bool, "has_links": bool,
}  # fmt: skip


def rule_from(values: Mapping[str, Any], number: int = 0) -> Rule:
    """A rule from plain values. Raises ValueError with the rule's name and the reason."""
    name = values.get("name", f"rule {number}")
    endpoints = values.get("endpoint")
    endpoints = tuple([endpoints] if isinstance(endpoints, str) else endpoints or ())
    if not endpoints or any(endpoint not in ENDPOINTS for endpoint in endpoints):
        raise ValueError(f"{name}: endpoint must be one of {', '.join(ENDPOINTS)}")
    known = {field.name for field in dataclasses.fields(Rule)} - {"endpoints"}
    wanted: dict[str, Any] = {"name": name, "endpoints": endpoints}
    for key, value in values.items():
        if key == "endpoint":
            continue
        if key not in known:
            raise ValueError(f"{name}: a rule has no field {key}")
        wanted[key] = _rule_value(str(name), key, value)
    rule = Rule(**wanted)
    if rule.drop is not None and rule.drop not in DROPS:
        raise ValueError(f"{name}: drop must be before or after")
    if rule.shape is not None and rule.shape not in SHAPES:
        raise ValueError(f"{name}: shape must be one of {', '.join(SHAPES)}")
    if not 0 <= rule.rate <= 1 or not 0 <= rule.at_fraction <= 1:
        raise ValueError(f"{name}: rate and at_fraction must be from 0 to 1")
    if rule.http_status is not None and not 200 <= rule.http_status <= 599:
        raise ValueError(f"{name}: http_status must be from 200 to 599")
    if (rule.every is not None and rule.every < 1) or rule.delay_seconds < 0:
        raise ValueError(f"{name}: every must be at least 1, delay_seconds at least 0")
    return rule


def _rule_value(name: str, key: str, value: Any) -> Any:
    if key == "ret":
        return str(value)
    if key in ("hidden_seconds", "missing_seconds"):
        return seconds_range(key, value)
    if (sort := _LISTS.get(key)) is not None:
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, sort) and not isinstance(item, bool) for item in items):
            raise ValueError(f"{name}: {key} must be a list of {'texts' if sort is str else 'whole numbers'}")
        return tuple(items)
    sorts = _SORTS[key]
    if not isinstance(value, sorts) or (isinstance(value, bool) and sorts is not bool):
        raise ValueError(f"{name}: {key} has the wrong type")
    return value
