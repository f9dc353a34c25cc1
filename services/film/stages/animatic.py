"""ANIMATIC: renders speech and motion for every shot and joins them into one preview with sound."""

from dataclasses import dataclass
from typing import Any

from media.motion import Motion, concatenate, move_picture
from media.processes import run_in_worker
from media.rendering import Rendering
from media.speech import is_speakable
from media.timeline import ShotTiming, Timeline, Utterance, plan_timeline
from media.voice_track import join_speech, lay_track
from models.enums import ArtifactKind, AssetType, FileRole, JobType, Queue, Stage
from models.films import Animatic, AnimaticPart
from models.jobs import Job
from models.scripts import Asset, Script
from models.storyboards import Shot, Storyboard
from providers.base import SpeechOrder, SpeechProvider
from services.film.artifacts.context import BuildContext, Builder, MadeFile, Result
from services.film.artifacts.graph import Node
from services.film.artifacts.store import ArtifactStore, load_artifact_store
from services.film.casting import Role, cast_voices
from services.film.stages.base import NotPreparedError
from services.platform.files import NewFile
from services.platform.providers import provider_for, voices
from services.stores import films

CROSSFADE_SECONDS = 0.4
LEAD_SECONDS = 0.3
GAP_SECONDS = 0.25
TAIL_SECONDS = 0.35
SPEECH_SECONDS = 0.3
MOTION_COST = 0.15
JOIN_COST = 0.02
PREVIEW_SHARE = 2
"An animatic is a preview: its width and height are those of the film divided by this."


@dataclass(frozen=True)
class SpokenLine:
    """A line of a shot that is to be spoken."""

    text: str
    voice_id: str
    kind: str
    speaker: str | None


@dataclass(frozen=True)
class AnimaticPlan:
    """An animatic with its shots in order; `timings` is None while a shot's speech is missing or stale."""

    animatic: Animatic
    language: str
    parts: list[AnimaticPart]
    shots: list[Shot]
    lines: list[list[SpokenLine]]
    store: ArtifactStore
    speech_nodes: dict[int, Node]
    timings: tuple[ShotTiming, ...] | None

    @property
    def fps(self) -> int:
        return int(self.animatic.options["fps"])

    def timeline_at(self, fps: int) -> Timeline | None:
        """The positions of all shots and voices in a film with this frame rate; None while `timings` is None."""
        if self.timings is None:
            return None
        return plan_timeline(
            self.timings,
            crossfade_seconds=CROSSFADE_SECONDS,
            fps=fps,
            lead_seconds=LEAD_SECONDS,
            gap_seconds=GAP_SECONDS,
            tail_seconds=TAIL_SECONDS,
        )


async def load_animatic(animatic_id: int) -> AnimaticPlan:
    animatic = await Animatic.get(id=animatic_id)
    storyboard = await Storyboard.get(id=animatic.storyboard_id)
    script = await Script.get(id=storyboard.script_id)
    language = script.language or "en"
    shots = await Shot.filter(storyboard_id=storyboard.id).order_by("sequence")
    part_by_shot = {part.shot_id: part for part in await AnimaticPart.filter(animatic_id=animatic_id)}
    if any(shot.id not in part_by_shot for shot in shots):
        raise NotPreparedError
    parts = [part_by_shot[shot.id] for shot in shots]
    characters = await Asset.filter(script_id=script.id, type=AssetType.CHARACTER).order_by("position")
    store = await load_artifact_store(
        {
            ArtifactKind.PICTURE: [shot.id for shot in shots],
            ArtifactKind.SPEECH: [part.id for part in parts],
            ArtifactKind.MOTION: [part.id for part in parts],
            ArtifactKind.ANIMATIC: [animatic_id],
        }
    )
    cast = _cast(animatic, language, characters)
    lines = [_lines(shot, part, cast) for shot, part in zip(shots, parts, strict=True)]
    speech_nodes = {
        part.id: _speech_node(store, animatic, part, spoken, language)
        for part, spoken in zip(parts, lines, strict=True)
        if spoken or _is_pinned(store, part)
    }
    return AnimaticPlan(
        animatic,
        language,
        parts,
        shots,
        lines,
        store,
        speech_nodes,
        _timings(animatic.options, parts, shots, store, speech_nodes),
    )


def _is_pinned(store: ArtifactStore, part: AnimaticPart) -> bool:
    speech = store.get(ArtifactKind.SPEECH, part.id)
    return speech is not None and speech.artifact.is_pinned


def _cast(animatic: Animatic, language: str, characters: list[Asset]) -> tuple[str, dict[str, str]]:
    options = animatic.options
    spoken = [voice for _, voice in voices(options["speechProvider"], language)]
    spoken = spoken or [voice for _, voice in voices(options["speechProvider"])]
    roles = [Role(asset.name, asset.description, asset.voice_id) for asset in characters]
    narrator, by_name = cast_voices(roles, spoken, options.get("voiceId"))
    for asset in characters:
        for alias in asset.aliases:
            by_name.setdefault(alias, by_name[asset.name])
    return narrator, by_name


