"""Validation of inputs against models, and the messages of refusals."""

from dataclasses import replace
from typing import Any

import pytest

from errors import BadInputError, NotFoundError
from models.enums import MediaKind, Transition
from models.generation_parameters import ClipAudio, InputImage
from models.generation_requests import AccountStrategy
from providers.pooled import ModelInfo
from services.generation.checking import account_faults, check_parameters, general_faults, model_faults, parameters_of
from services.generation.generation_input import GenerationInput

PICTURE = ModelInfo(
    name="picture",
    kind="IMAGE",
    provider="pool",
    sites=("CN",),
    ratios=("3:4", "1:1"),
    resolutions=("1k", "2k"),
    durations_seconds=(),
    max_input_images=2,
    takes_seed=True,
    takes_size=True,
    takes_negative_prompt=True,
)
CLIP = ModelInfo(
    name="clip",
    kind="VIDEO",
    provider="pool",
    sites=("CN",),
    ratios=("16:9", "1:1"),
    resolutions=(),
    durations_seconds=(4, 8),
    max_input_images=1,
)
ASKED = GenerationInput(kind=MediaKind.IMAGE, prompt="a street", storyboard_id="shot-1", ratio="1:1", resolution="2k")
CLIP_ASKED = GenerationInput(
    kind=MediaKind.VIDEO,
    prompt="a street",
    storyboard_id="shot-1",
    ratio="16:9",
    resolution="720p",
    duration_seconds=5,
    defaulted=frozenset({"ratio", "resolution", "duration_seconds"}),
)


def test_what_the_model_takes_is_taken() -> None:
    request = check_parameters(replace(ASKED, seed=7, negative_prompt="rain"), PICTURE)
    assert (request.model, request.provider, request.ratio, request.resolution) == ("picture", "pool", "1:1", "2k")
    assert (request.seed, request.negative_prompt, request.duration_seconds) == (7, "rain", None)


