"""Nodes of the build graph, their fingerprints, and the choice of what to build: pure functions of plain values."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from models.enums import ArtifactKind, JobType, Queue

BuildKey = tuple[str, int, int]
"(artifact kind, subject id, slot)"


def fingerprint_of(inputs: dict[str, Any]) -> str:
    """SHA-256 over the inputs as JSON with sorted keys. Files stand in the inputs by their content hash."""
    return hashlib.sha256(orjson.dumps(inputs, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True)
class Node:
    """One thing that a stage should have. `inputs` None: something that it is made from is not there yet."""

    kind: ArtifactKind
    subject_id: int
    job_type: JobType
    queue: Queue
    inputs: dict[str, Any] | None
    weight: float
    """Estimated seconds of work."""
    slot: int = 0
    made_fingerprint: str | None = None
    failed_fingerprint: str | None = None
    is_pinned: bool = False
    error: dict[str, Any] | None = None

    @property
    def key(self) -> BuildKey:
        return (self.kind.value, self.subject_id, self.slot)

    @property
    def fingerprint(self) -> str | None:
        return None if self.inputs is None else fingerprint_of(self.inputs)

    @property
    def is_current(self) -> bool:
        """Made from exactly its present inputs, or put there by a person."""
        if self.is_pinned:
            return True
        fingerprint = self.fingerprint
        return fingerprint is not None and fingerprint == self.made_fingerprint

    @property
    def has_failed(self) -> bool:
        """Tried with exactly its present inputs, and given up."""
        fingerprint = self.fingerprint
        return fingerprint is not None and fingerprint == self.failed_fingerprint


@dataclass(frozen=True)
class Decision:
    """What to do about a stage now."""

    build: tuple[Node, ...] = ()
    waiting: tuple[Node, ...] = ()  # being built, or their inputs are
    failed: tuple[Node, ...] = ()
    current: tuple[Node, ...] = ()

    @property
    def is_complete(self) -> bool:
        return not (self.build or self.waiting or self.failed)

    @property
    def is_stuck(self) -> bool:
        """Nothing runs and nothing can be started: what is missing has failed, or hangs on what has failed."""
        return not self.build and bool(self.failed or self.waiting)

    @property
    def missing_weight(self) -> float:
        return sum(node.weight for group in (self.build, self.waiting, self.failed) for node in group)


def decide(nodes: Sequence[Node], live: Iterable[BuildKey]) -> Decision:
    """Sorts the nodes of a stage: current ones stay, those with live builds wait, failed ones stay failed, the rest
    is to be built as soon as its inputs are there.

    `live`: keys of builds that are pending or running. A live build of outdated inputs is waited for all the same;
    when it has ended the node is found stale and built again.
    """
    live_keys = set(live)
    groups: dict[str, list[Node]] = {"build": [], "waiting": [], "failed": [], "current": []}
    for node in nodes:
        if node.key in live_keys:
            groups["waiting"].append(node)
        elif node.is_current:
            groups["current"].append(node)
        elif node.inputs is None:
            groups["waiting"].append(node)
        elif node.has_failed:
            groups["failed"].append(node)
        else:
            groups["build"].append(node)
    return Decision(**{name: tuple(group) for name, group in groups.items()})
