"""Common parts of image and clip drafts: ids, components, and the body of a submit."""

import json
import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DRAFT_VERSION_OF_COMPONENTS = "3.0.2"
GENERATE_PATH = "/mweb/v1/aigc_draft/generate"

Json = dict[str, Any]


def _new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class Fresh:
    """The parts of a draft that differ each time. now_ms: Unix milliseconds."""

    new_id: Callable[[], str] = _new_id
    now_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    chance: random.Random = field(default_factory=random.Random)

    def part(self, **values: Any) -> Json:
        """A part of a draft, with an empty type and its own id."""
        return {"type": "", "id": self.new_id(), **values}


@dataclass(frozen=True)
class Submission:
    """The content of a submit. draft, metrics: as values; submit_body encodes them as strings."""

    root_model: str
    draft: Json
    metrics: Json
    commerce_info: Json | None = None


def draft(
    fresh: Fresh, *, version: str, min_version: str, component: Mapping[str, Any], min_features: Sequence[str] = ()
) -> Json:
    return {
        "type": "draft",
        "id": fresh.new_id(),
        "min_version": min_version,
        "min_features": list(min_features),
        "is_from_tsn": True,
        "version": version,
        "main_component_id": component["id"],
        "component_list": [component],
    }


def component(fresh: Fresh, kind: str, *, min_version: str, generate_type: str, abilities: Mapping[str, Any]) -> Json:
    return {
        "type": kind,
        "id": fresh.new_id(),
        "min_version": min_version,
        "aigc_mode": "workbench",
        "metadata": fresh.part(
            created_platform=3,
            created_platform_version="",
            created_time_in_ms=str(fresh.now_ms),
            created_did="",
        ),
        "generate_type": generate_type,
        "abilities": fresh.part(**abilities),
    }


def uploaded_picture(fresh: Fresh, uri: str, width: int = 0, height: int = 0, picture_format: str = "") -> Json:
    """An uploaded picture by upstream's URI. Its size may be 0."""
    return {
        "type": "image",
        "id": fresh.new_id(),
        "source_from": "upload",
        "platform_type": 1,
        "name": "",
        "image_uri": uri,
        "width": width,
        "height": height,
        "format": picture_format,
        "uri": uri,
    }


def report_parameters(function: str) -> Json:
    return {
        "enterSource": "generate",
        "vipSource": "generate",
        "extraVipFunctionKey": function,
        "useVipFunctionDetailsReporterHoc": True,
    }


def compact(value: object) -> str:
    """JSON without spaces and without ASCII escapes, as upstream's web page encodes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def submit_body(submission: Submission, *, submit_id: str, aid: int) -> Json:
    extend: Json = {"root_model": submission.root_model}
    if submission.commerce_info is not None:
        extend["m_video_commerce_info"] = submission.commerce_info
        extend["m_video_commerce_info_list"] = [submission.commerce_info]
    return {
        "extend": extend,
        "submit_id": submit_id,
        "metrics_extra": compact(submission.metrics),
        "draft_content": compact(submission.draft),
        "http_common_info": {"aid": aid},
    }
