"""Compares the emulator's ledger with the server's records: charged, stored and missing images."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Balance:
    """wanted, stored: images, one per shot. taken, charged: tasks accepted by upstream, and those not refunded. twice:
    shots with more than one charged task. lost: charged and finished tasks that no shot shows. missing: shots whose
    task is not charged and finished in the ledger.
    """

    wanted: int
    stored: int
    files: int
    taken: int
    charged: int
    credits: int
    twice: int
    lost: int
    missing: int

    @property
    def is_even(self) -> bool:
        return self.stored == self.wanted and not self.twice and not self.lost and not self.missing

    def sentence(self) -> str:
        given_back = self.taken - self.charged
        back = f", and gave the credits of {given_back} back" if given_back else ""
        verdict = ", ".join(
            (
                f"{self.twice} paid twice" if self.twice else "none paid twice",
                f"{self.lost + self.missing} lost" if self.lost or self.missing else "none lost",
            )
        )
        return (
            f"Upstream took {self.taken} tasks, charged {self.charged} ({self.credits} credits){back}; "
            f"{self.stored} of {self.wanted} shots have their picture ({self.files} files): {verdict}."
        )


def compare(tasks: Sequence[Mapping[str, Any]], records: Sequence[Mapping[str, Any]], wanted: int) -> Balance:
    """tasks: of the emulator's ledger. records: with status, files, and the attempts of their newest job.

    Charged tasks are matched to shots by prompt, since the ledger has no shots; shown results by the history id of the
    successful attempt.
    """
    charged = [task for task in tasks if task["charge"] > task["refund"]]
    by_prompt = Counter(task["prompt"] for task in charged)
    stored = [record for record in records if record["status"] == "SUCCEEDED" and record["files"]]
    shown = {
        attempt["historyId"]
        for record in stored
        for attempt in record["job"]["attempts"]
        if attempt["outcome"] == "SUCCEEDED"
    }
    made = {task["history_id"] for task in charged if task["end"] == "DONE"}
    return Balance(
        wanted=wanted,
        stored=len(stored),
        files=sum(len(record["files"]) for record in stored),
        taken=len(tasks),
        charged=len(charged),
        credits=sum(task["charge"] - task["refund"] for task in charged),
        twice=sum(1 for count in by_prompt.values() if count > 1),
        lost=len(made - shown),
        missing=len(shown - made),
    )
