"""STORYBOARD: builds the picture of every shot of the script, drawn singly or cropped from a grid."""

from dataclasses import dataclass
from typing import Any

from media.pictures import crop_grid, fit_picture
from media.processes import run_in_worker
from models.enums import ArtifactKind, FileRole, JobType, Queue, Stage
from models.files import StoredFile
from models.generation_requests import GenerationRequest
from models.jobs import Job
from models.scripts import Asset, ScriptShot
from models.storyboards import Shot, Storyboard
from providers.base import GridOrder, ImageOrder, ImageProvider, Subject
from providers.prompts import composed_prompt
from services.film.artifacts.context import BuildContext, Builder, MadeFile, Result
from services.film.artifacts.generations import picture_request
from services.film.artifacts.graph import Node
from services.film.artifacts.store import ArtifactStore, load_artifact_store
from services.film.pictures import picture_file, picture_result
from services.film.stages.assets import appearance_of
from services.film.stages.base import NotPreparedError
from services.platform.providers import is_pooled, provider_for
from services.stores import storyboards

PICTURE_SECONDS = 1.0
CROP_SECONDS = 0.3


@dataclass(frozen=True)
class StoryboardPlan:
    """A storyboard with all inputs of its pictures. references: SHA-256 by file id."""

    storyboard: Storyboard
    shots: list[Shot]
    assets: dict[int, Asset]
    references: dict[int, str]
    store: ArtifactStore

    @property
    def side(self) -> int:
        return self.storyboard.grid_layout.side

    def slot_of(self, shot: Shot) -> int:
        """The number of the grid that holds the shot, from 0."""
        return int((shot.sequence - 1) // self.side**2)


async def load_storyboard(storyboard_id: int) -> StoryboardPlan:
    storyboard = await Storyboard.get(id=storyboard_id)
    shots = await Shot.filter(storyboard_id=storyboard_id).order_by("sequence")
    assets = {asset.id: asset for asset in await Asset.filter(script_id=storyboard.script_id)}
    references = {
        file.id: file.sha256
        for file in await StoredFile.filter(
            id__in=[asset.reference_file_id for asset in assets.values() if asset.reference_file_id]
        )
    }
    store = await load_artifact_store(
        {
            ArtifactKind.DESIGN: list(assets),
            ArtifactKind.GRID: [storyboard_id],
            ArtifactKind.PICTURE: [shot.id for shot in shots],
        }
    )
    return StoryboardPlan(storyboard, shots, assets, references, store)


class StoryboardStage:
    stage = Stage.STORYBOARD
    job_type = JobType.STORYBOARD

    async def prepare(self, job: Job) -> None:
        """Copies the shots from the script once; does nothing if they exist, so that users' edits are kept."""
        if await Shot.exists(storyboard_id=job.target_id):
            return
        storyboard = await Storyboard.get(id=job.target_id)
        script_shots = await ScriptShot.filter(script_id=storyboard.script_id).order_by("number")
        asset_ids = {asset.name: asset.id for asset in await Asset.filter(script_id=storyboard.script_id)}
        is_single = storyboard.grid_layout.side == 1
        await storyboards.insert_shots(
            [
                Shot(
                    owner=storyboard.owner,
                    storyboard_id=storyboard.id,
                    sequence=shot.number,
                    scene_number=shot.scene_number,
                    title=shot.title,
                    prompt=shot.prompt,
                    grid_prompt=shot.prompt,
                    shot_type=shot.shot_type,
                    narration=shot.narration,
                    dialogue=shot.dialogue,
                    speaker=shot.speaker,
                    bgm_hint=shot.bgm_hint,
                    duration_seconds=shot.duration_seconds,
                    asset_ids=[asset_ids[name] for name in shot.asset_names if name in asset_ids],
                    is_single=is_single,
                )
                for shot in script_shots
            ]
        )

    async def nodes(self, target_id: int) -> list[Node]:
        plan = await load_storyboard(target_id)
        if not plan.shots and await ScriptShot.exists(script_id=plan.storyboard.script_id):
            raise NotPreparedError
        return storyboard_nodes(plan)

    async def finish(self, job: Job) -> None:
        return None

    @property
    def builders(self) -> dict[ArtifactKind, Builder]:
        return {ArtifactKind.GRID: make_grid, ArtifactKind.PICTURE: make_picture}


def storyboard_nodes(plan: StoryboardPlan) -> list[Node]:
    """Grids first, then the shots' pictures. A cropped shot waits for its grid; an edited one is drawn singly."""
    grids: dict[int, Node] = {}
    nodes: list[Node] = []
    if plan.side > 1:
        cells: dict[int, list[Shot]] = {}
        for shot in plan.shots:
            cells.setdefault(plan.slot_of(shot), []).append(shot)
        for slot, shots in cells.items():
            if all(shot.is_single for shot in shots):
                continue
            grids[slot] = _grid_node(plan, slot, shots)
        nodes += grids.values()
    crops = plan.side == 1 or plan.storyboard.options.get("autoCrop", True)
    for shot in plan.shots:
        if shot.is_single or plan.side == 1:
            nodes.append(_drawn_node(plan, shot))
        elif crops:
            nodes.append(_cut_node(plan, shot, grids[plan.slot_of(shot)]))
    return nodes


def picture_inputs(plan: StoryboardPlan, shot: Shot, prompt: str, seed: int) -> dict[str, Any]:
    """The inputs of a shot's picture; design images appear as content hashes."""
    options = plan.storyboard.options
    subjects = []
    for asset_id in shot.asset_ids:
        asset = plan.assets.get(asset_id)
        if asset is None:
            continue
        subjects.append(
            {
                "type": asset.type.value,
                "name": asset.name,
                "description": appearance_of(asset),
                "design": plan.store.sha256(ArtifactKind.DESIGN, asset.id),
                "reference": plan.references.get(asset.reference_file_id or 0),
            }
        )
    return {
        "provider": shot.provider or options["provider"],
        "model": options.get("model"),
        "style": options.get("style"),
        "prompt": prompt,
        "width": options["width"],
        "height": options["height"],
        "seed": seed,
        "subjects": subjects,
    }


def _job_type(inputs: dict[str, Any]) -> JobType:
    return JobType.IMAGE_TO_IMAGE if any(item["design"] for item in inputs["subjects"]) else JobType.TEXT_TO_IMAGE


def _drawn_node(plan: StoryboardPlan, shot: Shot) -> Node:
    # The seed depends on the sequence, so that two shots with the same words get different pictures.
    inputs = picture_inputs(plan, shot, shot.prompt, shot.sequence + 1_000_003 * shot.generation)
    return plan.store.node(
        ArtifactKind.PICTURE,
        shot.id,
        job_type=_job_type(inputs),
        queue=Queue.IMAGES,
        weight=PICTURE_SECONDS,
        inputs=inputs,
    )


def _grid_node(plan: StoryboardPlan, slot: int, shots: list[Shot]) -> Node:
    # A shot that left the grid keeps its old cell, so that the grid's other shots are not drawn again.
    provider = plan.storyboard.options["provider"]
    cells = [{**picture_inputs(plan, shot, shot.grid_prompt, shot.sequence), "provider": provider} for shot in shots]
    while len(cells) < plan.side**2:  # the last grid is filled with variants of its last shot
        cells.append({**cells[-1], "seed": cells[-1]["seed"] + 500_000})
    return plan.store.node(
        ArtifactKind.GRID,
        plan.storyboard.id,
        slot,
        job_type=_job_type(cells[0]),
        queue=Queue.IMAGES,
        weight=PICTURE_SECONDS * len(cells),
        inputs={"rows": plan.side, "columns": plan.side, "cells": cells},
    )


def _cut_node(plan: StoryboardPlan, shot: Shot, grid: Node) -> Node:
    place = (shot.sequence - 1) % plan.side**2
    sha256 = plan.store.sha256(ArtifactKind.GRID, plan.storyboard.id, plan.slot_of(shot))
    return plan.store.node(
        ArtifactKind.PICTURE,
        shot.id,
        job_type=JobType.IMAGE_TO_IMAGE,
        queue=Queue.IMAGES,
        weight=CROP_SECONDS,
        inputs={
            "grid": sha256,
            "rows": plan.side,
            "columns": plan.side,
            "row": place // plan.side,
            "column": place % plan.side,
        }
        if sha256 is not None and grid.is_current
        else None,
    )


# ---------------------------------------------------------------- builders


async def make_picture(inputs: dict[str, Any], subject_id: int, context: BuildContext) -> Result:
    """Draws a shot's picture, or crops it from its grid."""
    if "grid" in inputs:
        return await _cut(inputs, context)
    if is_pooled(inputs["provider"]):
        paths = await context.generate(_shot_request(inputs, subject_id))
    else:
        provider = provider_for("IMAGE", inputs["provider"], ImageProvider)
        paths = await provider.draw(await _order(inputs, context), context.folder, context.report)
    return await picture_result(context.owner, paths, f"shot-{subject_id}")


def _shot_request(inputs: dict[str, Any], subject_id: int) -> GenerationRequest:
    """A request that composes the picture from the designs (or else the uploaded references) of the assets shown, so
    that a character's face stays the same.
    """
    shown = [(item["name"], item["design"] or item["reference"]) for item in inputs["subjects"]]
    shown = [(name, picture) for name, picture in shown if picture]
    return picture_request(
        inputs["provider"],
        model=inputs.get("model"),
        storyboard_id=Shot(id=subject_id).global_id,
        prompt=composed_prompt(inputs["prompt"], inputs.get("style"), [name for name, _ in shown]),
        width=inputs["width"],
        height=inputs["height"],
        pictures=[picture for _, picture in shown],
    )


async def make_grid(inputs: dict[str, Any], subject_id: int, context: BuildContext) -> Result:
    """Draws a grid of rows x columns shots as one picture."""
    first = inputs["cells"][0]
    provider = provider_for("IMAGE", first["provider"], ImageProvider)
    cells = tuple([await _order(cell, context) for cell in inputs["cells"]])
    path = await provider.draw_grid(GridOrder(inputs["rows"], inputs["columns"], cells), context.folder, context.report)
    exact = context.folder / "grid-exact.png"
    width, height = first["width"] * inputs["columns"], first["height"] * inputs["rows"]
    file = await picture_file(context.owner, path, f"grid-{subject_id}.png")
    if (file.width, file.height) != (width, height):  # the provider chose another size
        await _in_worker(context, fit_picture, path, exact, width, height)
        file = await picture_file(context.owner, exact, f"grid-{subject_id}.png")
    return Result(files=(MadeFile(file),))


async def _cut(inputs: dict[str, Any], context: BuildContext) -> Result:
    grid = await context.file(inputs["grid"])
    rows, columns = inputs["rows"], inputs["columns"]
    outs = [context.folder / f"cell-{number}.png" for number in range(rows * columns)]
    await _in_worker(context, crop_grid, grid, rows, columns, outs)
    cell = outs[inputs["row"] * columns + inputs["column"]]
    file = await picture_file(context.owner, cell, "shot.png")
    return Result(files=(MadeFile(file), MadeFile(file, FileRole.CANDIDATE)))


async def _in_worker(context: BuildContext, function: Any, *arguments: Any) -> Any:
    settings = context.settings
    return await run_in_worker(
        function,
        *arguments,
        limit=settings.render_concurrency,
        timeout_seconds=settings.render_timeout_seconds,
    )


async def _order(inputs: dict[str, Any], context: BuildContext) -> ImageOrder:
    digests = {item[name] for item in inputs["subjects"] for name in ("design", "reference") if item[name]}
    paths = await context.files_of(digests)
    return ImageOrder(
        prompt=inputs["prompt"],
        width=inputs["width"],
        height=inputs["height"],
        purpose="SHOT",
        style=inputs.get("style"),
        seed=inputs["seed"],
        model=inputs.get("model"),
        subjects=tuple(
            Subject(
                item["type"],
                item["name"],
                item["description"],
                design=paths.get(item["design"]),
                reference=paths.get(item["reference"]),
            )
            for item in inputs["subjects"]
        ),
    )


def default_storyboard_options(options: dict[str, Any], width: int, height: int) -> dict[str, Any]:
    """A storyboard's options, derived from a workflow's options (snake case)."""
    return {
        "width": width,
        "height": height,
        "provider": options["image_provider"],
        "model": options.get("image_model"),
        "style": options.get("style"),
        "autoCrop": True,
    }
