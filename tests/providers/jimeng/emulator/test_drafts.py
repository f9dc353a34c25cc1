"""Submits that are refused for their content, without a charge."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from providers.jimeng.emulator.accounts import Account
from providers.pooled import GenerationOrder
from tests.providers.jimeng.emulator.asking import CLIP, GENERATE, PICTURE, PNG, Emulated, body_of
from tests.providers.jimeng.emulator.conftest import MakeEmulated

Change = Callable[[dict[str, Any]], None]


def _changed_draft(order: GenerationOrder, change: Change) -> dict[str, Any]:
    body = body_of(order)
    draft = json.loads(body["draft_content"])
    change(draft)
    return {**body, "draft_content": json.dumps(draft)}


def _core(draft: dict[str, Any]) -> dict[str, Any]:
    abilities = draft["component_list"][0]["abilities"]
    core: dict[str, Any] = (abilities.get("blend") or abilities["generate"])["core_param"]
    return core


def _params(draft: dict[str, Any]) -> dict[str, Any]:
    params: dict[str, Any] = draft["component_list"][0]["abilities"]["gen_video"]["text_to_video_params"]
    return params


def _input(draft: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = _params(draft)["video_gen_inputs"][0]
    return first


PICTURE_FAULTS: dict[str, Change] = {
    "main component": lambda draft: draft.update(main_component_id="another"),
    "no component": lambda draft: draft.update(component_list=[]),
    "type": lambda draft: draft.update(type="sketch"),
    "component type": lambda draft: draft["component_list"][0].update(type="audio_base_component"),
    "another model": lambda draft: _core(draft).update(model="high_aes_general_v40"),
    "width": lambda draft: _core(draft)["large_image_info"].update(width=2047),
    "resolution": lambda draft: _core(draft)["large_image_info"].update(resolution_type="1k"),
    "ratio code": lambda draft: _core(draft).update(image_ratio=3),
    "no ratio": lambda draft: _core(draft).pop("image_ratio"),
    "both ratios": lambda draft: _core(draft).update(intelligent_ratio=True),
    "no seed": lambda draft: _core(draft).pop("seed"),
    "small seed": lambda draft: _core(draft).update(seed=1),
    "strength": lambda draft: _core(draft).update(sample_strength=1.5),
    "no prompt": lambda draft: _core(draft).update(prompt="  "),
    "prompt of a wrong sort": lambda draft: _core(draft).update(prompt=None),
}
CLIP_FAULTS: dict[str, Change] = {
    "length": lambda draft: _input(draft).update(duration_ms=7000),
    "no resolution": lambda draft: _input(draft).pop("resolution"),
    "unknown resolution": lambda draft: _input(draft).update(resolution="4k"),
    "ratio": lambda draft: _params(draft).update(video_aspect_ratio="5:4"),
    "model": lambda draft: _params(draft).update(model_req_key="dreamina_veo3_generate_video"),
    "seed": lambda draft: _params(draft).update(seed=2**32),
    "no prompt": lambda draft: _input(draft).update(prompt=""),
    "mode": lambda draft: _input(draft).update(video_mode=1),
    "references without their mode": lambda draft: _input(draft).update(unified_edit_input={}),
    "extra": lambda draft: draft["component_list"][0]["abilities"]["gen_video"].update(video_task_extra="{}"),
    "frame that nobody uploaded": lambda draft: _input(draft).update(
        first_frame_image={
            "image_uri": "tos-cn-i-x/1",
            "uri": "tos-cn-i-x/1",
            "source_from": "upload",
        }
    ),
}


async def _is_refused(emulated: Emulated, body: dict[str, Any], ret: str) -> None:
    answer = await emulated.ask(GENERATE, body)
    assert answer["ret"] == ret
    assert answer["data"]["aigc_data"] is None
    assert (await emulated.control("ledger"))["tasks"] == []
    assert await emulated.credit() == 1000


@pytest.mark.parametrize("change", PICTURE_FAULTS.values(), ids=PICTURE_FAULTS)
async def test_a_wrong_draft_of_a_picture_is_refused(emulated: Emulated, change: Change) -> None:
    await _is_refused(emulated, _changed_draft(PICTURE, change), "1000")


@pytest.mark.parametrize("change", CLIP_FAULTS.values(), ids=CLIP_FAULTS)
async def test_a_wrong_draft_of_a_clip_is_refused(emulated: Emulated, change: Change) -> None:
    await _is_refused(emulated, _changed_draft(CLIP, change), "1000")


@pytest.mark.parametrize("content", [{"type": "draft"}, "{", "[]", None])
async def test_a_draft_that_is_no_text_of_an_object_cannot_be_read(emulated: Emulated, content: object) -> None:
    await _is_refused(emulated, {**body_of(PICTURE), "draft_content": content}, "1002")


@pytest.mark.parametrize(
    "change",
    [
        {"http_common_info": {"aid": 513641}},
        {"http_common_info": {}},
        {"submit_id": "no uuid"},
        {"metrics_extra": {}},
        {"metrics_extra": "{}"},
        {"extend": {"root_model": "high_aes_general_v40"}},
        {"extend": {}},
    ],
)
async def test_a_wrong_outer_body_is_refused(emulated: Emulated, change: dict[str, Any]) -> None:
    await _is_refused(emulated, {**body_of(PICTURE), **change}, "1000")


@pytest.mark.parametrize("commerce", ["benefit_type", "resource_id"])
async def test_a_clip_names_the_benefit_of_its_model(emulated: Emulated, commerce: str) -> None:
    body = body_of(CLIP)
    body["extend"]["m_video_commerce_info"] |= {commerce: "another"}
    await _is_refused(emulated, body, "1000")


async def test_a_model_of_other_sites_is_not_permitted(emulated: Emulated) -> None:
    veo = GenerationOrder("VIDEO", "jimeng-video-veo3", "a lion")
    body = body_of(veo, site="HK") | {"http_common_info": {"aid": 513695}}
    await _is_refused(emulated, body, "3018")


@pytest.mark.parametrize("site", ["CN", "HK"])
@pytest.mark.parametrize("resolution", ["1k", "2k", "4k"])
@pytest.mark.parametrize("ratio", ["1:1", "3:4", "4:3", "16:9", "9:16", "2:3", "3:2", "21:9"])
async def test_every_size_of_the_catalogue_is_taken(make: MakeEmulated, site: str, resolution: str, ratio: str) -> None:
    emulated = make(Account("one", site))
    assert await emulated.submitted(
        GenerationOrder("IMAGE", "jimeng-4.5", "a cat", ratio=ratio, resolution=resolution), site=site
    )


async def test_a_model_may_choose_the_ratio(emulated: Emulated) -> None:
    assert await emulated.submitted(GenerationOrder("IMAGE", "jimeng-4.5", "a cat", intelligent_ratio=True))


@pytest.mark.parametrize("inputs", [0, 1])
async def test_a_task_has_and_costs_as_many_pictures_as_the_draft_says(emulated: Emulated, inputs: int) -> None:
    uris = tuple([await emulated.uploaded(PNG) for _ in range(inputs)])
    order = GenerationOrder("IMAGE", "jimeng-4.5", "一只猫的故事，6张", count=7, inputs=uris)
    record = await emulated.record(await emulated.submitted(order))
    assert record is not None
    assert record["total_image_count"] == 7
    assert await emulated.credit("one") == 1000 - 7 * 4


async def test_the_words_of_a_prompt_are_no_number(emulated: Emulated) -> None:
    history_id = await emulated.submitted(GenerationOrder("IMAGE", "jimeng-4.5", "墙上贴着1000张照片"))
    record = await emulated.record(history_id)
    assert record is not None
    assert record["total_image_count"] == 4


async def test_pictures_of_a_blend_belong_to_the_account_that_uploaded_them(make: MakeEmulated) -> None:
    emulated = make(Account("one"), Account("two"))
    uris = (await emulated.uploaded(PNG), await emulated.uploaded(PNG))
    assert uris[0] != uris[1]
    blend = GenerationOrder("IMAGE", "jimeng-4.5", "an oil painting", inputs=uris)
    refused = await emulated.submit(blend, session="two")
    assert refused["ret"] == "1000"
    assert await emulated.credit("two") == 1000
    assert await emulated.submitted(blend)


async def test_a_blend_without_its_marks_is_refused(emulated: Emulated) -> None:
    uri = await emulated.uploaded(PNG)
    order = GenerationOrder("IMAGE", "jimeng-4.5", "an oil painting", inputs=(uri,))
    await _is_refused(emulated, _changed_draft(order, lambda draft: _core(draft).update(prompt="#x")), "1000")


async def test_clips_begin_with_a_frame_or_two(emulated: Emulated) -> None:
    uri = await emulated.uploaded(PNG)
    emulated.service.accounts.put({"session": "one", "video_limit": 2})
    for inputs in ((uri,), (uri, uri)):
        assert await emulated.submitted(GenerationOrder("VIDEO", "jimeng-video-3.5-pro", "", inputs=inputs))


async def test_a_last_frame_alone_is_refused(emulated: Emulated) -> None:
    uri = await emulated.uploaded(PNG)
    order = GenerationOrder("VIDEO", "jimeng-video-3.5-pro", "a boat", inputs=(uri, uri))
    await _is_refused(emulated, _changed_draft(order, lambda draft: _input(draft).pop("first_frame_image")), "1000")
