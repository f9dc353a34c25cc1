"""The build graph's choices, as tables."""

from typing import Any

import pytest

from models.enums import ArtifactKind, JobType, Queue
from services.film.artifacts.graph import Node, decide, fingerprint_of

INPUTS = {"prompt": "a street", "design": "ab" * 32}


def node(subject_id: int = 1, inputs: dict[str, Any] | None = INPUTS, **values: Any) -> Node:
    return Node(
        kind=ArtifactKind.PICTURE,
        subject_id=subject_id,
        job_type=JobType.TEXT_TO_IMAGE,
        queue=Queue.IMAGES,
        inputs=inputs,
        weight=2.0,
        **values,
    )


def test_a_fingerprint_does_not_depend_on_the_order_of_the_inputs() -> None:
    assert fingerprint_of({"a": 1, "b": {"c": 2, "d": 3}}) == fingerprint_of({"b": {"d": 3, "c": 2}, "a": 1})


@pytest.mark.parametrize(
    "other",
    [{**INPUTS, "prompt": "a street "}, {**INPUTS, "seed": None}, {"prompt": "a street"}, {**INPUTS, "design": None}],
)
def test_any_other_input_gives_another_fingerprint(other: dict[str, Any]) -> None:
    assert fingerprint_of(other) != fingerprint_of(INPUTS)


@pytest.mark.parametrize(
    ("present", "live", "expected"),
    [
        (node(), False, "build"),
        (node(made_fingerprint="0" * 64), False, "build"),
        (node(made_fingerprint=fingerprint_of(INPUTS)), False, "current"),
        (node(inputs=None), False, "waiting"),
        (node(inputs=None, made_fingerprint="0" * 64), False, "waiting"),
        (node(failed_fingerprint=fingerprint_of(INPUTS)), False, "failed"),
        # What failed with other inputs is tried with the present ones.
        (node(failed_fingerprint="0" * 64), False, "build"),
        (node(is_pinned=True, inputs=None), False, "current"),
        (node(is_pinned=True, made_fingerprint="0" * 64), False, "current"),
        (node(), True, "waiting"),
        # A live build of inputs that are outdated is waited for, and its result found stale.
        (node(made_fingerprint=fingerprint_of(INPUTS)), True, "waiting"),
    ],
)
def test_each_node_is_in_exactly_one_group(present: Node, live: bool, expected: str) -> None:
    decision = decide([present], [present.key] if live else [])
    groups = {name: getattr(decision, name) for name in ("build", "waiting", "failed", "current")}
    assert groups.pop(expected) == (present,)
    assert set(groups.values()) == {()}


def test_a_stage_is_complete_when_all_is_current() -> None:
    made = node(made_fingerprint=fingerprint_of(INPUTS))
    assert decide([made], []).is_complete
    assert decide([], []).is_complete
    assert not decide([made, node(2)], []).is_complete


def test_a_stage_is_stuck_when_what_is_missing_has_failed_or_hangs_on_it() -> None:
    failed = node(failed_fingerprint=fingerprint_of(INPUTS))
    assert decide([failed], []).is_stuck
    assert decide([failed, node(2, inputs=None)], []).is_stuck
    assert not decide([failed, node(2)], []).is_stuck
    assert not decide([node(made_fingerprint=fingerprint_of(INPUTS))], []).is_stuck


def test_the_missing_weight_counts_what_is_not_current() -> None:
    nodes = [node(1), node(2, inputs=None), node(3, made_fingerprint=fingerprint_of(INPUTS))]
    assert decide(nodes, []).missing_weight == 4.0
