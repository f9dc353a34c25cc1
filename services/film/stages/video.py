"""VIDEO: builds one clip per shot."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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
from services.platform.foreign_files import media_info
from services.platform.providers import is_pooled, provider_for
from services.stores import films

CLIP_COST = 0.4


@dataclass(frozen=True)
class VideoPlan:
    video: Video
    animatic: AnimaticPlan
    segments: list[VideoSegment]
    store: ArtifactStore


async def load_video(video_id: int) -> VideoPlan:
    video = await Video.get(id=video_id)
    animatic = await load_animatic(video.animatic_id)
    segment_by_shot = {segment.shot_id: segment for segment in await VideoSegment.filter(video_id=video_id)}
    if any(shot.id not in segment_by_shot for shot in animatic.shots):
        raise NotPreparedError
    segments = [segment_by_shot[shot.id] for shot in animatic.shots]
    store = await load_artifact_store({ArtifactKind.CLIP: [segment.id for segment in segments]})
    return VideoPlan(video, animatic, segments, store)


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
    def builders(self) -> dict[ArtifactKind, Builder]:
        return {ArtifactKind.CLIP: make_clip}


def clip_nodes(plan: VideoPlan) -> list[Node]:
    timeline = plan.animatic.timeline_at(plan.video.options["fps"])
    return [
        _clip_node(plan, timeline, number, segment, shot)
        for number, (segment, shot) in enumerate(zip(plan.segments, plan.animatic.shots, strict=True))
    ]


def one_at_a_time(nodes: list[Node]) -> list[Node]:
    """Removes the inputs of all buildable nodes except the first, so that the others wait for it."""
    result, has_first = [], False
    for node in nodes:
        is_buildable = node.inputs is not None and not node.is_current and not node.has_failed
        result.append(replace(node, inputs=None) if is_buildable and has_first else node)
        has_first = has_first or is_buildable
    return result


def _clip_node(plan: VideoPlan, timeline: Timeline | None, number: int, segment: VideoSegment, shot: Shot) -> Node:
    options: dict[str, Any] = plan.video.options
    picture = plan.animatic.store.sha256(ArtifactKind.PICTURE, shot.id)
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
    return plan.store.node(
        ArtifactKind.CLIP,
        segment.id,
        job_type=JobType.IMAGE_TO_VIDEO,
        queue=Queue.VIDEOS,
        weight=CLIP_COST * shot.duration_seconds,
        inputs=inputs,
    )


async def make_clip(inputs: dict[str, Any], subject_id: int, context: BuildContext) -> Result:
    """Has the video provider generate a shot's clip from its picture."""
    if is_pooled(inputs["provider"]):
        paths = await context.generate(await _pool_request(inputs, subject_id))
        return await _clip_result(paths[0], inputs, subject_id, context)
    provider = provider_for("VIDEO", inputs["provider"], VideoProvider)
    order = ClipOrder(
        picture=await context.file(inputs["picture"]),
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
    return await _clip_result(await provider.film(order, context.folder, context.report), inputs, subject_id, context)


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


async def _clip_result(path: Path, inputs: dict[str, Any], subject_id: int, context: BuildContext) -> Result:
    """The clip as the provider returned it; the cut scales it, shortens it, or holds its last frame."""
    info = await media_info(context.owner, path)
    seconds = float(info.duration_seconds or inputs["frames"] / inputs["fps"])
    file = NewFile(path, info.content_type, f"clip-{subject_id}.mp4", info.width, info.height, seconds)
    return Result(files=(MadeFile(file),), data={"seconds": seconds})
