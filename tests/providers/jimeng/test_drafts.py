"""Drafts, compared field by field with those of upstream's web page."""

import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest

from providers.jimeng.clip_drafts import clip_submission
from providers.jimeng.drafting import Fresh, Submission, submit_body
from providers.jimeng.picture_drafts import picture_seed, picture_submission
from providers.pooled import FaultKind, GenerationOrder, UpstreamFaultError

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
SUBMIT_ID = "the-submit-id"

METADATA = {
    "type": "", "id": "<uuid>", "created_platform": 3, "created_platform_version": "",
    "created_time_in_ms": "1770000000000", "created_did": "",
}  # fmt: skip
SIZE = {
    "type": "", "id": "<uuid>", "min_version": "3.0.2", "height": 2048, "width": 2048, "resolution_type": "2k",
}  # fmt: skip

TEXT_TO_IMAGE = {
    "type": "draft", "id": "<uuid>", "min_version": "3.0.2", "min_features": [], "is_from_tsn": True,
    "version": "3.3.9", "main_component_id": "<uuid>",
    "component_list": [{
        "type": "image_base_component", "id": "<uuid>", "min_version": "3.0.2", "aigc_mode": "workbench",
        "metadata": METADATA, "generate_type": "generate",
        "abilities": {"type": "", "id": "<uuid>", "generate": {
            "type": "", "id": "<uuid>",
            "core_param": {
                "type": "", "id": "<uuid>", "model": "high_aes_general_v40l", "prompt": "a cat",
                "negative_prompt": "", "seed": 2586698163, "sample_strength": 0.5, "image_ratio": 1,
                "large_image_info": SIZE, "intelligent_ratio": False,
            },
            "gen_option": {"type": "", "id": "<uuid>", "generate_all": False},
        }},
    }],
}  # fmt: skip


def ability(uri: str) -> dict[str, Any]:
    return {
        "type": "", "id": "<uuid>", "name": "byte_edit", "image_uri_list": [uri],
        "image_list": [{
            "type": "image", "id": "<uuid>", "source_from": "upload", "platform_type": 1, "name": "",
            "image_uri": uri, "width": 0, "height": 0, "format": "", "uri": uri,
        }],
        "strength": 0.5,
    }  # fmt: skip


A, B = "tos-cn-i-tb4s082cfz/aaa", "tos-cn-i-tb4s082cfz/bbb"
BLEND = {
    "type": "draft", "id": "<uuid>", "min_version": "3.2.9", "min_features": [], "is_from_tsn": True,
    "version": "3.3.9", "main_component_id": "<uuid>",
    "component_list": [{
        "type": "image_base_component", "id": "<uuid>", "min_version": "3.0.2", "aigc_mode": "workbench",
        "metadata": METADATA, "generate_type": "blend",
        "abilities": {
            "type": "", "id": "<uuid>",
            "blend": {
                "type": "", "id": "<uuid>", "min_version": "3.2.9", "min_features": [],
                "core_param": {
                    "type": "", "id": "<uuid>", "model": "high_aes_general_v40l",
                    "prompt": "####as an oil painting", "negative_prompt": "", "sample_strength": 0.5,
                    "image_ratio": 1, "large_image_info": SIZE, "intelligent_ratio": False,
                },
                "ability_list": [ability(A), ability(B)],
                "prompt_placeholder_info_list": [
                    {"type": "", "id": "<uuid>", "ability_index": 0}, {"type": "", "id": "<uuid>", "ability_index": 1},
                ],
                "postedit_param": {"type": "", "id": "<uuid>", "generate_type": 0},
            },
            "gen_option": {"type": "", "id": "<uuid>", "generate_all": False},
        },
    }],
}  # fmt: skip


def frame(uri: str) -> dict[str, Any]:
    return {
        "type": "image", "id": "<uuid>", "source_from": "upload", "platform_type": 1, "name": "", "format": "",
        "width": 0, "height": 0, "image_uri": uri, "uri": uri,
    }  # fmt: skip


