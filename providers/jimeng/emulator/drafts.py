"""Parses and validates the body of a submit and the draft within it, as strictly as upstream may.

The structure is that of the web page's drafts: main component, core_param, abilities, video_gen_inputs.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from providers.jimeng.catalogue import ImageModel, VideoModel, catalogue
from providers.jimeng.emulator.answers import refusal
from providers.jimeng.emulator.reading import field, invalid, json_object, objects, one_of, require
from providers.jimeng.emulator.sites import Site


@dataclass(frozen=True)
class Material:
    """A picture or film of mixed references, as a draft describes it. uri: of a film its vid."""

    kind: str
    uri: str
    width: int
    height: int
    duration_ms: int = 0


@dataclass(frozen=True)
class Draft:
    """kind: IMAGE or VIDEO. uris: of uploaded pictures, in order. count: number of images (1 for a clip).

    width, height: in pixels; of a clip derived from ratio and resolution. seconds, ratio: of a clip. materials: of a
    clip from mixed references, which the prompt then names @image1, @video2 …
    """

    kind: str
    model: ImageModel | VideoModel
    submit_id: str
    prompt: str
    width: int
    height: int
    resolution: str
    count: int = 1
    seconds: int = 0
    seed: int = 0
    ratio: str | None = None
    uris: tuple[str, ...] = ()
    materials: tuple[Material, ...] = ()

    @property
    def generate_type(self) -> int:
        """Upstream's number: 1 text to image, 12 blend, 10 video."""
        if self.kind == "VIDEO":
            return 10
        return 12 if self.uris else 1


@dataclass(frozen=True)
class Submission:
    """The parts of the body that all kinds share. draft: as a whole; component: its main component."""

    submit_id: str
    root_model: str
    extend: Mapping[str, Any]
    metrics_text: str
    metrics: Mapping[str, Any]
    scene: Mapping[str, Any]
    draft: Mapping[str, Any]
    component: Mapping[str, Any]

    def ability(self, name: str) -> Mapping[str, Any]:
        return field(field(self.component, "abilities", dict), name, dict)


def read_submission(body: bytes, site: Site) -> Submission:
    """Raises Refusal: 1002 if the draft cannot be parsed, else 1000."""
    outer = json_object(body, "body")
    draft = _read_draft(outer)
    info = field(outer, "http_common_info", dict)
    require(info.get("aid") == site.aid, "http_common_info.aid does not match the site")
    submit_id = field(outer, "submit_id", str)
    require(_is_uuid(submit_id), "submit_id is not a UUID")
    extend = field(outer, "extend", dict)
    metrics_text = field(outer, "metrics_extra", str)
    metrics = json_object(metrics_text, "metrics_extra")
    return Submission(
        submit_id=submit_id,
        root_model=field(extend, "root_model", str),
        extend=extend,
        metrics_text=metrics_text,
        metrics=metrics,
        scene=_scene(metrics),
        draft=draft,
        component=_main_component(draft),
    )


def _read_draft(outer: Mapping[str, Any]) -> dict[str, Any]:
    text = outer.get("draft_content")
    if not isinstance(text, str):
        raise refusal("1002", why="draft_content is not text")
    try:
        draft = orjson.loads(text)
    except orjson.JSONDecodeError:
        draft = None
    if not isinstance(draft, dict):
        raise refusal("1002", why="draft_content is not a JSON object")
    return draft


def _scene(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """The only element of sceneOptions, which is JSON within JSON within JSON."""
    text = field(metrics, "sceneOptions", str)
    try:
        scenes = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise invalid("sceneOptions is not JSON") from None
    require(
        isinstance(scenes, list) and len(scenes) == 1 and isinstance(scenes[0], dict), "sceneOptions is not one scene"
    )
    return scenes[0]  # type: ignore[no-any-return]


def _main_component(draft: Mapping[str, Any]) -> Mapping[str, Any]:
    require(draft.get("type") == "draft", "the draft's type is not draft")
    for name in ("id", "min_version", "version", "main_component_id"):
        field(draft, name, str)
    field(draft, "min_features", list)
    components = objects(draft, "component_list")
    named = [component for component in components if component.get("id") == draft["main_component_id"]]
    require(len(named) == 1, "main_component_id names no component")
    return named[0]


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def check_model(submission: Submission, key: str, site: Site, sort: type[Any]) -> Any:
    """The model of that key. Raises Refusal: 1000 for an unknown key, 3018 if the site does not have the model."""
    require(submission.root_model == key, "extend.root_model is not the draft's model")
    require(submission.scene.get("modelReqKey") == key, "modelReqKey of sceneOptions is not the draft's model")
    model = catalogue().by_key(key)
    require(isinstance(model, sort), "there is no such model of this kind")
    assert model is not None
    if site.name not in model.sites:
        raise refusal("3018", fail_code="1017", why=f"{model.name} is not offered on {site.name}")
    return model


def uploaded(image: Mapping[str, Any]) -> str:
    """The URI of an uploaded picture in a draft."""
    uri = field(image, "image_uri", str)
    require(bool(uri) and image.get("uri") == uri, "uri is not image_uri")
    one_of(image, "source_from", ("upload",))
    return uri
