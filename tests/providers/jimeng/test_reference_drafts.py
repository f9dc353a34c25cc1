"""Drafts of clips from references, compared field by field with those of upstream's web page."""

import dataclasses

import pytest

from providers.pooled import FaultKind, OrderedReference, UploadedFile, UpstreamFaultError
from tests.providers.jimeng.test_drafts import METADATA, SUBMIT_ID, A, film, normal, video_order

PICTURE = OrderedReference("IMAGE", UploadedFile(A, 1024, 768, "png"))
FILM = OrderedReference("VIDEO", UploadedFile("v0123", 1280, 720, duration_ms=5000))
ORDER = video_order(
    model="jimeng-video-seedance-2.0",
    prompt="@hero is the first frame, move like @dance",
    references=(PICTURE, FILM),
    prompt_parts=(0, " is the first frame, move like ", 1),
    seed=63170078,
)
EDIT = {
    "type": "", "id": "<uuid>",
    "material_list": [
        {"type": "", "id": "<uuid>", "material_type": "image", "image_info": {
            "type": "image", "id": "<uuid>", "source_from": "upload", "platform_type": 1, "name": "", "image_uri": A,
            "width": 1024, "height": 768, "format": "png", "uri": A,
        }},
        {"type": "", "id": "<uuid>", "material_type": "video", "video_info": {
            "type": "video", "id": "<uuid>", "source_from": "upload", "name": "", "vid": "v0123", "fps": 0,
            "width": 1280, "height": 720, "duration": 5000,
        }},
    ],
    "meta_list": [
        {"meta_type": "image", "text": "", "material_ref": {"material_idx": 0}},
        {"meta_type": "text", "text": " is the first frame, move like "},
        {"meta_type": "video", "text": "", "material_ref": {"material_idx": 1}},
    ],
}  # fmt: skip
METRICS = {
    "isDefaultSeed": 1, "originSubmitId": SUBMIT_ID, "isRegenerate": False, "enterFrom": "click",
    "position": "page_bottom_box", "functionMode": "omni_reference",
    "sceneOptions": [{
        "type": "video", "scene": "BasicVideoGenerateButton", "modelReqKey": "dreamina_seedance_40_pro",
        "videoDuration": 5, "materialTypes": [1, 2],
        "reportParams": {
            "enterSource": "generate", "vipSource": "generate", "extraVipFunctionKey": "dreamina_seedance_40_pro",
            "useVipFunctionDetailsReporterHoc": True,
        },
    }],
}  # fmt: skip


def test_references_make_a_draft_of_a_clip() -> None:
    submission = film(ORDER)
    assert normal(submission.draft) == {
        "type": "draft", "id": "<uuid>", "min_version": "3.3.9", "min_features": ["AIGC_Video_UnifiedEdit"],
        "is_from_tsn": True, "version": "3.3.9", "main_component_id": "<uuid>",
        "component_list": [{
            "type": "video_base_component", "id": "<uuid>", "min_version": "1.0.0", "aigc_mode": "workbench",
            "metadata": METADATA, "generate_type": "gen_video", "process_type": 1,
            "abilities": {"type": "", "id": "<uuid>", "gen_video": {
                "type": "", "id": "<uuid>",
                "text_to_video_params": {
                    "type": "", "id": "<uuid>",
                    "video_gen_inputs": [{
                        "type": "", "id": "<uuid>", "min_version": "3.3.9", "prompt": "", "video_mode": 2, "fps": 24,
                        "duration_ms": 5000, "unified_edit_input": EDIT, "idip_meta_list": [],
                    }],
                    "video_aspect_ratio": "16:9", "seed": 63170078, "model_req_key": "dreamina_seedance_40_pro",
                    "priority": 0,
                },
                "video_task_extra": METRICS,
            }},
        }],
    }  # fmt: skip
    assert normal(submission.metrics) == METRICS
    assert submission.commerce_info is not None
    assert submission.commerce_info["benefit_type"] == "dreamina_video_seedance_20_video_add"


def test_the_fast_model_has_a_benefit_of_its_own() -> None:
    submission = film(dataclasses.replace(ORDER, model="jimeng-video-seedance-2.0-fast"))
    assert submission.commerce_info is not None
    assert submission.commerce_info["benefit_type"] == "dreamina_seedance_20_fast_with_video"


@pytest.mark.parametrize("changes", [{"model": "jimeng-video-3.0"}, {"inputs": (A,)}])
def test_references_that_the_model_does_not_take_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(UpstreamFaultError) as fault:
        film(dataclasses.replace(ORDER, **changes))  # type: ignore[arg-type]
    assert fault.value.kind is FaultKind.INVALID_INPUT