VIDEO_METRICS = {
    "promptSource": "custom", "isDefaultSeed": 1, "originSubmitId": "<uuid>", "isRegenerate": False,
    "enterFrom": "use_bgimage_prompt", "position": "page_bottom_box", "functionMode": "first_last_frames",
    "sceneOptions": [{
        "type": "video", "scene": "BasicVideoGenerateButton", "resolution": "720p",
        "modelReqKey": "dreamina_ic_generate_video_model_vgfm_3.0", "videoDuration": 5, "materialTypes": [],
        "reportParams": {
            "enterSource": "generate", "vipSource": "generate",
            "extraVipFunctionKey": "dreamina_ic_generate_video_model_vgfm_3.0-720p",
            "useVipFunctionDetailsReporterHoc": True,
        },
    }],
}  # fmt: skip

VIDEO = {
    "type": "draft", "id": "<uuid>", "min_version": "3.0.5", "min_features": [], "is_from_tsn": True,
    "version": "3.3.9", "main_component_id": "<uuid>",
    "component_list": [{
        "type": "video_base_component", "id": "<uuid>", "min_version": "1.0.0", "aigc_mode": "workbench",
        "metadata": METADATA, "generate_type": "gen_video",
        "abilities": {"type": "", "id": "<uuid>", "gen_video": {
            "id": "<uuid>", "type": "",
            "text_to_video_params": {
                "type": "", "id": "<uuid>",
                "video_gen_inputs": [{
                    "type": "", "id": "<uuid>", "min_version": "3.0.5", "prompt": "a lion runs", "video_mode": 2,
                    "fps": 24, "duration_ms": 5000, "resolution": "720p", "first_frame_image": frame(A),
                    "end_frame_image": frame(B), "idip_meta_list": [],
                }],
                "video_aspect_ratio": "16:9", "seed": 63170078,
                "model_req_key": "dreamina_ic_generate_video_model_vgfm_3.0", "priority": 0,
            },
            "video_task_extra": VIDEO_METRICS,
        }},
        "process_type": 1,
    }],
}  # fmt: skip


def fresh() -> Fresh:
    return Fresh(now_ms=1_770_000_000_000, chance=random.Random(1))


def draw(order: GenerationOrder, site: str = "CN") -> Submission:
    return picture_submission(order, site, SUBMIT_ID, draft_version="3.3.9", fresh=fresh())


def film(order: GenerationOrder, site: str = "CN") -> Submission:
    return clip_submission(order, site, SUBMIT_ID, draft_version="3.3.9", fresh=fresh())


def image_order(**values: Any) -> GenerationOrder:
    return GenerationOrder(**{"kind": "IMAGE", "model": "jimeng-4.5", "prompt": "a cat", **values})


def video_order(**values: Any) -> GenerationOrder:
    return GenerationOrder(
        **{"kind": "VIDEO", "model": "jimeng-video-3.0", "prompt": "a lion runs", "ratio": "16:9", **values}
    )


def normal(value: Any) -> Any:
    """Replaces ids by a constant, and parses JSON within strings."""
    if isinstance(value, dict):
        return {name: normal(item) for name, item in value.items()}
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        return normal(json.loads(value))
    return UUID.sub("<uuid>", value) if isinstance(value, str) else value


