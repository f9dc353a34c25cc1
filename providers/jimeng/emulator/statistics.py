"""Counters of the emulated service: calls, refusals, concurrent tasks and slot use."""

import time
from collections import Counter, deque
from typing import Any

from providers.jimeng.emulator.accounts import AccountBook
from providers.jimeng.emulator.tasks import KINDS, TaskBook

_KEPT_REFUSALS = 200


class Statistics:
    """started_at: by the emulator's clock."""

    def __init__(self, started_at: float) -> None:
        self.started_at = started_at
        self._cpu_at_start = time.process_time()
        self._requests: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._last_refusals: deque[dict[str, str | None]] = deque(maxlen=_KEPT_REFUSALS)

    def count(self, endpoint: str) -> None:
        self._requests[endpoint] += 1

    def refuse(self, endpoint: str, code: str, why: str, session: str | None) -> None:
        """code: the ret; of uploads, which have none, the error's code, and of pages the HTTP status."""
        self._refusals[f"{endpoint} {code}"] += 1
        self._last_refusals.append({"endpoint": endpoint, "ret": code, "why": why, "account": session})

    def as_mapping(self, now: float, tasks: TaskBook, accounts: AccountBook, hits: dict[str, int]) -> dict[str, Any]:
        elapsed = now - self.started_at
        used = dict.fromkeys(KINDS, 0.0)
        ends: Counter[str] = Counter()
        for task in tasks.all():
            used[task.draft.kind] += (now if task.ended_at is None else task.ended_at) - task.created_at
            ends[task.end or "RUNNING"] += 1
        usable = [account for account in accounts.all() if account.state == "GOOD"]
        slots = {kind: sum(account.limit_for(kind) for account in usable) for kind in KINDS}
        return {
            "elapsed_seconds": elapsed,
            "cpu_seconds": time.process_time() - self._cpu_at_start,
            "requests": dict(self._requests),
            "requests_total": self._requests.total(),
            "refusals": dict(self._refusals),
            "last_refusals": list(self._last_refusals),
            "rule_hits": dict(hits),
            "tasks": len(tasks),
            "tasks_by_end": dict(ends),
            "waiting": {kind: tasks.waiting_count(kind) for kind in KINDS},
            "peak_in_flight": [
                {"account": session, "kind": kind, "tasks": count}
                for (session, kind), count in sorted(tasks.peak_open.items())
            ],
            "slots": {
                kind: {
                    "count": slots[kind],
                    "used_seconds": used[kind],
                    "used_share": used[kind] / (slots[kind] * elapsed) if slots[kind] and elapsed > 0 else 0.0,
                }
                for kind in KINDS
            },
        }
