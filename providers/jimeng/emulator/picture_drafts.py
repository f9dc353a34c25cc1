"""Parses drafts of images: text to image, and image to image (blend)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from providers.jimeng.catalogue import ImageModel, catalogue
from providers.jimeng.emulator.drafts import Draft, Submission, check_model, uploaded
from providers.jimeng.emulator.reading import field, number, objects, one_of, require, strings, whole
from providers.jimeng.emulator.sites import Site

_SEEDS = (2_500_000_000, 2_599_999_999)
_COUNT_IN_PROMPT = re.compile(r"(\d+)张")
MAX_PICTURES = 15


def read_picture_draft(submission: Submission, site: Site, *, images_per_task: int) -> Draft:
    """Raises Refusal 1000 or 3018."""
    kind = one_of(submission.component, "generate_type", ("generate", "blend"))
    require(submission.metrics.get("generateId") == submission.submit_id, "generateId is not the submit_id")
    ability = submission.ability(kind)
    core = field(ability, "core_param", dict)
    model: ImageModel = check_model(submission, field(core, "model", str), site, ImageModel)
    number(core, "sample_strength", 0, 1)
    field(core, "negative_prompt", str)
    prompt = field(core, "prompt", str)
    uris: tuple[str, ...] = ()
    if kind == "blend":
        uris = _inputs(ability)
        marks = "##" * len(uris)
        require(prompt.startswith(marks), "the prompt does not begin with two # for each picture")
        prompt = prompt.removeprefix(marks)
        require("seed" not in core, "a blend has no seed")
    else:
        whole(core, "seed", *_SEEDS)
    require(bool(prompt.strip()), "the prompt is empty")
    width, height, resolution = _size(core, model, site, is_blend=kind == "blend")
    return Draft(
        kind="IMAGE",
        model=model,
        submit_id=submission.submit_id,
        prompt=prompt.strip(),
        width=width,
        height=height,
        resolution=resolution,
        count=_count(submission, ability, prompt, model, images_per_task),
        seed=core.get("seed", 0),
        uris=uris,
    )


def _size(core: Mapping[str, Any], model: ImageModel, site: Site, *, is_blend: bool) -> tuple[int, int, str]:
    info = field(core, "large_image_info", dict)
    width, height = whole(info, "width", 64, 8192), whole(info, "height", 64, 8192)
    resolution = one_of(info, "resolution_type", ("1k", "2k", "4k"))
    intelligent = field(core, "intelligent_ratio", bool)
    if intelligent and not is_blend:
        require(model.intelligent_ratio, "the model does not support intelligent_ratio")
        require("image_ratio" not in core, "image_ratio and intelligent_ratio exclude each other")
        codes: Sequence[int] | None = None
    else:
        codes = (whole(core, "image_ratio", 1, 108),)
    possible = _sizes(model, site)
    require(
        any((width, height, resolution) == found[1:] and (codes is None or found[0] in codes) for found in possible),
        "width and height are not those of resolution_type and image_ratio",
    )
    return width, height, resolution


def _sizes(model: ImageModel, site: Site) -> list[tuple[int, int, int, str]]:
    """Code, width, height and resolution_type of all sizes of the model on that site."""
    found = [
        model.size(site.name, resolution, ratio)
        for resolution in model.resolutions
        for ratio in catalogue().image_ratios
    ]
    return [(size.image_ratio, size.width, size.height, size.resolution_type) for size in found if size is not None]


def _inputs(blend: Mapping[str, Any]) -> tuple[str, ...]:
    abilities = objects(blend, "ability_list")
    require(1 <= len(abilities) <= catalogue().max_image_inputs, "a blend has 1 to 10 pictures")
    uris = []
    for ability in abilities:
        images = objects(ability, "image_list")
        require(len(images) == 1, "an ability has one picture")
        uri = uploaded(images[0])
        require(strings(ability, "image_uri_list") == [uri], "image_uri_list is not the picture of image_list")
        one_of(ability, "name", ("byte_edit",))
        number(ability, "strength", 0, 1)
        uris.append(uri)
    places = [place.get("ability_index") for place in objects(blend, "prompt_placeholder_info_list")]
    require(places == list(range(len(uris))), "prompt_placeholder_info_list does not name each picture")
    return tuple(uris)


def _count(
    submission: Submission, ability: Mapping[str, Any], prompt: str, model: ImageModel, images_per_task: int
) -> int:
    """gen_count is honoured beside the ability alone; in a series, the prompt's own number is."""
    beside = field(submission.component, "abilities", dict).get("gen_option")
    require(isinstance(beside or ability.get("gen_option"), dict), "gen_option is missing")
    if isinstance(beside, dict) and "gen_count" in beside:
        return whole(beside, "gen_count", 1, model.max_count)
    if submission.scene.get("scene") == "ImageMultiGenerate" and (wanted := _COUNT_IN_PROMPT.search(prompt)):
        return max(1, min(int(wanted[1]), MAX_PICTURES))
    return images_per_task
