"""The offline provider's clips, voices and music, made by media/ in worker processes."""

from pathlib import Path

from media.motion import Motion, move_picture
from media.music import compose
from media.rendering import Rendering
from media.speech import VOICES, speak
from providers.base import (
    ClipOrder,
    MusicOrder,
    Progress,
    SpeechOrder,
    VoiceInfo,
    ignore_progress,
)

_SPEECH_SECONDS = 120.0
_AGES = {"girl": "child", "boy": "child", "grandmother": "old", "grandfather": "old"}


class OfflineFilms:
    """The video, speech and music capabilities. render_limit: worker processes at once on this machine."""

    def __init__(self, render_limit: int, timeout_seconds: float) -> None:
        self.render_limit = render_limit
        self.timeout_seconds = timeout_seconds

    async def film(self, order: ClipOrder, into: Path, progress: Progress = ignore_progress) -> Path:
        """Animates a picture with camera movement, depth, light and weather; returns the clip's path."""
        out = into / "clip.mp4"
        await move_picture(
            order.picture,
            out,
            Motion(
                seconds=order.seconds,
                shot_type=order.shot_type,
                width=order.width,
                height=order.height,
                fps=order.fps,
                strength=order.motion_strength,
                seed=order.seed,
                quality=order.quality,
                kind="clip",
                prompt=order.prompt,
            ),
            Rendering(self.render_limit, self.timeout_seconds, progress),
        )
        return out

    async def speak(self, order: SpeechOrder, into: Path, progress: Progress = ignore_progress) -> Path:
        out = into / "speech.wav"
        await speak(order.text, order.voice_id, order.language, out, Rendering(self.render_limit, _SPEECH_SECONDS))
        progress(1.0)
        return out

    def voices(self) -> list[VoiceInfo]:
        """All voices, the narrator of each language first."""
        ordered = sorted(VOICES, key=lambda voice: not voice.is_narrator)
        return [
            VoiceInfo(
                id=voice.id,
                name=voice.name,
                language=voice.language,
                gender=voice.gender,
                age=_AGES.get(voice.id.split("-", 1)[1]),
            )
            for voice in ordered
        ]

    async def compose(self, order: MusicOrder, into: Path, progress: Progress = ignore_progress) -> Path:
        """Composes music in the given style; without one, in the most frequent mood of the story's hints."""
        out = into / "music.wav"
        style = order.style or _commonest([mood for _, mood in order.hints])
        rendering = Rendering(self.render_limit, self.timeout_seconds, progress)
        await rendering.run(compose, style, order.seconds, order.seed, out, order.hints)
        return out


def _commonest(words: list[str]) -> str | None:
    return max(words, key=words.count) if words else None
