"""Clips from mixed references: uploads of films, drafts that are taken, and what each refusal says."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from providers.jimeng.emulator.accounts import Account
from providers.pooled import GenerationOrder, OrderedReference, UploadedFile
from tests.made_films import made_film
from tests.providers.jimeng.emulator.asking import GENERATE, PNG, Emulated, body_of
from tests.providers.jimeng.emulator.conftest import MakeEmulated

MODEL = "jimeng-video-seedance-2.0"
FILM = made_film(2)


async def order(emulated: Emulated, session: str = "one", model: str = MODEL) -> GenerationOrder:
    """A right order, with a picture and a film that the account has uploaded."""
    uri = await emulated.uploaded(PNG, session=session)
    vid, meta = await emulated.film_uploaded(FILM, session)
    film = UploadedFile(vid, meta["Width"], meta["Height"], duration_ms=round(meta["Duration"] * 1000))
    return GenerationOrder(
        "VIDEO",
        model,
        "@hero dances as in @dance",
        ratio="16:9",
        references=(
            OrderedReference("IMAGE", UploadedFile(uri, 64, 48, "png")),
            OrderedReference("VIDEO", film),
        ),
        prompt_parts=(0, " dances as in ", 1),
    )


async def reason(emulated: Emulated) -> str:
    """Why the last call was refused."""
    return str((await emulated.control("statistics"))["last_refusals"][-1]["why"])


@pytest.mark.parametrize("model", [MODEL, f"{MODEL}-fast"])
async def test_a_clip_is_made_from_a_picture_and_a_film(emulated: Emulated, model: str) -> None:
    asked = await order(emulated, model=model)
    history_id = await emulated.submitted(asked)
    emulated.time += 200
    record = await emulated.record(history_id)
    assert record is not None
    assert (record["status"], len(record["item_list"])) == (50, 1)
    (task,) = (await emulated.control("ledger"))["tasks"]
    assert task["prompt"] == "@image1 dances as in @video2"
    film = asked.references[1].file
    assert task["materials"] == [
        {"kind": "IMAGE", "uri": asked.references[0].file.uri, "width": 64, "height": 48, "duration_ms": 0},
        {"kind": "VIDEO", "uri": film.uri, "width": 160, "height": 90, "duration_ms": film.duration_ms},
    ]
    assert task["charge"] > 0


async def test_a_picture_without_its_size_is_taken(emulated: Emulated) -> None:
    asked = await order(emulated)
    bare = OrderedReference("IMAGE", UploadedFile(asked.references[0].file.uri))
    await emulated.submitted(dataclasses.replace(asked, references=(bare, asked.references[1])))


async def test_materials_belong_to_the_account_that_uploaded_them(make: MakeEmulated) -> None:
    emulated = make(Account("one"), Account("two"))
    asked = await order(emulated)
    for kept, what in ((0, "picture"), (1, "film")):
        only = asked.references[kept]
        alone = dataclasses.replace(asked, references=(only,), prompt_parts=("like ", 0))
        assert (await emulated.submit(alone, session="two"))["ret"] == "1000"
        assert await reason(emulated) == f"a {what} of material_list was not uploaded by this account"
    assert (await emulated.control("ledger"))["tasks"] == []


def _input(draft: dict[str, Any]) -> dict[str, Any]:
    params = draft["component_list"][0]["abilities"]["gen_video"]["text_to_video_params"]
    first: dict[str, Any] = params["video_gen_inputs"][0]
    return first


def _edit(draft: dict[str, Any]) -> dict[str, Any]:
    edit: dict[str, Any] = _input(draft)["unified_edit_input"]
    return edit


def _film(draft: dict[str, Any]) -> dict[str, Any]:
    info: dict[str, Any] = _edit(draft)["material_list"][1]["video_info"]
    return info


Change = Callable[[dict[str, Any]], Any]
DRAFT_FAULTS: dict[str, Change] = {
    "min_features lacks AIGC_Video_UnifiedEdit": lambda draft: draft.update(min_features=[]),
    "min_version of the draft is older than 3.3.9": lambda draft: draft.update(min_version="3.0.5"),
    "min_version of the input is older than 3.3.9": lambda draft: _input(draft).update(min_version="3.0.5"),
    "the prompt of mixed references is not empty": lambda draft: _input(draft).update(prompt="a dance"),
    "mixed references have no first and last frame": lambda draft: _input(draft).update(first_frame_image={}),
    "functionMode is omni_reference, and there is no unified_edit_input": lambda draft: _input(draft).pop(
        "unified_edit_input"
    ),
    "material_list is empty": lambda draft: _edit(draft).update(material_list=[]),
    "material_type is not an allowed value": lambda draft: _edit(draft)["material_list"][0].update(
        material_type="audio"
    ),
    "the films are 15.1 s long together, at most 15 s": lambda draft: _film(draft).update(duration=15_100),
    "the duration of a film is not that which its upload": lambda draft: _film(draft).update(duration=1234),
    "width and height of a material": lambda draft: _film(draft).update(width=161),
    "vid of a material is empty": lambda draft: _film(draft).update(vid=""),
    "there are 10 pictures, at most 9": lambda draft: _edit(draft).update(
        material_list=[_edit(draft)["material_list"][0]] * 10
    ),
    "there are 4 films, at most 3": lambda draft: _edit(draft).update(
        material_list=[_edit(draft)["material_list"][1]] * 4
    ),
    "there are 13 materials, more than 12": lambda draft: _edit(draft).update(
        material_list=[_edit(draft)["material_list"][0]] * 9 + [_edit(draft)["material_list"][1]] * 4
    ),
    "materialTypes is not that of the materials": lambda draft: _edit(draft)["material_list"].reverse(),
    "material_idx is not a number from 0 to 1": lambda draft: _edit(draft)["meta_list"][0].update(
        material_ref={"material_idx": 2}
    ),
    "meta_type of a reference is not that of its material": lambda draft: _edit(draft)["meta_list"][0].update(
        meta_type="video"
    ),
    "a reference of meta_list has a text": lambda draft: _edit(draft)["meta_list"][0].update(text="hero"),
    "a text of meta_list is empty": lambda draft: _edit(draft)["meta_list"][1].update(text=""),
    "meta_list has no text": lambda draft: _edit(draft)["meta_list"].pop(1),
}
SHARED_TEXT = {"there are 13 materials, more than 12": "there are 4 films, at most 3"}
"More than twelve are more than nine or three of a kind, which is said first."


@pytest.mark.parametrize("why", DRAFT_FAULTS)
async def test_a_wrong_draft_is_refused_in_words(emulated: Emulated, why: str) -> None:
    body = body_of(await order(emulated))
    draft = json.loads(body["draft_content"])
    DRAFT_FAULTS[why](draft)
    answer = await emulated.ask(GENERATE, {**body, "draft_content": json.dumps(draft)})
    assert answer["ret"] == "1000"
    assert (await reason(emulated)).startswith(SHARED_TEXT.get(why, why))
    assert (await emulated.control("ledger"))["tasks"] == []
    assert await emulated.credit() == 1000


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"functionMode": "first_last_frames"}, "there is a unified_edit_input, and functionMode is not"),
        ({"enterFrom": "use_bgimage_prompt"}, "enterFrom of mixed references is not click"),
        ({"promptSource": "custom"}, "mixed references have no promptSource"),
        ({"originSubmitId": None}, "originSubmitId is missing"),
    ],
)
async def test_wrong_metrics_are_refused_in_words(emulated: Emulated, changes: dict[str, Any], why: str) -> None:
    body = body_of(await order(emulated))
    draft = json.loads(body["draft_content"])
    metrics = json.dumps({**json.loads(body["metrics_extra"]), **changes})
    draft["component_list"][0]["abilities"]["gen_video"]["video_task_extra"] = metrics
    changed = {**body, "metrics_extra": metrics, "draft_content": json.dumps(draft)}
    assert (await emulated.ask(GENERATE, changed))["ret"] == "1000"
    assert (await reason(emulated)).startswith(why)


async def test_models_and_benefits_that_do_not_belong_to_references_are_refused(emulated: Emulated) -> None:
    body = body_of(await order(emulated))
    body["extend"]["m_video_commerce_info"]["benefit_type"] = "dreamina_video_seedance_20_pro"
    assert (await emulated.ask(GENERATE, body))["ret"] == "1000"
    assert await reason(emulated) == (
        f"benefit_type is not that of {MODEL} with mixed references, dreamina_video_seedance_20_video_add"
    )
    text = json.dumps(body_of(await order(emulated)))
    other = json.loads(text.replace("dreamina_seedance_40_pro", "dreamina_ic_generate_video_model_vgfm_3.5_pro"))
    assert (await emulated.ask(GENERATE, other))["ret"] == "1000"
    assert await reason(emulated) == "jimeng-video-3.5-pro does not take mixed references"


# ---------------------------------------------------------------- uploads of films


async def test_a_film_is_told_with_its_size_and_length(emulated: Emulated) -> None:
    vid, meta = await emulated.film_uploaded(FILM)
    assert vid.startswith("v0")
    assert (meta["Width"], meta["Height"]) == (160, 90)
    assert meta["Duration"] == pytest.approx(2, abs=0.1)


async def test_refusals_of_uploads_are_counted_with_their_reasons(emulated: Emulated) -> None:
    token, pictures = await emulated.token(scene=1), await emulated.token()
    await emulated.ask("/mweb/v1/get_upload_token", {"scene": 3})
    await emulated.apply_film(token, 10, service="imagex")
    await emulated.apply_film(pictures | {"space_name": "dreamina"}, 10)
    await emulated.apply_film(token, 10, SpaceName="another")
    await emulated.apply_film(token, 10, FileType="image")
    await emulated.apply_film({**token, "secret_access_key": "another"}, 10)
    await emulated.apply(pictures, 0)
    node = (await emulated.apply_film(token, 5)).json()["Result"]["InnerUploadAddress"]["UploadNodes"][0]
    await emulated.put(node, b"hello", **{"Content-CRC32": "00000000"})
    await emulated.commit_film(token, b'{"SessionKey":"%s","Functions":[]}' % node["SessionKey"].encode())
    await emulated.put(node, b"hello")
    await emulated.commit_film(token, b'{"SessionKey":"%s"}' % node["SessionKey"].encode())
    await emulated.commit_film(token, b'{"SessionKey":"%s","Functions":[]}' % node["SessionKey"].encode())
    await emulated.http.get("/?Action=Nonsense")
    statistics = await emulated.control("statistics")
    assert statistics["refusals"] == {
        "upload_token 1000": 1,
        "apply SignatureDoesNotMatch": 2,
        "apply AccessDenied": 1,
        "apply InvalidParameter.SpaceName": 1,
        "apply InvalidParameter.FileType": 1,
        "apply InvalidParameter.FileSize": 1,
        "upload CRC32Mismatch": 1,
        "commit ObjectNotFound": 1,
        "commit InvalidParameter.Functions": 1,
        "commit UnsupportedVideo": 1,
        "unknown 404": 1,
    }
    assert all(refusal["why"] for refusal in statistics["last_refusals"])
    accounts = {refusal["account"] for refusal in statistics["last_refusals"] if refusal["endpoint"] != "unknown"}
    assert accounts == {"one"}


async def test_rules_are_about_pictures_or_films(make: MakeEmulated) -> None:
    emulated = make(rules=({"name": "films", "endpoint": ["apply", "upload", "commit"], "kinds": "VIDEO", "ret": -1},))
    await emulated.uploaded(PNG)
    assert "Error" in (await emulated.apply_film(await emulated.token(scene=1), 10)).json()["ResponseMetadata"]
    assert (await emulated.control("statistics"))["refusals"] == {"apply -1": 1}


async def test_links_that_are_refused_are_counted(emulated: Emulated) -> None:
    history_id = await emulated.submitted()
    emulated.time += 100
    record = await emulated.record(history_id)
    assert record is not None
    link = record["item_list"][0]["image"]["large_images"][0]["image_url"]
    assert (await emulated.http.get(link.replace("x-signature=", "x-signature=0"))).status_code == 403
    emulated.time += 86_400
    assert (await emulated.http.get(link)).status_code == 403
    whys = [refusal["why"] for refusal in (await emulated.control("statistics"))["last_refusals"]]
    assert whys == ["the link's signature is wrong", "the link has expired"]
