"""Makes the assets of a script: characters, props and scenes with a description from the text and a prompt."""

from collections.abc import Iterable, Mapping, Sequence

from providers.base import DraftAsset, DraftScene
from providers.offline.writing.looks import Things, bearing
from providers.offline.writing.people import Cast
from providers.offline.writing.scenes import Scene
from providers.offline.writing.setting import describe


def make_assets(
    scenes: Iterable[tuple[Scene, DraftScene]], cast: Cast, things: Things, style: str | None
) -> tuple[DraftAsset, ...]:
    """The characters, props and scenes that shots show, each kind in order of first appearance."""
    used: dict[str, None] = {}
    places: dict[str, Scene] = {}
    for scene, draft in scenes:
        places.setdefault(scene.place.name, scene)
        for shot in draft.shots:
            used.update(dict.fromkeys(shot.asset_names))
            if shot.speaker:
                used[shot.speaker] = None
    characters = [_character(name, cast, things.looks, style) for name in used if name in cast.by_name]
    taken = {asset.name for asset in characters} | places.keys()
    props = [
        _prop(name, things.props[name], cast.language, style)
        for name in used
        if name in things.props and name not in taken
    ]
    return (*characters, *props, *(_place(name, scene, cast.language, style) for name, scene in places.items()))


def _character(name: str, cast: Cast, looks: Mapping[str, Sequence[str]], style: str | None) -> DraftAsset:
    person = cast.by_name[name]
    seen = list(looks.get(name, ()))
    if cast.language == "zh":
        description = "，".join([bearing(person, "zh"), *seen])
        prompt = "，".join(filter(None, [f"人物设定：{name}", description, "全身立像，正面，纯色背景", style]))
    else:
        description = ", ".join([bearing(person, "en"), *seen])
        prompt = ", ".join(
            filter(None, [f"Character design: {name}", description, "full figure, front view, plain background", style])
        )
    return DraftAsset("CHARACTER", name, description, prompt, person.aliases)


def _prop(name: str, phrase: str, language: str, style: str | None) -> DraftAsset:
    if language == "zh":
        return DraftAsset(
            "PROP", name, phrase, "，".join(filter(None, [f"道具设定：{phrase}", "单独一件，纯色背景", style]))
        )
    return DraftAsset(
        "PROP", name, phrase, ", ".join(filter(None, [f"Prop design: {phrase}", "alone, plain background", style]))
    )


def _place(name: str, scene: Scene, language: str, style: str | None) -> DraftAsset:
    words = describe(scene.setting, language)
    if language == "zh":
        return DraftAsset("SCENE", name, words, "，".join(filter(None, [f"场景设定：{words}", "空景，无人物", style])))
    return DraftAsset(
        "SCENE", name, words, ", ".join(filter(None, [f"Scene design: {words}", "empty, nobody in view", style]))
    )