def ids(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (item for name, item in value.items() if name == "id")
        for item in value.values():
            yield from ids(item)
    elif isinstance(value, list):
        for item in value:
            yield from ids(item)


def core(submission: Submission, ability: str = "generate") -> dict[str, Any]:
    found: dict[str, Any] = submission.draft["component_list"][0]["abilities"][ability]["core_param"]
    return found


def test_a_prompt_alone_makes_a_draft_of_a_picture() -> None:
    submission = draw(image_order(seed=2586698163))
    assert normal(submission.draft) == TEXT_TO_IMAGE
    assert normal(submission.metrics) == {
        "promptSource": "custom", "generateCount": 1, "enterFrom": "click",
        "sceneOptions": [{
            "type": "image", "scene": "ImageBasicGenerate", "modelReqKey": "high_aes_general_v40l",
            "resolutionType": "2k", "abilityList": [],
            "reportParams": {
                "enterSource": "generate", "vipSource": "generate",
                "extraVipFunctionKey": "high_aes_general_v40l-2k", "useVipFunctionDetailsReporterHoc": True,
            },
            "benefitCount": 4,
        }],
        "generateId": SUBMIT_ID, "isRegenerate": False,
    }  # fmt: skip


def test_input_pictures_make_a_blend() -> None:
    submission = draw(image_order(prompt="as an oil painting", inputs=(A, B)))
    assert normal(submission.draft) == BLEND
    scene = normal(submission.metrics)["sceneOptions"][0]
    entry = {
        "abilityName": "byte_edit",
        "strength": 0.5,
        "source": {"imageUrl": "blob:https://dreamina.capcut.com/<uuid>"},
    }
    assert scene["abilityList"] == [entry, entry]
    assert (scene["scene"], scene["benefitCount"]) == ("ImageBasicGenerate", 4)


def test_one_input_picture_needs_no_newer_blend() -> None:
    blend = draw(image_order(inputs=(A,))).draft["component_list"][0]["abilities"]["blend"]
    assert "min_version" not in blend
    assert blend["core_param"]["prompt"] == "##a cat"


def test_frames_make_a_draft_of_a_clip() -> None:
    submission = film(video_order(seed=63170078, inputs=(A, B)))
    assert normal(submission.draft) == VIDEO
    assert normal(submission.metrics) == VIDEO_METRICS
    assert submission.commerce_info == {
        "benefit_type": "basic_video_operation_vgfm_v_three",
        "resource_id": "generate_video",
        "resource_id_type": "str",
        "resource_sub_type": "aigc",
    }


@pytest.mark.parametrize(
    ("inputs", "frames"),
    [((), set()), ((A,), {"first_frame_image"}), ((A, B), {"first_frame_image", "end_frame_image"})],
)
def test_a_frame_that_is_not_given_is_left_out(inputs: tuple[str, ...], frames: set[str]) -> None:
    parameters = film(video_order(inputs=inputs)).draft["component_list"][0]["abilities"]["gen_video"]
    entry = parameters["text_to_video_params"]["video_gen_inputs"][0]
    assert {name for name in entry if name.endswith("_image")} == frames


def test_a_resolution_is_sent_only_by_models_that_have_one() -> None:
    submission = film(video_order(model="jimeng-video-3.5-pro", duration_seconds=12))
    entry = submission.draft["component_list"][0]["abilities"]["gen_video"]["text_to_video_params"]["video_gen_inputs"][
        0
    ]
    scene = normal(submission.metrics)["sceneOptions"][0]
    assert "resolution" not in {*entry, *scene}
    assert scene["reportParams"]["extraVipFunctionKey"] == "dreamina_ic_generate_video_model_vgfm_3.5_pro"
    assert (entry["duration_ms"], scene["videoDuration"]) == (12_000, 12)


def test_every_id_is_its_own() -> None:
    for submission in (draw(image_order(inputs=(A, B))), film(video_order(inputs=(A, B)))):
        found = list(ids(submission.draft))
        assert len(found) == len(set(found)) > 5
        assert all(UUID.fullmatch(found_id) for found_id in found)
        assert submission.draft["main_component_id"] == submission.draft["component_list"][0]["id"]


def test_a_ratio_that_upstream_chooses_is_not_named() -> None:
    chosen = core(draw(image_order(intelligent_ratio=True, ratio="16:9")))
    assert chosen["intelligent_ratio"] is True
    assert "image_ratio" not in chosen
    assert chosen["large_image_info"]["width"] == 2560
    assert core(draw(image_order(intelligent_ratio=True, inputs=(A,))), "blend")["image_ratio"] == 1


@pytest.mark.parametrize("prompt", ["画6张猫", "墙上贴着1000张照片", "连续绘本故事"])
def test_words_of_a_prompt_make_no_series(prompt: str) -> None:
    metrics = normal(draw(image_order(model="jimeng-4.5", prompt=prompt)).metrics)
    assert metrics == normal(draw(image_order(model="jimeng-4.5", prompt="a cat")).metrics)
    assert metrics["sceneOptions"][0]["scene"] == "ImageBasicGenerate"


@pytest.mark.parametrize("kind", ["generate", "blend"])
def test_a_number_of_pictures_stands_beside_the_ability(kind: str) -> None:
    made = draw(image_order(count=6, inputs=(A,) if kind == "blend" else ()))
    abilities = made.draft["component_list"][0]["abilities"]
    assert abilities["gen_option"]["gen_count"] == 6
    assert "gen_option" not in abilities[kind]
    metrics = normal(made.metrics)
    assert (metrics["generateCount"], metrics["sceneOptions"][0]["benefitCount"]) == (6, 6)


@pytest.mark.parametrize(("model", "count"), [("jimeng-4.5", 9), ("jimeng-3.0", 5), ("jimeng-4.5", 0)])
def test_more_pictures_than_a_model_makes_are_not_sent(model: str, count: int) -> None:
    with pytest.raises(UpstreamFaultError) as caught:
        draw(image_order(model=model, count=count, resolution="2k"))
    assert caught.value.kind is FaultKind.INVALID_INPUT


def test_strength_and_negative_prompt_go_into_the_draft() -> None:
    made = core(draw(image_order(sample_strength=0.0, negative_prompt="fog")))
    assert (made["sample_strength"], made["negative_prompt"]) == (0.0, "fog")


def test_seeds_lead_to_the_same_seed_within_upstreams_range() -> None:
    assert picture_seed(2_500_000_000, fresh()) == 2_500_000_000
    assert picture_seed(42, fresh()) == picture_seed(42, Fresh()) == 2_500_000_042
    assert 2_500_000_000 <= picture_seed(None, Fresh()) < 2_600_000_000
    parameters = film(video_order(seed=2**32 + 5)).draft["component_list"][0]["abilities"]["gen_video"]
    assert parameters["text_to_video_params"]["seed"] == 5


def test_nanobanana_calls_its_one_size_in_the_us_2k() -> None:
    info = core(draw(image_order(model="nanobanana"), "US"))["large_image_info"]
    assert (info["width"], info["height"], info["resolution_type"]) == (1024, 1024, "2k")


@pytest.mark.parametrize(
    ("values", "site", "words"),
    [
        ({"model": "jimeng-9"}, "CN", "no model 'jimeng-9'"),
        ({"model": "jimeng-5.0"}, "US", "is not available on the site US"),
        ({"ratio": "5:4"}, "CN", "does not support 5:4"),
        ({"resolution": "8k"}, "CN", "at 8k"),
        ({"model": "nanobanana", "ratio": "16:9"}, "US", "does not support 16:9"),
        ({"model": "jimeng-3.0", "intelligent_ratio": True}, "CN", "does not support intelligentRatio"),
        ({"inputs": (A,) * 11}, "CN", "At most 10"),
        ({"sample_strength": 1.5}, "CN", "between 0 and 1"),
        ({"sample_strength": float("nan")}, "CN", "between 0 and 1"),
    ],
)
def test_a_picture_that_the_catalogue_does_not_know_is_refused(values: dict[str, Any], site: str, words: str) -> None:
    with pytest.raises(UpstreamFaultError) as refused:
        draw(image_order(**values), site)
    assert refused.value.kind is FaultKind.INVALID_INPUT
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("values", "site", "words"),
    [
        ({"model": "jimeng-4.5"}, "CN", "no model 'jimeng-4.5' for clips"),
        ({"model": "jimeng-video-veo3"}, "CN", "is not available on the site CN"),
        ({"ratio": "3:2"}, "CN", "with the ratio 3:2"),
        ({"duration_seconds": 7}, "CN", "clips of 7 s"),
        ({"resolution": "4k"}, "CN", "at 4k"),
        ({"model": "jimeng-video-3.5-pro", "resolution": "720p"}, "CN", "at 720p"),
        ({"inputs": (A, B, A)}, "CN", "at most two input pictures"),
    ],
)
def test_a_clip_that_the_catalogue_does_not_know_is_refused(values: dict[str, Any], site: str, words: str) -> None:
    with pytest.raises(UpstreamFaultError) as refused:
        film(video_order(**values), site)
    assert refused.value.kind is FaultKind.INVALID_INPUT
    assert words in refused.value.message


def test_the_body_of_a_submit_holds_its_parts_as_strings() -> None:
    submission = film(video_order(prompt="狮子"))
    body = submit_body(submission, submit_id=SUBMIT_ID, aid=513695)
    assert json.loads(body["draft_content"]) == submission.draft
    assert json.loads(body["metrics_extra"]) == submission.metrics
    assert "狮子" in body["draft_content"]
    assert body["draft_content"].count(": ") == 0
    assert body["extend"] == {
        "root_model": "dreamina_ic_generate_video_model_vgfm_3.0",
        "m_video_commerce_info": submission.commerce_info,
        "m_video_commerce_info_list": [submission.commerce_info],
    }
    assert (body["submit_id"], body["http_common_info"]) == (SUBMIT_ID, {"aid": 513695})


def test_the_body_for_a_picture_names_the_model_alone() -> None:
    assert submit_body(draw(image_order()), submit_id=SUBMIT_ID, aid=1)["extend"] == {
        "root_model": "high_aes_general_v40l"
    }
