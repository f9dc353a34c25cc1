"""Parses the part of a clip's draft that mixes references: pictures and films that the prompt refers to."""

from collections.abc import Mapping, Sequence
from typing import Any

from providers.jimeng.catalogue import VideoModel, catalogue
from providers.jimeng.emulator.drafts import Material, Submission, uploaded
from providers.jimeng.emulator.reading import field, objects, one_of, require, whole

FUNCTION_MODE = "omni_reference"
FEATURE = "AIGC_Video_UnifiedEdit"
_OLDEST_VERSION = "3.3.9"
_TYPES = {"image": "IMAGE", "video": "VIDEO"}
_NUMBERS = {"IMAGE": 1, "VIDEO": 2}
_MAX_SIDE = 16_384


def is_mixed(asked: Mapping[str, Any], submission: Submission) -> bool:
    """Whether the draft mixes references. Raises Refusal 1000 where its parts do not agree on that."""
    has_mode = submission.metrics.get("functionMode") == FUNCTION_MODE
    has_input = "unified_edit_input" in asked
    require(has_mode or not has_input, f"there is a unified_edit_input, and functionMode is not {FUNCTION_MODE}")
    require(has_input or not has_mode, f"functionMode is {FUNCTION_MODE}, and there is no unified_edit_input")
    return has_input


def read_references(
    asked: Mapping[str, Any], submission: Submission, model: VideoModel
) -> tuple[tuple[Material, ...], str]:
    """The materials, and the prompt with @image1, @video2 … in their places. Raises Refusal 1000."""
    require(model.reference_benefit_type is not None, f"{model.name} does not take mixed references")
    _check_frame(asked, submission)
    edit = field(asked, "unified_edit_input", dict)
    materials = tuple(_material(entry) for entry in objects(edit, "material_list"))
    _check_numbers(materials)
    numbers = [_NUMBERS[material.kind] for material in materials]
    require(submission.scene.get("materialTypes") == numbers, f"materialTypes is not that of the materials, {numbers}")
    return materials, _prompt(objects(edit, "meta_list"), materials)


def _check_frame(asked: Mapping[str, Any], submission: Submission) -> None:
    """What surrounds the materials."""
    metrics, draft = submission.metrics, submission.draft
    require(FEATURE in field(draft, "min_features", list), f"min_features lacks {FEATURE}")
    for where, values in (("the draft", draft), ("the input", asked)):
        is_new = _version(field(values, "min_version", str)) >= _version(_OLDEST_VERSION)
        require(is_new, f"min_version of {where} is older than {_OLDEST_VERSION}, which brought mixed references")
    require(metrics.get("enterFrom") == "click", "enterFrom of mixed references is not click")
    require("promptSource" not in metrics, "mixed references have no promptSource")
    field(metrics, "originSubmitId", str)
    require(asked.get("prompt") == "", "the prompt of mixed references is not empty; its texts stand in meta_list")
    frames = [name for name in ("first_frame_image", "end_frame_image") if name in asked]
    require(not frames, "mixed references have no first and last frame")


def _version(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    require(all(part.isdecimal() for part in parts), "min_version is not a version")
    return tuple(int(part) for part in parts)


def _material(entry: Mapping[str, Any]) -> Material:
    kind = _TYPES[one_of(entry, "material_type", tuple(_TYPES))]
    if kind == "IMAGE":
        info = field(entry, "image_info", dict)
        return Material(kind, uploaded(info), whole(info, "width", 0, _MAX_SIDE), whole(info, "height", 0, _MAX_SIDE))
    info = field(entry, "video_info", dict)
    vid = field(info, "vid", str)
    require(bool(vid), "vid of a material is empty")
    width, height = whole(info, "width", 1, _MAX_SIDE), whole(info, "height", 1, _MAX_SIDE)
    return Material(kind, vid, width, height, whole(info, "duration", 1, 3_600_000))


def _check_numbers(materials: Sequence[Material]) -> None:
    limits = catalogue().references
    pictures = sum(material.kind == "IMAGE" for material in materials)
    films = len(materials) - pictures
    seconds = sum(material.duration_ms for material in materials) / 1000
    most = limits.max_film_seconds
    require(bool(materials), "material_list is empty")
    require(pictures <= limits.max_pictures, f"there are {pictures} pictures, at most {limits.max_pictures} are taken")
    require(films <= limits.max_films, f"there are {films} films, at most {limits.max_films} are taken")
    require(len(materials) <= limits.max_total, f"there are {len(materials)} materials, more than {limits.max_total}")
    require(round(seconds, 1) <= most, f"the films are {seconds:.1f} s long together, at most {most:g} s are taken")


def _prompt(metas: Sequence[Mapping[str, Any]], materials: Sequence[Material]) -> str:
    parts = []
    for meta in metas:
        kind = one_of(meta, "meta_type", ("text", *_TYPES))
        text = field(meta, "text", str)
        if kind == "text":
            require(bool(text), "a text of meta_list is empty")
            parts.append(text)
            continue
        place = whole(field(meta, "material_ref", dict), "material_idx", 0, len(materials) - 1)
        require(materials[place].kind == _TYPES[kind], "meta_type of a reference is not that of its material")
        require(text == "", "a reference of meta_list has a text")
        parts.append(f"@{kind}{place + 1}")
    has_words = any(meta["meta_type"] == "text" and meta["text"].strip() for meta in metas)
    require(has_words, "meta_list has no text, so there is no prompt")
    return "".join(parts).strip()
