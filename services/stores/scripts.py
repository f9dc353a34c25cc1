"""Writes the tables script, script_scene, script_shot and asset. Each function belongs in the caller's transaction."""

from collections.abc import Collection, Sequence
from typing import Any

from models.enums import SCRIPT_TRANSITIONS, JobStatus, ShotType
from models.scripts import Asset, Script, ScriptScene, ScriptShot
from providers.base import ScriptDraft
from services.stores.transitions import check_transition
from services.stores.updates import Sql, all_of, delete, id_in, one_of, update

ROWS_PER_STATEMENT = 500


async def create(**values: Any) -> Script:
    """Inserts a script without a text; `values` are columns of models.scripts.Script."""
    return await Script.create(**values)


async def transition(script_id: int, *, to: JobStatus, expected: Collection[JobStatus]) -> bool:
    """Changes the state of a script that is in one of the expected ones; returns whether it was.

    Raises ForbiddenTransitionError if one of the expected states must not become `to`.
    """
    check_transition(SCRIPT_TRANSITIONS, expected, to)
    where = all_of(Sql("id = ?", (script_id,)), one_of("status", expected))
    return bool(await update(Script, {"status": to}, where))


async def write_draft(script_id: int, draft: ScriptDraft) -> None:
    """Replaces the script's texts, scenes and shots with the draft's."""
    await delete("script_shot", Sql("script_id = ?", (script_id,)))
    await delete("script_scene", Sql("script_id = ?", (script_id,)))
    texts = {
        "language": draft.language,
        "title": draft.title,
        "screenplay": draft.screenplay,
        "storyboard_script": draft.storyboard_script,
        "draft_assets": [
            {
                "type": asset.type,
                "name": asset.name,
                "description": asset.description,
                "prompt": asset.prompt,
                "aliases": list(asset.aliases),
            }
            for asset in draft.assets
        ],
    }
    await update(Script, texts, Sql("id = ?", (script_id,)))
    await ScriptScene.bulk_create(_scenes(script_id, draft), batch_size=ROWS_PER_STATEMENT)
    await ScriptShot.bulk_create(_shots(script_id, draft), batch_size=ROWS_PER_STATEMENT)


async def remove(script_ids: Collection[int]) -> None:
    """Removes scripts with their scenes, shots and assets."""
    await delete("asset", id_in("script_id", script_ids))
    await delete("script_shot", id_in("script_id", script_ids))
    await delete("script_scene", id_in("script_id", script_ids))
    await delete("script", id_in("id", script_ids))


def _scenes(script_id: int, draft: ScriptDraft) -> list[ScriptScene]:
    return [
        ScriptScene(
            script_id=script_id,
            number=scene.number,
            heading=scene.heading,
            summary=scene.summary,
            characters=list(scene.characters),
        )
        for scene in draft.scenes
    ]


def _shots(script_id: int, draft: ScriptDraft) -> list[ScriptShot]:
    """Returns the shots, numbered from 1 across the whole script."""
    shots = [(scene, shot) for scene in draft.scenes for shot in scene.shots]
    return [
        ScriptShot(
            script_id=script_id,
            scene_number=scene.number,
            number=number,
            title=shot.title,
            prompt=shot.prompt,
            shot_type=ShotType(shot.shot_type),
            narration=shot.narration,
            dialogue=shot.dialogue,
            speaker=shot.speaker,
            bgm_hint=shot.bgm_hint,
            duration_seconds=shot.duration_seconds,
            asset_names=list(shot.asset_names),
        )
        for number, (scene, shot) in enumerate(shots, 1)
    ]


# ---------------------------------------------------------------- assets


async def insert_assets(assets: Sequence[Asset]) -> None:
    await Asset.bulk_create(assets, batch_size=ROWS_PER_STATEMENT)


async def change_asset(asset_id: int, **values: Any) -> None:
    await update(Asset, values, Sql("id = ?", (asset_id,)))
