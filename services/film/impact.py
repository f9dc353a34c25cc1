"""Estimates which artifacts a change would make stale, without changing anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from errors import not_found
from models.artifacts import Artifact
from models.enums import ArtifactKind, MediaKind
from models.films import Animatic, AnimaticPart, Edit, Video, VideoSegment
from models.scripts import Asset, Script
from models.storyboards import Shot, Storyboard
from services.accounts.pool.pricing import Estimate, estimate_of, learned_prices
from services.film.artifacts.generations import priced_request
from services.film.artifacts.graph import Node
from services.film.stages.animatic import MOTION_COST, SPEECH_SECONDS
from services.film.stages.assets import DESIGN_SECONDS, options_of
from services.film.stages.edit import FILM_COST, poster_choices
from services.film.stages.storyboard import PICTURE_SECONDS, load_storyboard, storyboard_nodes
from services.film.stages.video import CLIP_COST
from services.platform.providers import is_pooled, pooled_models


@dataclass(frozen=True)
class Impact:
    """Existing artifacts that would be built again. seconds: estimated work of the offline provider, on one core.

    credits: what pools charge; None where some prices are unknown. known_credits: of those whose price is known;
    credits_unknown_count: the number of the others. images: shots' pictures, grids and design images; clips: clips of
    video segments.
    """

    shots: list[Shot] = field(default_factory=list)
    images: int = 0
    animatic_parts: int = 0
    clips: int = 0
    speeches: int = 0
    films: int = 0
    credits: int | None = 0
    known_credits: int = 0
    credits_unknown_count: int = 0
    seconds: float | None = 0.0


async def change_impact(owner: str, shot_ids: list[int], asset_ids: list[int], words: bool) -> Impact:
    """Estimates what becomes stale if the prompts of these shots and the appearance of these assets change; with
    `words`, also if the shots' dialogue or narration changes. Raises NotFoundError for ids of other owners.
    """
    shots = await Shot.filter(id__in=shot_ids, owner=owner)
    assets = await Asset.filter(id__in=asset_ids, owner=owner)
    if len(shots) != len(set(shot_ids)):
        raise not_found("shot", ["shotIds"])
    if len(assets) != len(set(asset_ids)):
        raise not_found("asset", ["assetIds"])
    changed = {shot.id: shot for shot in shots}
    grids: set[tuple[int, int]] = set()
    for storyboard in await Storyboard.filter(script_id__in=[asset.script_id for asset in assets], owner=owner):
        plan = await load_storyboard(storyboard.id)
        grid_slots = {plan.slot_of(shot) for shot in plan.shots if not shot.is_single and plan.side > 1}
        for shot in plan.shots:
            if set(shot.asset_ids) & set(asset_ids):
                changed[shot.id] = shot
                if plan.slot_of(shot) in grid_slots:  # a shot that left the grid still has a cell in it
                    grids.add((storyboard.id, plan.slot_of(shot)))
        # All shots of a grid that is drawn again are cut from it again.
        for shot in plan.shots:
            if not shot.is_single and (storyboard.id, plan.slot_of(shot)) in grids:
                changed[shot.id] = shot
    return await _count(owner, list(changed.values()), set(shot_ids), assets, grids, words)


async def _count(
    owner: str,
    shots: list[Shot],
    edited: set[int],
    assets: list[Asset],
    grids: set[tuple[int, int]],
    words: bool,
) -> Impact:
    ids = [shot.id for shot in shots]
    seconds_by_shot = {shot.id: shot.duration_seconds for shot in shots}
    pictures = await _made(ArtifactKind.PICTURE, ids, unpinned=edited)
    drawn = [shot.id for shot in shots if shot.id in pictures and (shot.is_single or shot.id in edited)]
    designs = await _made(ArtifactKind.DESIGN, [asset.id for asset in assets])
    touched = set(pictures)
    parts = {part.id: part for part in await AnimaticPart.filter(shot_id__in=list(touched), owner=owner)}
    motions = await _made(ArtifactKind.MOTION, list(parts))
    speeches = (
        await _made(ArtifactKind.SPEECH, [id for id, part in parts.items() if part.shot_id in edited])
        if words
        else set()
    )
    segments = {row.id: row for row in await VideoSegment.filter(shot_id__in=list(touched), owner=owner)}
    clips = await _made(ArtifactKind.CLIP, list(segments))
    storyboards = {shot.storyboard_id for shot in shots if shot.id in touched}
    animatics = await Animatic.filter(storyboard_id__in=list(storyboards), owner=owner).values_list("id", flat=True)
    videos = await Video.filter(animatic_id__in=animatics, owner=owner).values_list("id", flat=True)
    edits = await Edit.filter(video_id__in=videos, owner=owner).values_list("id", flat=True)
    shots_by_storyboard: dict[int, list[Shot]] = {}
    for shot in await Shot.filter(storyboard_id__in=list(storyboards)).order_by("sequence"):
        shots_by_storyboard.setdefault(shot.storyboard_id, []).append(shot)
    posters = {shot.id for group in shots_by_storyboard.values() for shot in poster_choices(group)}
    # An uploaded clip stays, but the film is also cut again if the pictures that its poster is chosen from change.
    is_cut_again = bool(clips or touched & posters)
    films = await _made(ArtifactKind.FILM, [int(str(edit)) for edit in edits]) if is_cut_again else set()
    total = sum(shot.duration_seconds for group in shots_by_storyboard.values() for shot in group)
    seconds = (
        DESIGN_SECONDS * len(designs)
        + PICTURE_SECONDS * (len(drawn) + 4 * len(grids))
        + MOTION_COST * sum(seconds_by_shot[parts[part_id].shot_id] for part_id in motions)
        + CLIP_COST * sum(seconds_by_shot[segments[segment_id].shot_id] for segment_id in clips)
        + SPEECH_SECONDS * len(speeches)
        + FILM_COST * total * len(films)
    )
    price = await _price([shot for shot in shots if shot.id in drawn], designs, clips, segments, seconds_by_shot)
    return Impact(
        shots=sorted(
            (shot for shot in shots if shot.id in touched), key=lambda shot: (shot.storyboard_id, shot.sequence)
        ),
        images=len(drawn) + len(grids) + len(designs),
        animatic_parts=len(motions),
        clips=len(clips),
        speeches=len(speeches),
        films=len(films),
        credits=price.total,
        known_credits=price.known,
        credits_unknown_count=price.unknown_count,
        seconds=round(seconds, 1),
    )


async def _price(
    drawn: list[Shot],
    designs: set[int],
    clips: set[int],
    segments: dict[int, VideoSegment],
    seconds_by_shot: Mapping[int, float],
) -> Estimate:
    """What pools will charge, by the models' prices. Other providers cost nothing."""
    storyboards = {row.id: row for row in await Storyboard.filter(id__in={shot.storyboard_id for shot in drawn})}
    wanted: list[tuple[str, MediaKind, str | None, float]] = []
    for shot in drawn:
        options = storyboards[shot.storyboard_id].options
        wanted.append((shot.provider or options["provider"], MediaKind.IMAGE, options.get("model"), 0.0))
    for asset in await Asset.filter(id__in=list(designs)):
        options = await options_of(await Script.get(id=asset.script_id))
        wanted.append((asset.provider or options["image_provider"], MediaKind.IMAGE, options.get("image_model"), 0.0))
    videos = {row.id: row for row in await Video.filter(id__in={segments[clip].video_id for clip in clips})}
    for clip in clips:
        options = videos[segments[clip].video_id].options
        seconds = seconds_by_shot[segments[clip].shot_id]
        wanted.append((options.get("provider", ""), MediaKind.VIDEO, options.get("model"), seconds))
    requests = [priced_request(*each) for each in wanted if is_pooled(each[0])]
    return estimate_of(requests, pooled_models(), await learned_prices())


async def _made(kind: ArtifactKind, subject_ids: list[int], unpinned: set[int] | None = None) -> set[int]:
    """Returns the subjects whose artifact exists and would be replaced. Pinned artifacts stay, except those of
    subjects in `unpinned`, whose pin the edit removes.
    """
    rows = await Artifact.filter(kind=kind, subject_id__in=subject_ids)
    unpinned = unpinned or set()
    return {
        row.subject_id
        for row in rows
        if (row.fingerprint is not None or row.is_pinned) and (not row.is_pinned or row.subject_id in unpinned)
    }


async def stale_shot_ids(owner: str, storyboard_id: int) -> set[int]:
    """Returns the shots of a storyboard whose picture was built and is stale; none for another owner's storyboard."""
    if not await Storyboard.exists(id=storyboard_id, owner=owner):
        return set()
    nodes: list[Node] = storyboard_nodes(await load_storyboard(storyboard_id))
    return {
        node.subject_id
        for node in nodes
        if node.kind is ArtifactKind.PICTURE and node.made_fingerprint is not None and not node.is_current
    }
