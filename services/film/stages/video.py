"""VIDEO: one clip per shot."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from media.probe import probe
from media.processes import run_in_worker
from media.timeline import Timeline
from models.enums import ArtifactKind, JobType, Queue, Stage
from models.films import Video, VideoSegment
from models.generation_requests import GenerationRequest
from models.jobs import Job
from models.storyboards import Shot
from providers.base import ClipOrder, VideoProvider
from services.film.artifacts.context import BuildContext, Builder, MadeFile, Result
from services.film.artifacts.generations import clip_request
from services.film.artifacts.graph import Node
from services.film.artifacts.store import ArtifactStore, load_artifact_store
from services.film.stages.animatic import AnimaticPlan, load_animatic
from services.film.stages.base import NotPreparedError
from services.platform.files import NewFile
from services.platform.providers import is_pooled, provider_for
from services.stores import films

CLIP_COST = 0.4


@dataclass(frozen=True)
class VideoPlan:
    video: Video
    animatic: AnimaticPlan
    segments: list[VideoSegment]
    shelf: ArtifactStore


async def load_video(video_id: int) -> VideoPlan:
    video = await Video.get(id=video_id)
    animatic = await load_animatic(video.animatic_id)
    segment_by_shot = {segment.shot_id: segment for segment in await VideoSegment.filter(video_id=video_id)}
    if any(shot.id not in segment_by_shot for shot in animatic.shots):
        raise NotPreparedError
    segments = [segment_by_shot[shot.id] for shot in animatic.shots]
    shelf = await load_artifact_store({ArtifactKind.CLIP: [segment.id for segment in segments]})
    return VideoPlan(video, animatic, segments, shelf)


class VideoStage:
    stage = Stage.VIDEO
    job_type = JobType.VIDEO

    async def prepare(self, job: Job) -> None:
        video = await Video.get(id=job.target_id)
        known = {segment.shot_id for segment in await VideoSegment.filter(video_id=video.id)}
        animatic = await load_animatic(video.animatic_id)
        await films.add_segments(video, [shot.id for shot in animatic.shots if shot.id not in known])

    async def nodes(self, target_id: int) -> list[Node]:
        plan = await load_video(target_id)
        nodes = clip_nodes(plan)
        return nodes if plan.video.options["parallel"] else one_at_a_time(nodes)

    async def finish(self, job: Job) -> None:
        return None

    @property
    def makers(self) -> dict[ArtifactKind, Builder]:
        return {ArtifactKind.CLIP: make_clip}


def clip_nodes(plan: VideoPlan) -> list[Node]:
    timeline = plan.animatic.timeline_at(plan.video.options["fps"])
    return [
        _clip_node(plan, timeline, number, segment, shot)
        for number, (segment, shot) in enumerate(zip(plan.segments, plan.animatic.shots, strict=True))
    ]


def one_at_a_time(nodes: list[Node]) -> list[Node]:
    """The nodes with only the first one that is still to be made let through: the others wait for it."""
    result, is_taken = [], False
    for node in nodes:
        is_open = node.inputs is not None and not node.is_current and not node.has_failed
        result.append(replace(node, inputs=None) if is_open and is_taken else node)
        is_taken = is_taken or is_open
    return result


def _clip_node(plan: VideoPlan, timeline: Timeline | None, number: int, segment: VideoSegment, shot: Shot) -> Node:
    options: dict[str, Any] = plan.video.options
    picture = plan.animatic.shelf.sha256(ArtifactKind.PICTURE, shot.id)
    inputs = None
    if timeline is not None and picture is not None:
        inputs = {
            "provider": options["provider"],
            "model": options.get("model"),
            "picture": picture,
            "prompt": shot.prompt,
            "shot_type": shot.shot_type.value,
            "frames": timeline.shots[number].frames,
            "fps": options["fps"],
            "width": options["width"],
            "height": options["height"],
            "motion_strength": options["motionStrength"],
            "quality": options["quality"],
            "seed": (options.get("seed") or 0) + shot.sequence,
        }
    return plan.shelf.node(
        ArtifactKind.CLIP,
        segment.id,
        job_type=JobType.IMAGE_TO_VIDEO,
        queue=Queue.VIDEOS,
        weight=CLIP_COST * shot.duration_seconds,
        inputs=inputs,
    )


async def make_clip(inputs: dict[str, Any], subject_id: int, bench: BuildContext) -> Result:
    """Has the video provider film a shot from its picture."""
    if is_pooled(inputs["provider"]):
        paths = await bench.generate(await _pool_request(inputs, subject_id))
        return await _clip_result(paths[0], inputs, subject_id, bench)
    provider = provider_for("VIDEO", inputs["provider"], VideoProvider)
    order = ClipOrder(
        picture=await bench.file(inputs["picture"]),
        prompt=inputs["prompt"],
        shot_type=inputs["shot_type"],
        seconds=inputs["frames"] / inputs["fps"],
        width=inputs["width"],
        height=inputs["height"],
        fps=inputs["fps"],
        motion_strength=inputs["motion_strength"],
        quality=inputs["quality"],
        seed=inputs["seed"],
        model=inputs.get("model"),
    )
    return await _clip_result(await provider.film(order, bench.folder, bench.report), inputs, subject_id, bench)


async def _pool_request(inputs: dict[str, Any], subject_id: int) -> GenerationRequest:
    segment = await VideoSegment.get(id=subject_id)
    return clip_request(
        inputs["provider"],
        model=inputs.get("model"),
        storyboard_id=Shot(id=segment.shot_id).global_id,
        prompt=inputs["prompt"],
        seconds=inputs["frames"] / inputs["fps"],
        width=inputs["width"],
        height=inputs["height"],
        seed=inputs["seed"],
        picture=inputs["picture"],
    )


async def _clip_result(path: Path, inputs: dict[str, Any], subject_id: int, bench: BuildContext) -> Result:
    """A clip as it came: the cut fits it to the film, shortens it, or holds its last picture."""
    info = await run_in_worker(probe, path, limit=bench.settings.render_concurrency, timeout_seconds=60)
    seconds = float(info.duration_seconds or inputs["frames"] / inputs["fps"])
    file = NewFile(path, info.content_type, f"clip-{subject_id}.mp4", info.width, info.height, seconds)
    return Result(files=(MadeFile(file),), data={"seconds": seconds})
