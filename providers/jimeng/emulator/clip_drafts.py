"""Parses drafts of clips: from a prompt, a first frame, a first and a last frame, or mixed references."""

from collections.abc import Mapping
from typing import Any

from providers.jimeng.catalogue import VideoModel, catalogue
from providers.jimeng.emulator.drafts import Draft, Submission, check_model, uploaded
from providers.jimeng.emulator.reading import field, objects, one_of, require, whole
from providers.jimeng.emulator.reference_drafts import is_mixed, read_references
from providers.jimeng.emulator.sites import Site
from providers.offline.sizes import clip_size

_DEFAULT_RESOLUTION = "720p"
_FRAMES = ("first_frame_image", "end_frame_image")


def read_clip_draft(submission: Submission, site: Site) -> Draft:
    """Raises Refusal 1000 or 3018."""
    one_of(submission.component, "generate_type", ("gen_video",))
    ability = submission.ability("gen_video")
    require(ability.get("video_task_extra") == submission.metrics_text, "video_task_extra is not metrics_extra")
    params = field(ability, "text_to_video_params", dict)
    model: VideoModel = check_model(submission, field(params, "model_req_key", str), site, VideoModel)
    inputs = objects(params, "video_gen_inputs")
    require(len(inputs) == 1, "video_gen_inputs has not one input")
    asked = inputs[0]
    mixes = is_mixed(asked, submission)
    materials, mixed_prompt = read_references(asked, submission, model) if mixes else ((), "")
    _check_benefit(submission.extend, model, mixes=mixes)
    require(asked.get("video_mode") in (0, 2), "video_mode is neither 0 nor 2")
    duration_ms = whole(asked, "duration_ms", 1000, 60_000)
    require(duration_ms in [seconds * 1000 for seconds in model.seconds], "the model does not support that duration")
    ratio = one_of(params, "video_aspect_ratio", catalogue().video_ratios)
    resolution = _resolution(asked, submission, model)
    uris = _frames(asked)
    prompt = mixed_prompt or field(asked, "prompt", str).strip()
    require(bool(prompt) or bool(uris), "there is neither a prompt nor a frame")
    width, height = clip_size(ratio, resolution)
    return Draft(
        kind="VIDEO",
        model=model,
        submit_id=submission.submit_id,
        prompt=prompt,
        width=width,
        height=height,
        resolution=resolution,
        seconds=duration_ms // 1000,
        ratio=ratio,
        seed=whole(params, "seed", 0, 2**32 - 1),
        uris=uris,
        materials=materials,
    )


def _resolution(asked: Mapping[str, Any], submission: Submission, model: VideoModel) -> str:
    if not model.resolutions:
        require("resolution" not in asked, "the model has no resolutions")
        return _DEFAULT_RESOLUTION
    resolution: str = one_of(asked, "resolution", model.resolutions)
    require(submission.scene.get("resolution") == resolution, "resolution of sceneOptions is not the draft's")
    return resolution


def _frames(asked: Mapping[str, Any]) -> tuple[str, ...]:
    present = [name for name in _FRAMES if name in asked]
    require(present != ["end_frame_image"], "a last frame needs a first one")
    return tuple(uploaded(field(asked, name, dict)) for name in present)


def _check_benefit(extend: Mapping[str, Any], model: VideoModel, *, mixes: bool) -> None:
    info = field(extend, "m_video_commerce_info", dict)
    expected = model.reference_benefit_type if mixes else model.benefit_type
    what = f"{model.name} with mixed references" if mixes else model.name
    require(info.get("benefit_type") == expected, f"benefit_type is not that of {what}, {expected}")
    require(info.get("resource_id") == "generate_video", "resource_id is not generate_video")
    require(extend.get("m_video_commerce_info_list") == [info], "m_video_commerce_info_list is not the one object")
