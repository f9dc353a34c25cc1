"""Stored requests: rows of all versions can be read, and their hashes do not change."""

from dataclasses import fields
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from models.enums import LoadBalance, MediaKind, Polling, Reuse, Transition
from models.generation_parameters import DEFAULTS, PARAMETERS, REMOVABLE, ClipAudio, InputImage, contract_name
from models.generation_requests import AccountStrategy, GenerationRequest
from providers.pooled import ModelInfo

# A row of November 2026 with all keys.
STORED: dict[str, Any] = orjson.loads("""
{
    "kind": "IMAGE",
    "provider": "jimeng",
    "model": "jimeng-4.5",
    "prompt": "a street at night",
    "project_id": "default",
    "project_name": null,
    "work_id": "default",
    "storyboard_id": "",
    "negative_prompt": null,
    "ratio": null,
    "resolution": null,
    "size": null,
    "intelligent_ratio": false,
    "sample_strength": null,
    "seed": null,
    "steps": null,
    "guidance_scale": null,
    "scheduler": null,
    "style": null,
    "safety_check": true,
    "duration_seconds": null,
    "fps": null,
    "motion_strength": null,
    "transition": "NONE",
    "audio": null,
    "inputs": [],
    "polling": "AUTO",
    "reuse": "NONE",
    "reuse_threshold": 0.95,
    "strategy": {
        "load_balance": "LEAST_USED",
        "max_concurrent_per_account": null,
        "auto_switch_on_failure": true,
        "rate_limit_handling": "SWITCH",
        "switch_on_timeout": false,
        "max_attempts": 5,
        "account_ids": []
    },
    "callback_url": null,
    "build_run": 0,
    "made_for_sha256": null
}
""")


def stored(**changes: Any) -> dict[str, Any]:
    return {**STORED, **changes}


# Stored requests with the hashes computed at that time: sha256, shape_sha256.
OF_BEFORE = [
    (
        stored(),
        "4cc48ee1a5ce300f6ebba476d83c2f19dca0916f9b996cbb7db5e61fd2fa5a1d",
        "00791f0f62023d776279d40b4315229b256db1fe88ed19c0fb06e21476a1fec8",
    ),
    (
        stored(
            project_id="p",
            project_name="P",
            work_id="w",
            storyboard_id="s",
            negative_prompt="rain",
            ratio="16:9",
            resolution="2k",
            intelligent_ratio=True,
            sample_strength=0.5,
            seed=7,
            inputs=[
                {"given": "https://a.example/b.png", "sha256": None},
                {"given": "file_7", "sha256": "ab" * 32},
            ],
            polling="MANUAL",
            reuse="SIMILAR",
            reuse_threshold=0.9,
            strategy={
                "load_balance": "PRIORITY",
                "max_concurrent_per_account": 2,
                "auto_switch_on_failure": False,
                "rate_limit_handling": "WAIT",
                "switch_on_timeout": True,
                "max_attempts": 3,
                "account_ids": [5, 6],
            },
            callback_url="https://c.example/d",
        ),
        "ee1c6c0ada2a9b599c846f22d6f43886edc1114be3e8fc9fabb4d0aff204bfe1",
        "d145addf4aedc808063b49e77b1c8553bbd74ef4c78b5cdbdc270e0da3a4adb8",
    ),
    (
        stored(
            provider="model-service",
            model="sd-turbo",
            prompt="x",
            size="1024x576",
            steps=20,
            guidance_scale=7.5,
            scheduler="ddim",
            style="ink",
            safety_check=False,
            build_run=2,
        ),
        "14a0446e376f96134683dba448c50145e15759ca2c40f6deef1f72376618c811",
        "f534f729203275349ed11c838534790553210657237f4f38c61d04304d59d092",
    ),
    (
        stored(
            kind="VIDEO",
            model="jimeng-video-3.0",
            prompt="waves",
            ratio="16:9",
            resolution="720p",
            seed=9007199254740992,
            duration_seconds=5,
            fps=24,
            motion_strength=1.0,
            transition="FADE",
            audio={"voiceover_url": "https://a.example/v.mp3", "bgm_url": None, "ducking": False},
        ),
        "3a9ae85522ec1b76224f73e4936c35da85ea82c5391622c4e56b8c3df23b2adb",
        "4eb32f977826b6dafa576314d8d5607f39bb9f6524095eb8cb479cfc88447166",
    ),
    (
        stored(
            kind="VIDEO",
            model="jimeng-video-3.0",
            prompt="waves",
            motion_strength=1,
            audio={"voiceover_url": None, "bgm_url": "https://a.example/m.mp3", "ducking": True},
            made_for_sha256="cd" * 32,
        ),
        "cd" * 32,
        "3da5145452d3e7bd8d72d931ff8fbcee105c69c7f44d572fdc013fc2ad580fd4",
    ),
]


