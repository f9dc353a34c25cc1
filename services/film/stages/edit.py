"""EDIT: cuts clips, voices, effects and music into the film, with subtitles and a poster."""

import hashlib
from dataclasses import dataclass
from typing import Any, TypeVar

from media.cut import FilmPlan, FilmShot, SpokenLine, cut_film
from media.effects import choose_effects
from media.poster import write_poster
from media.processes import run_in_worker
from media.rendering import Rendering
from media.subtitles import make_cues, write_srt, write_vtt
from media.timeline import PlacedUtterance, Timeline
from models.enums import ArtifactKind, FileRole, JobType, Queue, Stage
from models.films import Edit
from models.jobs import Job
from providers.base import MusicOrder, MusicProvider
from services.film.artifacts.context import BuildContext, Builder, MadeFile, Result
from services.film.artifacts.graph import Node
from services.film.artifacts.store import ArtifactStore, load_artifact_store
from services.film.pictures import picture_file
from services.film.stages.video import VideoPlan, load_video
from services.platform.files import NewFile
from services.platform.provider_choices import choose_provider
from services.platform.providers import provider_for

T = TypeVar("T")

MUSIC_COST = 0.03
FILM_COST = 0.3
MUSIC_VOLUME = 0.3
MUSIC_FADE_SECONDS = 2.0
POSTER_CHOICES = 12


@dataclass(frozen=True)
class EditPlan:
    edit: Edit
    video: VideoPlan
    store: ArtifactStore
    timeline: Timeline | None


async def load_edit(edit_id: int) -> EditPlan:
    edit = await Edit.get(id=edit_id)
    video = await load_video(edit.video_id)
    store = await load_artifact_store({ArtifactKind.MUSIC: [edit_id], ArtifactKind.FILM: [edit_id]})
    return EditPlan(edit, video, store, video.animatic.timeline_at(video.video.options["fps"]))


class EditStage:
    stage = Stage.EDIT
    job_type = JobType.EDIT

    async def prepare(self, job: Job) -> None:
        return None

    async def nodes(self, target_id: int) -> list[Node]:
        plan = await load_edit(target_id)
        has_music = bool(plan.edit.options["backgroundMusic"]) or plan.edit.music is not None
        music = _music_node(plan) if has_music else None
        return [*([music] if music else []), _film_node(plan, music)]

    async def finish(self, job: Job) -> None:
        return None

    @property
    def builders(self) -> dict[ArtifactKind, Builder]:
        return {ArtifactKind.MUSIC: make_music, ArtifactKind.FILM: make_film}


def _music_node(plan: EditPlan) -> Node:
    inputs = None
    if plan.timeline is not None:
        style = plan.edit.options.get("musicStyle")
        hints: list[list[float | str]] = []
        for shot, placed in zip(plan.video.animatic.shots, plan.timeline.shots, strict=True):
            if shot.bgm_hint and (not hints or hints[-1][1] != shot.bgm_hint):
                hints.append([placed.start_seconds, shot.bgm_hint])
        inputs = {
            "provider": choose_provider("MUSIC", None),
            "seconds": plan.timeline.total_seconds,
            "style": style,
            "hints": hints,
            "seed": _seed(plan),
        }
    total = sum(shot.duration_seconds for shot in plan.video.animatic.shots)
    return plan.store.node(
        ArtifactKind.MUSIC,
        plan.edit.id,
        job_type=JobType.EDIT,
        queue=Queue.RENDERING,
        weight=1 + MUSIC_COST * total,
        inputs=inputs,
    )


def _seed(plan: EditPlan) -> int:
    """The seed of the music, derived from the spoken words and not from row ids: the same story has the same music."""
    words = "".join(f"{shot.narration}{shot.dialogue}" for shot in plan.video.animatic.shots)
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:4])


def _film_node(plan: EditPlan, music: Node | None) -> Node:
    total = sum(shot.duration_seconds for shot in plan.video.animatic.shots)
    return plan.store.node(
        ArtifactKind.FILM,
        plan.edit.id,
        job_type=JobType.EDIT,
        queue=Queue.RENDERING,
        weight=2 + FILM_COST * total,
        inputs=_film_inputs(plan) if music is None or music.is_current else None,
    )


