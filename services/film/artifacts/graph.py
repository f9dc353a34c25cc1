"""Nodes of the build graph, their fingerprints, and the decision what to build: pure functions of plain values."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from models.enums import ArtifactKind, JobType, Queue

BuildKey = tuple[str, int, int]
"(artifact kind, subject id, slot)"


def fingerprint_of(inputs: dict[str, Any]) -> str:
    """Returns the SHA-256 of the inputs as JSON with sorted keys. Inputs contain files as content hashes."""
    return hashlib.sha256(orjson.dumps(inputs, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True)
class Node:
    """One artifact that a stage needs. `inputs` is None while one of its inputs does not exist yet."""

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
        """Whether the artifact was built from exactly its present inputs, or is pinned by a user."""
        if self.is_pinned:
            return True
        fingerprint = self.fingerprint
        return fingerprint is not None and fingerprint == self.made_fingerprint

    @property
    def has_failed(self) -> bool:
        """Whether the build failed with exactly its present inputs."""
        fingerprint = self.fingerprint
        return fingerprint is not None and fingerprint == self.failed_fingerprint


@dataclass(frozen=True)
class Decision:
    """The nodes of a stage by what to do with them now."""

    build: tuple[Node, ...] = ()
    waiting: tuple[Node, ...] = ()  # a build is live, or inputs are missing
    failed: tuple[Node, ...] = ()
    current: tuple[Node, ...] = ()

    @property
    def is_complete(self) -> bool:
        return not (self.build or self.waiting or self.failed)

    @property
    def is_stuck(self) -> bool:
        """Nothing can be started: every missing node has failed or waits. With no live build the stage cannot go on."""
        return not self.build and bool(self.failed or self.waiting)

    @property
    def missing_weight(self) -> float:
        return sum(node.weight for group in (self.build, self.waiting, self.failed) for node in group)


def decide(nodes: Sequence[Node], live: Iterable[BuildKey]) -> Decision:
    """Groups the nodes of a stage: a node with a live build or without inputs waits, a current one is kept, one that
    failed with its present inputs stays failed, and all others are to be built.

    `live`: keys of builds that are pending or running. A live build of outdated inputs is also waited for; when it has
    ended, the node is stale and is built again.
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