def _lines(shot: Shot, part: AnimaticPart, cast: tuple[str, dict[str, str]]) -> list[SpokenLine]:
    """Narration first, then dialogue; or the text that generateSpeech set instead."""
    narrator, by_name = cast
    speaker_voice = by_name.get(shot.speaker or "", narrator)
    if part.text is not None:
        voice = part.voice_id or (speaker_voice if shot.dialogue else narrator)
        kind, speaker = ("dialogue", shot.speaker) if shot.dialogue else ("narration", None)
        lines = [SpokenLine(part.text, voice, kind, speaker)]
    else:
        lines = [
            SpokenLine(text, part.voice_id or voice, kind, speaker)
            for text, voice, kind, speaker in (
                (shot.narration, narrator, "narration", None),
                (shot.dialogue, speaker_voice, "dialogue", shot.speaker),
            )
            if text
        ]
    return [line for line in lines if is_speakable(line.text)]


def _speech_node(
    store: ArtifactStore, animatic: Animatic, part: AnimaticPart, lines: list[SpokenLine], language: str
) -> Node:
    return store.node(
        ArtifactKind.SPEECH,
        part.id,
        job_type=JobType.SPEECH,
        queue=Queue.RENDERING,
        weight=SPEECH_SECONDS,
        inputs={
            "provider": part.provider or animatic.options["speechProvider"],
            "language": language,
            "lines": [
                {"text": line.text, "voice_id": line.voice_id, "kind": line.kind, "speaker": line.speaker}
                for line in lines
            ],
        },
    )


def _timings(
    options: dict[str, Any], parts: list[AnimaticPart], shots: list[Shot], store: ArtifactStore, speech: dict[int, Node]
) -> tuple[ShotTiming, ...] | None:
    if any(not node.is_current for node in speech.values()):
        return None
    timings = []
    for part, shot in zip(parts, shots, strict=True):
        recording = store.get(ArtifactKind.SPEECH, part.id) if part.id in speech else None
        # One utterance per shot, pauses included: the recording is placed as a whole.
        utterances = (Utterance("", float(recording.data["seconds"])),) if recording else ()
        timings.append(ShotTiming(_clamp_shot_seconds(shot.duration_seconds, options), utterances))
    return tuple(timings)


def _clamp_shot_seconds(seconds: float, options: dict[str, Any]) -> float:
    """Limits a shot's length to the range given to createAnimatic; a workflow's script already limits its shots."""
    return max(options.get("shotSecondsMin") or 0.0, min(seconds, options.get("shotSecondsMax") or seconds))


class AnimaticStage:
    stage = Stage.ANIMATIC
    job_type = JobType.ANIMATIC

    async def prepare(self, job: Job) -> None:
        animatic = await Animatic.get(id=job.target_id)
        known = {part.shot_id for part in await AnimaticPart.filter(animatic_id=animatic.id)}
        shots = await Shot.filter(storyboard_id=animatic.storyboard_id)
        await films.add_parts(animatic, [shot.id for shot in shots if shot.id not in known])

    async def nodes(self, target_id: int) -> list[Node]:
        plan = await load_animatic(target_id)
        timeline = plan.timeline_at(plan.fps)
        motions = [_motion_node(plan, timeline, number) for number in range(len(plan.parts))]
        return [*plan.speech_nodes.values(), *motions, _animatic_node(plan, timeline, motions)]

    async def finish(self, job: Job) -> None:
        return None

    @property
    def builders(self) -> dict[ArtifactKind, Builder]:
        return {
            ArtifactKind.SPEECH: make_speech,
            ArtifactKind.MOTION: make_motion,
            ArtifactKind.ANIMATIC: make_animatic,
        }


def preview_size(width: int, height: int) -> tuple[int, int]:
    return width // PREVIEW_SHARE // 2 * 2, height // PREVIEW_SHARE // 2 * 2


def _motion_node(plan: AnimaticPlan, timeline: Timeline | None, number: int) -> Node:
    part, shot, options = plan.parts[number], plan.shots[number], plan.animatic.options
    picture = plan.store.sha256(ArtifactKind.PICTURE, shot.id)
    width, height = preview_size(options["width"], options["height"])
    inputs = None
    if timeline is not None and picture is not None:
        inputs = {
            "picture": picture,
            "frames": timeline.shots[number].frames,
            "fps": plan.fps,
            "width": width,
            "height": height,
            "shot_type": shot.shot_type.value,
            "seed": shot.sequence,
        }
    return plan.store.node(
        ArtifactKind.MOTION,
        part.id,
        job_type=JobType.IMAGE_TO_VIDEO,
        queue=Queue.RENDERING,
        weight=MOTION_COST * shot.duration_seconds,
        inputs=inputs,
    )