def poster_choices(pictures: list[T]) -> list[T]:
    """The candidates for a film's poster: some of its pictures, evenly spread."""
    return pictures[:: max(1, len(pictures) // POSTER_CHOICES)]


def _film_inputs(plan: EditPlan) -> dict[str, Any] | None:
    """The inputs of the film; None while any of them is missing."""
    timeline, animatic, options = plan.timeline, plan.video.animatic, plan.edit.options
    clips = [plan.video.store.sha256(ArtifactKind.CLIP, segment.id) for segment in plan.video.segments]
    if timeline is None or not clips or None in clips:
        return None
    shots, pictures = [], []
    for number, (shot, part, placed) in enumerate(zip(animatic.shots, animatic.parts, timeline.shots, strict=True)):
        speech = animatic.store.get(ArtifactKind.SPEECH, part.id) if part.id in animatic.speech_nodes else None
        at = placed.utterances[0].start_seconds if placed.utterances else 0.0
        shots.append(
            {
                "clip": clips[number],
                "start_seconds": placed.start_seconds,
                "duration_seconds": placed.duration_seconds,
                "voice": speech.sha256 if speech else None,
                "voice_seconds": at,
                "lines": [
                    {
                        "text": line["text"],
                        "kind": line["kind"],
                        "speaker": line["speaker"],
                        "start_seconds": at + line["start_seconds"],
                        "end_seconds": at + line["start_seconds"] + line["seconds"],
                    }
                    for line in (speech.data["utterances"] if speech else [])
                ],
                "effects": list(choose_effects(shot.prompt)) if options["audioEffects"] else [],
            }
        )
        if picture := animatic.store.sha256(ArtifactKind.PICTURE, shot.id):
            pictures.append(picture)
    video_options, music = plan.video.video.options, plan.edit.music or {}
    has_music = bool(options["backgroundMusic"]) or plan.edit.music is not None
    return {
        "shots": shots,
        "poster_choices": poster_choices(pictures),
        "width": video_options["width"],
        "height": video_options["height"],
        "fps": video_options["fps"],
        "quality": video_options["quality"],
        "crossfade_seconds": timeline.crossfade_seconds,
        "music": plan.store.sha256(ArtifactKind.MUSIC, plan.edit.id) if has_music else None,
        "music_volume": music.get("volume", MUSIC_VOLUME),
        "music_fade_in_seconds": music.get("fade_in_seconds", MUSIC_FADE_SECONDS),
        "music_fade_out_seconds": music.get("fade_out_seconds", MUSIC_FADE_SECONDS),
        "ducking": music.get("ducking", True),
        "effects": options["audioEffects"],
        "subtitles": options["subtitles"],
        "burn_subtitles": options["burnSubtitles"],
        "language": animatic.language,
    }


# ---------------------------------------------------------------- builders


async def make_music(inputs: dict[str, Any], subject_id: int, context: BuildContext) -> Result:
    provider = provider_for("MUSIC", inputs["provider"], MusicProvider)
    order = MusicOrder(
        seconds=inputs["seconds"],
        style=inputs["style"],
        seed=inputs["seed"],
        hints=tuple((float(second), str(word)) for second, word in inputs["hints"]),
    )
    path = await provider.compose(order, context.folder, context.report)
    file = NewFile(path, "audio/wav", "music.wav", duration_seconds=inputs["seconds"])
    return Result(files=(MadeFile(file),), data={"seconds": inputs["seconds"]})


async def make_film(inputs: dict[str, Any], subject_id: int, context: BuildContext) -> Result:
    """Cuts the film; the result holds the film, its subtitles as SubRip and WebVTT, and its poster."""
    shots = inputs["shots"]
    digests = {shot[name] for shot in shots for name in ("clip", "voice") if shot[name]}
    digests |= set(inputs["poster_choices"]) | ({inputs["music"]} if inputs["music"] else set())
    paths = await context.files_of(digests)
    lines = [
        PlacedUtterance(line["text"], line["start_seconds"], line["end_seconds"], line["kind"], line["speaker"])
        for shot in shots
        for line in shot["lines"]
    ]
    cues = make_cues(lines) if inputs["subtitles"] or inputs["burn_subtitles"] else ()
    plan = FilmPlan(
        shots=tuple(
            FilmShot(
                paths[shot["clip"]],
                shot["start_seconds"],
                shot["duration_seconds"],
                (SpokenLine(paths[shot["voice"]], shot["voice_seconds"]),) if shot["voice"] else (),
                tuple(shot["effects"]),
            )
            for shot in shots
        ),
        width=inputs["width"],
        height=inputs["height"],
        fps=inputs["fps"],
        crossfade_seconds=inputs["crossfade_seconds"],
        quality=inputs["quality"],
        music=paths[inputs["music"]] if inputs["music"] else None,
        music_volume=inputs["music_volume"],
        music_fade_in_seconds=inputs["music_fade_in_seconds"],
        music_fade_out_seconds=inputs["music_fade_out_seconds"],
        ducking=inputs["ducking"],
        effects=inputs["effects"],
        cues=tuple(cues),
        soft_subtitles=inputs["subtitles"],
        burn_subtitles=inputs["burn_subtitles"],
        language=inputs["language"],
    )
    limit, timeout = context.settings.render_concurrency, context.settings.render_timeout_seconds
    names = ("film.mp4", "film.srt", "film.vtt", "poster.jpg")
    film, subtitles, webvtt, poster = (context.folder / name for name in names)
    result = await cut_film(plan, film, context.folder, Rendering(limit, timeout, context.report_between(0, 0.97)))
    files = [MadeFile(NewFile(film, "video/mp4", "film.mp4", plan.width, plan.height, result.seconds))]
    if cues:
        await run_in_worker(write_srt, list(cues), subtitles, limit=limit, timeout_seconds=60)
        files.append(MadeFile(NewFile(subtitles, "application/x-subrip", "film.srt"), FileRole.SUBTITLES))
        await run_in_worker(write_vtt, list(cues), webvtt, limit=limit, timeout_seconds=60)
        files.append(MadeFile(NewFile(webvtt, "text/vtt", "film.vtt"), FileRole.SUBTITLES_VTT))
    if inputs["poster_choices"]:
        choices = [paths[sha256] for sha256 in inputs["poster_choices"]]
        await run_in_worker(write_poster, choices, poster, plan.width, plan.height, limit=limit, timeout_seconds=60)
        files.append(MadeFile(await picture_file(context.owner, poster, "poster.jpg"), FileRole.POSTER))
    effects = sorted({name for shot in shots for name in shot["effects"]}) if inputs["effects"] else []
    return Result(
        files=tuple(files),
        data={
            "seconds": result.seconds,
            "effects": effects,
            "subtitles_burned": result.subtitles_burned,
            "loudness_lufs": result.loudness.integrated_lufs,
            "true_peak_dbtp": result.loudness.true_peak_dbtp,
        },
    )