@pytest.mark.parametrize(("row", "sha256", "shape_sha256"), OF_BEFORE)
def test_a_stored_request_is_read_written_and_hashed_as_before(
    row: dict[str, Any], sha256: str, shape_sha256: str
) -> None:
    request = GenerationRequest.from_json(row)
    assert request.to_json() == {"count": None, **row, "references": []}
    assert (request.sha256(), request.shape_sha256()) == (sha256, shape_sha256)


def test_values_of_a_stored_request_are_of_their_types() -> None:
    row, *_ = OF_BEFORE[1]
    request = GenerationRequest.from_json(row)
    assert request.kind is MediaKind.IMAGE
    assert (request.polling, request.reuse) == (Polling.MANUAL, Reuse.SIMILAR)
    assert request.inputs == (InputImage("https://a.example/b.png"), InputImage("file_7", "ab" * 32))
    assert request.strategy.account_ids == (5, 6)
    assert GenerationRequest.from_json(OF_BEFORE[3][0]).transition is Transition.FADE
    assert GenerationRequest.from_json(OF_BEFORE[3][0]).audio == ClipAudio("https://a.example/v.mp3", None, False)


def test_what_a_row_lacks_has_its_default() -> None:
    request = GenerationRequest.from_json({"kind": "IMAGE", "provider": "jimeng", "model": "jimeng-4.5", "prompt": "x"})
    assert request == GenerationRequest(kind=MediaKind.IMAGE, provider="jimeng", model="jimeng-4.5", prompt="x")


def test_a_strategy_of_before_its_newer_fields_is_read() -> None:
    assert AccountStrategy.from_json({"load_balance": "PRIORITY"}) == AccountStrategy(LoadBalance.PRIORITY)
    assert AccountStrategy.from_json({}) == AccountStrategy()


def test_names_that_nobody_knows_any_more_are_passed_over() -> None:
    assert GenerationRequest.from_json(stored(gone=1)) == GenerationRequest.from_json(STORED)


def test_what_is_no_request_is_refused() -> None:
    with pytest.raises(ValidationError):
        GenerationRequest.from_json(stored(kind="SONG"))


@pytest.mark.parametrize("name", [name for name, each in PARAMETERS.items() if each.shapes_result])
def test_each_shaping_parameter_changes_the_hash(name: str) -> None:
    others: dict[str, Any] = {
        "audio": {"voiceover_url": "https://a.example/v.mp3"},
        "transition": "FADE",
        "intelligent_ratio": True,
        "safety_check": False,
        **dict.fromkeys(("negative_prompt", "ratio", "resolution", "size", "scheduler", "style"), "other"),
    }
    changed = GenerationRequest.from_json(stored(**{name: others.get(name, 3)}))
    assert changed.shape_sha256() != GenerationRequest.from_json(STORED).shape_sha256()


@pytest.mark.parametrize(
    "changes",
    [
        {"storyboard_id": "another"},
        {"polling": "MANUAL"},
        {"callback_url": "https://c.example"},
        {"build_run": 1},
        {"strategy": {"load_balance": "PRIORITY"}},
    ],
)
def test_who_asks_and_how_does_not_change_the_hash(changes: dict[str, Any]) -> None:
    assert GenerationRequest.from_json(stored(**changes)).sha256() == GenerationRequest.from_json(STORED).sha256()


def test_models_say_of_each_optional_parameter_whether_they_take_it() -> None:
    flags = {field.name for field in fields(ModelInfo) if field.name.startswith("takes_")}
    assert flags | {"takes_references"} == {f"takes_{name}" for name, each in PARAMETERS.items() if each.is_optional}
    assert isinstance(ModelInfo.takes_references, property)


def test_only_what_may_be_none_can_be_taken_away() -> None:
    assert "seed" in REMOVABLE
    assert not REMOVABLE & {"prompt", "ratio", "resolution", "duration_seconds", "intelligent_ratio", "transition"}
    assert all(DEFAULTS[name] is None for name in REMOVABLE)


def test_callers_know_parameters_by_camel_case() -> None:
    assert [contract_name(name) for name in ("seed", "guidance_scale")] == ["seed", "guidanceScale"]
