"""Width x height in place of a resolution."""

from dataclasses import replace
from typing import Any

import pytest

from models.enums import MediaKind
from models.generation_parameters import InputImage
from providers.jimeng.catalogue import catalogue
from providers.offline.generation import DRAWING, MOTION
from services.generation.checking import model_faults, request_for
from services.generation.generation_input import GenerationInput, default_parameters
from services.generation.named_sizes import size_in, sizes_of

MODELS = {model.name: model for model in [*catalogue().models(), DRAWING, MOTION]}
CLIPS, PICTURES = MODELS["jimeng-video-3.0"], MODELS["jimeng-4.5"]


def asked(kind: MediaKind, **given: Any) -> GenerationInput:
    defaults = default_parameters(kind)
    return GenerationInput(
        kind=kind,
        storyboard_id="a",
        prompt="a pond",
        defaulted=frozenset(set(defaults) - set(given)),
        **{**defaults, **given},
    )


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1280x720", (1280, 720)),
        (" 1280 × 720 px", (1280, 720)),
        ("1280X720", (1280, 720)),
        ("720p", None),
        ("0x720", None),
        ("1280x720x3", None),
        ("123456x1", None),
        ("", None),
        (None, None),
    ],
)
def test_a_size_is_read(text: str | None, size: tuple[int, int] | None) -> None:
    assert size_in(text) == size


@pytest.mark.parametrize(
    ("given", "ratio", "resolution"),
    [
        ({"resolution": "1280x720"}, "16:9", "720p"),
        ({"resolution": "720x1280"}, "9:16", "720p"),
        ({"resolution": "1920*1080"}, "16:9", "1080p"),
        ({"resolution": "960x720"}, "4:3", "720p"),
        ({"resolution": "1280x720", "ratio": "16:9"}, "16:9", "720p"),
        ({"resolution": "720P"}, "16:9", "720p"),
        ({"ratio": "9：16"}, "9:16", "720p"),
        ({"size": "720x1280"}, "9:16", "720p"),
    ],
)
def test_a_clips_size_names_its_ratio_and_resolution(given: dict[str, Any], ratio: str, resolution: str) -> None:
    requested = asked(MediaKind.VIDEO, **given)
    assert list(model_faults(requested, CLIPS)) == []
    request = request_for(requested, CLIPS)
    assert (request.ratio, request.resolution, request.size) == (ratio, resolution, None)


def test_beside_a_first_frame_the_ratio_does_not_matter() -> None:
    requested = asked(MediaKind.VIDEO, resolution="720x1280", ratio="16:9", inputs=(InputImage("file_1"),))
    assert list(model_faults(requested, CLIPS)) == []
    assert (request_for(requested, CLIPS).ratio, request_for(requested, CLIPS).resolution) == (None, "720p")


@pytest.mark.parametrize("name", [model.name for model in MODELS.values() if model.kind == "IMAGE"])
def test_every_size_that_a_model_of_pictures_lists_names_itself(name: str) -> None:
    model = MODELS[name]
    for (width, height), (ratio, resolution) in sizes_of(model).items():
        request = request_for(asked(MediaKind.IMAGE, resolution=f"{width}x{height}"), model)
        assert (request.ratio, request.resolution) == (ratio, resolution)


def test_a_size_that_is_none_of_the_models_is_refused_with_both_forms() -> None:
    requested = asked(MediaKind.VIDEO, resolution="1300x701")
    (fault,) = model_faults(requested, CLIPS)
    assert list(fault.path) == ["input", "resolution"]
    assert "720p" in fault.message
    assert "1280x720 (16:9)" in fault.message


def test_a_model_that_decides_its_resolution_is_asked_by_the_ratio() -> None:
    (fault,) = model_faults(asked(MediaKind.VIDEO, resolution="1280x720"), MODELS["jimeng-video-3.5-pro"])
    assert 'omit it, and give the ratio "16:9".' in fault.message


def test_a_size_against_the_given_ratio_is_refused() -> None:
    (fault,) = model_faults(asked(MediaKind.VIDEO, resolution="1280x720", ratio="9:16"), CLIPS)
    assert (list(fault.path), "16:9" in fault.message, "9:16" in fault.message) == (["input", "ratio"], True, True)


def test_a_model_that_draws_any_size_draws_this_one() -> None:
    requested = asked(MediaKind.IMAGE, resolution="1024x576")
    assert list(model_faults(requested, DRAWING)) == []
    assert request_for(requested, DRAWING).size == "1024x576"


def test_an_input_without_a_size_stays_as_it_is() -> None:
    requested = asked(MediaKind.IMAGE, resolution="2k", ratio="1:1")
    assert request_for(requested, PICTURES) == request_for(replace(requested), PICTURES)