def _animatic_node(plan: AnimaticPlan, timeline: Timeline | None, motions: list[Node]) -> Node:
    inputs = None
    if timeline is not None and plan.parts and all(node.is_current for node in motions):
        fade = timeline.crossfade_frames
        parts, start = [], 0
        for number, (part, placed) in enumerate(zip(plan.parts, timeline.shots, strict=True)):
            parts.append(
                {
                    "part_id": part.id,
                    "video": plan.store.sha256(ArtifactKind.MOTION, part.id),
                    "audio": plan.store.sha256(ArtifactKind.SPEECH, part.id) if part.id in plan.speech_nodes else None,
                    "start_frame": start,
                    "frames": placed.frames,
                    "speech_seconds": start / plan.fps + (fade / plan.fps if number else 0.0) + LEAD_SECONDS,
                }
            )
            start += placed.frames
        width, height = preview_size(plan.animatic.options["width"], plan.animatic.options["height"])
        inputs = {"parts": parts, "total_frames": start, "fps": plan.fps, "width": width, "height": height}
    return plan.store.node(
        ArtifactKind.ANIMATIC,
        plan.animatic.id,
        job_type=JobType.ANIMATIC,
        queue=Queue.RENDERING,
        weight=1 + JOIN_COST * sum(shot.duration_seconds for shot in plan.shots),
        inputs=inputs,
    )


# ---------------------------------------------------------------- builders


async def make_speech(inputs: dict[str, Any], subject_id: int, context: BuildContext) -> Result:
    """Speaks the lines of a shot into one recording; the result's data holds the position of each line."""
    provider = provider_for("SPEECH", inputs["provider"], SpeechProvider)
    recordings = []
    lines = inputs["lines"]
    for number, line in enumerate(lines):
        folder = context.folder / str(number)
        folder.mkdir()
        order = SpeechOrder(line["text"], line["voice_id"], inputs["language"])
        recordings.append(await provider.speak(order, folder, context.report_between(number / len(lines), 1)))
    out = context.folder / "speech.wav"
    places = await run_in_worker(
        join_speech, recordings, GAP_SECONDS, out, limit=context.settings.render_concurrency, timeout_seconds=120
    )
    seconds = places[-1][0] + places[-1][1]
    utterances = [
        {
            "text": line["text"],
            "kind": line["kind"],
            "speaker": line["speaker"],
            "voice_id": line["voice_id"],
            "start_seconds": start,
            "seconds": length,
        }
        for line, (start, length) in zip(lines, places, strict=True)
    ]
    file = NewFile(out, "audio/wav", f"speech-{subject_id}.wav", duration_seconds=seconds)
    return Result(files=(MadeFile(file),), data={"seconds": seconds, "utterances": utterances})


async def make_motion(inputs: dict[str, Any], subject_id: int, context: BuildContext) -> Result:
    """Renders a shot's picture with camera motion for the shot's length, as a small silent clip."""
    out = context.folder / "motion.mp4"
    seconds = inputs["frames"] / inputs["fps"]
    await move_picture(
        await context.file(inputs["picture"]),
        out,
        Motion(
            seconds=seconds,
            shot_type=inputs["shot_type"],
            width=inputs["width"],
            height=inputs["height"],
            fps=inputs["fps"],
            seed=inputs["seed"],
            quality="DRAFT",
            kind="animatic",
        ),
        Rendering(context.settings.render_concurrency, context.settings.render_timeout_seconds, context.report),
    )
    file = NewFile(out, "video/mp4", f"animatic-{subject_id}.mp4", inputs["width"], inputs["height"], seconds)
    return Result(files=(MadeFile(file),), data={"seconds": seconds})


async def make_animatic(inputs: dict[str, Any], subject_id: int, context: BuildContext) -> Result:
    """Joins the parts with hard cuts and adds their voices."""
    parts, fps = inputs["parts"], inputs["fps"]
    paths = await context.files_of({part[name] for part in parts for name in ("video", "audio") if part[name]})
    total_seconds = inputs["total_frames"] / fps
    audio, out = context.folder / "animatic.wav", context.folder / "animatic.mp4"
    limit, timeout = context.settings.render_concurrency, context.settings.render_timeout_seconds
    entries = [(paths[part["audio"]], part["speech_seconds"]) for part in parts if part["audio"]]
    await run_in_worker(lay_track, entries, total_seconds, audio, limit=limit, timeout_seconds=timeout)
    context.report(0.2)
    await concatenate(
        [paths[part["video"]] for part in parts],
        out,
        audio,
        Rendering(limit, timeout, context.report_between(0.2, 1)),
        width=inputs["width"],
        height=inputs["height"],
        fps=fps,
    )
    video = NewFile(out, "video/mp4", "animatic.mp4", inputs["width"], inputs["height"], total_seconds)
    sound = NewFile(audio, "audio/wav", "animatic.wav", duration_seconds=total_seconds)
    return Result(
        files=(MadeFile(video), MadeFile(sound, FileRole.AUDIO)),
        data={
            "total_seconds": total_seconds,
            "parts": [
                {
                    "part_id": part["part_id"],
                    "start_seconds": part["start_frame"] / fps,
                    "seconds": part["frames"] / fps,
                }
                for part in parts
            ],
        },
    )
