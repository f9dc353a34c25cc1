"""What was made from other inputs than there are now says so: designs, parts, clips and films, as shots do."""

from pathlib import Path
from typing import Any

import pytest

from models.enums import ArtifactKind, Stage
from models.scripts import Asset, Script
from models.storyboards import Shot
from models.workflows import Workflow
from services.film.artifacts.reading import TargetKey
from services.film.assets import regenerate_asset
from services.film.staleness import stale_subjects
from services.film.storyboards import ShotChanges, edit_shot
from services.stores import films, scripts
from tests.factories import OTHER, OWNER, make_script
from tests.resolvers.asking import ask
from tests.services.film.workflow.fakes import Studio, ended, start, use_studio
from tests.workers import worker_at_work

SHOWN = """query ($id: ID!) { workflow(id: $id) { id
  assets { nodes { name needsRegeneration } }
  storyboard { shots { nodes { needsRegeneration } } }
  animatic { needsRegeneration shots { nodes { needsRegeneration } } }
  video { segments { nodes { needsRegeneration } } }
  edit { id needsRegeneration } } }"""


@pytest.fixture
def studio(database: None, monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> Studio:
    return use_studio(monkeypatch, data_dir)


async def finished() -> Workflow:
    async with worker_at_work():
        return await ended(await start())


async def shown(workflow: Workflow) -> dict[str, list[bool]]:
    found: dict[str, Any] = (await ask(SHOWN, id=workflow.global_id))["workflow"]

    def flags(nodes: dict[str, Any]) -> list[bool]:
        return [node["needsRegeneration"] for node in nodes["nodes"]]

    return {
        "assets": flags(found["assets"]),
        "shots": flags(found["storyboard"]["shots"]),
        "parts": flags(found["animatic"]["shots"]),
        "clips": flags(found["video"]["segments"]),
        "animatic": [found["animatic"]["needsRegeneration"]],
        "edit": [found["edit"]["needsRegeneration"]],
    }


def stale(found: dict[str, list[bool]]) -> dict[str, int]:
    return {name: sum(flags) for name, flags in found.items() if any(flags)}


async def test_nothing_of_a_finished_film_is_out_of_date(studio: Studio) -> None:
    found = await shown(await finished())
    assert all(flags for flags in found.values())
    assert stale(found) == {}


async def test_a_design_whose_prompt_or_reference_changed_is_out_of_date_until_it_is_drawn(studio: Studio) -> None:
    workflow = await finished()
    asset = await Asset.filter(workflow_id=workflow.id).order_by("position").first()
    assert asset is not None
    await regenerate_asset(
        OWNER, asset_id=asset.id, prompt="a red cap", provider=None, voice_id=None, idempotency_key=None
    )
    found = await shown(workflow)
    assert sum(found["assets"]) == 1
    await scripts.change_asset(asset.id, prompt=asset.prompt, generation=asset.generation)
    assert stale(await shown(workflow)) == {}


async def test_words_that_changed_make_the_part_and_what_follows_from_it_out_of_date(studio: Studio) -> None:
    workflow = await finished()
    shot = await Shot.filter(owner=OWNER).order_by("sequence").first()
    assert shot is not None
    await edit_shot(OWNER, ShotChanges(shot.id, narration="Anna stood still for a while."))
    found = await shown(workflow)
    assert (sum(found["shots"]), sum(found["parts"]), found["animatic"], found["edit"]) == (0, 1, [True], [True])


async def test_music_that_changed_makes_the_film_out_of_date(studio: Studio) -> None:
    workflow = await finished()
    edit_id = (await ask(SHOWN, id=workflow.global_id))["workflow"]["edit"]["id"]
    await films.set_music(int(edit_id.split("_")[1]), {"volume": 0.9})
    assert "edit" in stale(await shown(workflow))


async def test_another_owners_target_and_one_that_is_not_prepared_tell_nothing(studio: Studio) -> None:
    workflow = await finished()
    script = await Script.get(workflow_id=workflow.id)
    asset = await Asset.filter(workflow_id=workflow.id).first()
    assert asset is not None
    await scripts.change_asset(asset.id, prompt="another")
    key = TargetKey(Stage.ASSETS, script.id)
    assert await stale_subjects(OWNER, key) == {(ArtifactKind.DESIGN, asset.id)}
    assert await stale_subjects(OTHER, key) == frozenset()
    assert await stale_subjects(OWNER, TargetKey(Stage.ASSETS, (await make_script()).id)) == frozenset()