def test_a_default_that_the_model_does_not_take_gives_way_to_its_own() -> None:
    request = check_parameters(CLIP_ASKED, CLIP)
    assert (request.ratio, request.resolution, request.duration_seconds) == ("16:9", None, 4)


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"ratio": "9:9"}, "ratio", "ratio cannot be 9:9: the model picture takes 3:4, 1:1."),
        ({"resolution": "8k"}, "resolution", "resolution cannot be 8k: the model picture takes 1k, 2k."),
        ({"duration_seconds": 5}, "durationSeconds", "takes none; omit it."),
        ({"steps": 20}, "steps", "The model picture takes no steps; omit it."),
        ({"guidance_scale": 7.5}, "guidanceScale", "takes no guidanceScale"),
        ({"scheduler": "euler"}, "scheduler", "takes no scheduler"),
        ({"style": "ink"}, "style", "takes no style"),
        ({"sample_strength": 0.5}, "sampleStrength", "takes no sampleStrength"),
        ({"intelligent_ratio": True}, "intelligentRatio", "takes no intelligentRatio"),
        ({"fps": 24}, "fps", "takes no fps"),
        ({"motion_strength": 0.0}, "motionStrength", "takes no motionStrength"),
        ({"seed": -1}, "seed", "seed is between 0 and 9007199254740992."),
        ({"size": "wide"}, "size", "width x height"),
        ({"size": "0x10"}, "size", "width x height"),
        ({"prompt": " \n"}, "prompt", "The prompt is empty"),
        ({"prompt": "x" * 8001}, "prompt", "at most 8000"),
        ({"negative_prompt": "x" * 8001}, "negativePrompt", "at most 8000"),
        ({"storyboard_id": ""}, "storyboardId", "1 to 128"),
        ({"storyboard_id": "x" * 129}, "storyboardId", "1 to 128"),
        ({"work_id": ""}, "workId", "1 to 128"),
        ({"project_id": "x" * 129}, "projectId", "1 to 128"),
        ({"project_name": "x" * 201}, "projectName", "at most 200"),
        ({"inputs": (InputImage("https://a.example/1.png"),) * 3}, "inputImages", "takes at most 2 input images."),
        ({"inputs": (InputImage("nonsense"),)}, "inputImages.0", "an http(s) link, an upload id or a record id"),
        ({"inputs": (InputImage("job_1"),)}, "inputImages.0", "an http(s) link"),
        ({"inputs": (InputImage("https://"),)}, "inputImages.0", "starts with http://"),
        ({"inputs": (InputImage("https://a.example/" + "x" * 5000),)}, "inputImages.0", "at most 4096"),
        ({"transition": Transition.FADE}, "transition", "A picture has no transition"),
        ({"audio": ClipAudio(bgm_url="https://a.example/1.mp3")}, "audio", "A picture has no audio"),
        ({"strategy": AccountStrategy(max_attempts=0)}, "strategy.maxAttempts", "between 1 and 100"),
        ({"strategy": AccountStrategy(max_attempts=101)}, "strategy.maxAttempts", "between 1 and 100"),
        (
            {"strategy": AccountStrategy(max_concurrent_per_account=0)},
            "strategy.maxConcurrentPerAccount",
            "at least 1",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_path_and_what_is_allowed(
    changes: dict[str, Any], path: str, words: str
) -> None:
    with pytest.raises(BadInputError) as refusal:
        check_parameters(replace(ASKED, **changes), PICTURE)
    assert refusal.value.path == ["input", *path.split(".")]
    assert words in refusal.value.message


def test_former_values_that_another_model_does_not_take_are_dropped() -> None:
    former = replace(ASKED, steps=20, intelligent_ratio=True, style="ink", ratio="9:9", defaulted=frozenset(ALL))
    request = check_parameters(former, PICTURE)
    assert (request.steps, request.intelligent_ratio, request.style, request.ratio) == (None, False, None, "3:4")


ALL = ("steps", "intelligent_ratio", "style", "ratio")


def test_a_size_wins_over_ratio_and_resolution() -> None:
    request = check_parameters(replace(ASKED, size="1024x576", ratio="9:9", resolution="8k"), PICTURE)
    assert (request.size, request.ratio, request.resolution) == ("1024x576", None, None)


def test_a_clips_ratio_is_ignored_where_there_is_an_input_image() -> None:
    inputs = (InputImage("https://a.example/1.png"),)
    assert (
        check_parameters(replace(CLIP_ASKED, ratio="9:9", inputs=inputs, defaulted=frozenset()), CLIP_FREE).ratio
        is None
    )


CLIP_FREE = replace(CLIP, resolutions=("720p",), durations_seconds=(5,))


@pytest.mark.parametrize(
    ("audio", "path"),
    [
        (ClipAudio(voiceover_url="ftp://a.example/1.wav"), "voiceoverUrl"),
        (ClipAudio(bgm_url="music.mp3"), "bgmUrl"),
        (ClipAudio(bgm_url="http://[1"), "bgmUrl"),
    ],
)
def test_sound_is_a_link(audio: ClipAudio, path: str) -> None:
    with pytest.raises(BadInputError) as refusal:
        check_parameters(replace(CLIP_ASKED, audio=audio), CLIP)
    assert refusal.value.path == ["input", "audio", path]


def test_accounts_of_a_strategy_must_be_there_and_of_the_models_provider() -> None:
    strategy = AccountStrategy(account_ids=(1, 2))
    assert not list(account_faults(strategy, "pool", "picture", {1: "pool", 2: "pool"}))
    missing, other = account_faults(strategy, "pool", "picture", {1: "elsewhere"})
    assert (type(missing), missing.path) == (BadInputError, ["input", "strategy", "accountIds", "0"])
    assert (type(other), other.path) == (NotFoundError, ["input", "strategy", "accountIds", "1"])


def test_all_faults_of_a_request_are_found() -> None:
    wrong = replace(
        ASKED,
        prompt="",
        work_id="",
        ratio="9:9",
        resolution="8k",
        steps=3,
        seed=-1,
        inputs=(InputImage("nonsense"), InputImage("https://"), InputImage("https://a.example/1.png")),
        strategy=AccountStrategy(max_attempts=0, max_concurrent_per_account=0),
    )
    found = [".".join(fault.path[1:]) for fault in (*general_faults(wrong), *model_faults(wrong, PICTURE))]
    assert found == [
        "workId",
        "prompt",
        "inputImages.0",
        "inputImages.1",
        "strategy.maxAttempts",
        "strategy.maxConcurrentPerAccount",
        "steps",
        "seed",
        "inputImages",
        "resolution",
        "ratio",
    ]


def test_a_models_parameters_have_the_contracts_names() -> None:
    assert parameters_of(PICTURE) == ["negativePrompt", "size", "seed"]
