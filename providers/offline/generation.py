"""The offline provider's models for single pictures and clips, which need no account."""

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from media.checking import check_result
from media.drawing import DrawingOrder
from media.drawing.reading.prompt import read_order
from media.frames import Encoding
from media.processes import run_in_worker
from media.segments import PicturePlan, PictureShot, render_segment
from providers.base import ClipOrder, ImageOrder, Progress, ignore_progress
from providers.offline.films import OfflineFilms
from providers.offline.pictures import OfflinePictures
from providers.offline.sizes import IMAGE_RATIOS, IMAGE_SIDES, VIDEO_RATIOS, VIDEO_SIDES, clip_size, image_size
from providers.pooled import GenerationOrder, ModelInfo

PROVIDER = "offline"
DRAWING = ModelInfo(
    name="offline-drawing",
    kind="IMAGE",
    provider=PROVIDER,
    sites=(),
    ratios=IMAGE_RATIOS,
    resolutions=tuple(IMAGE_SIDES),
    durations_seconds=(),
    max_input_images=10,
    counts=tuple(range(1, 9)),
    credits=0,
    takes_seed=True,
    takes_size=True,
    takes_style=True,
)
MOTION = ModelInfo(
    name="offline-motion",
    kind="VIDEO",
    provider=PROVIDER,
    sites=(),
    ratios=VIDEO_RATIOS,
    resolutions=tuple(VIDEO_SIDES),
    durations_seconds=(5, *(seconds for seconds in range(1, 16) if seconds != 5)),
    max_input_images=2,
    credits=0,
    takes_seed=True,
    takes_fps=True,
    takes_motion_strength=True,
)
_FPS, _MOTION_STRENGTH = 24, 0.7
_LOOKING_SECONDS = 60.0
_LAST_SHARE = 0.45  # share of a two-frame clip that shows the last frame, including the crossfade
_CROSSFADE_SECONDS, _CROSSFADE_SHARE = 1.2, 0.3
_ENCODING = Encoding("veryfast", 18)


class OfflineGeneration(OfflinePictures, OfflineFilms):
    """A providers.direct.DirectGenerator. Without a seed every result is different."""

    def models(self) -> list[ModelInfo]:
        return [DRAWING, MOTION]

    async def generate_image(
        self, order: GenerationOrder, inputs: Sequence[Path], into: Path, progress: Progress = ignore_progress
    ) -> list[Path]:
        """Draws the pictures, one by default, from the prompt and in the colours of the input pictures. Each has the
        seed after that of the one before.
        """
        width, height = image_size(order.ratio, order.resolution, order.size)
        seed, count = _seed(order), order.count or 1
        drawn: list[Path] = []
        for number in range(count):
            folder = into / str(number)
            folder.mkdir(exist_ok=True)
            image = self._image(order, width, height, seed + number, tuple(inputs))
            drawn += await self.draw(image, folder, _part(progress, number / count, 1 / count))
        return drawn

    async def generate_clip(
        self, order: GenerationOrder, inputs: Sequence[Path], into: Path, progress: Progress = ignore_progress
    ) -> Path:
        """Animates the first input, or a picture drawn from the prompt; with two inputs the clip ends on the second."""
        seed = _seed(order)
        if inputs:
            shape = await run_in_worker(
                check_result, inputs[0], "IMAGE", limit=self.render_limit, timeout_seconds=_LOOKING_SECONDS
            )
            first, (width, height) = inputs[0], clip_size(None, order.resolution, (shape.width, shape.height))
        else:
            width, height = clip_size(order.ratio, order.resolution)
            first = (await self.draw(self._image(order, width, height, seed, ()), into))[0]
        seconds = float(order.duration_seconds or MOTION.durations_seconds[0])
        whole = _clip(order, first, seconds, width, height, seed)
        if len(inputs) < 2:
            return await self.film(whole, into, progress)
        return await self._film_between(order, inputs[1], whole, into, progress)

    def _image(
        self, order: GenerationOrder, width: int, height: int, seed: int, references: tuple[Path, ...]
    ) -> ImageOrder:
        return ImageOrder(order.prompt, width, height, style=order.style, seed=seed, references=references)

    async def _film_between(
        self, order: GenerationOrder, last: Path, whole: ClipOrder, into: Path, progress: Progress
    ) -> Path:
        """Makes a clip that crossfades from the moving first picture to the last one, which comes to rest."""
        frames = max(1, round(whole.seconds * whole.fps))
        crossfade = round(min(_CROSSFADE_SECONDS, _CROSSFADE_SHARE * whole.seconds) * whole.fps)
        last_frames = max(crossfade + 1, round(_LAST_SHARE * frames))
        first_frames = frames - last_frames + crossfade
        if last_frames >= frames or first_frames <= crossfade:  # too few frames for both: show only the last one
            return await self.film(_clip(order, last, whole.seconds, whole.width, whole.height, whole.seed), into)
        parts: list[Path] = []
        for name, picture, count, strength in (
            ("first", whole.picture, first_frames, whole.motion_strength),
            ("last", last, last_frames, 0.0),
        ):
            folder = into / name
            folder.mkdir(exist_ok=True)
            part = _clip(order, picture, count / whole.fps, whole.width, whole.height, whole.seed, strength)
            share = _part(progress, 0.4 * len(parts), 0.4)
            parts.append(await self.film(part, folder, share))
        plan = PicturePlan(
            shots=(
                PictureShot(parts[0], 0, first_frames),
                PictureShot(parts[1], first_frames - crossfade, last_frames),
            ),
            width=whole.width, height=whole.height, fps=whole.fps, crossfade_frames=crossfade, fade_in_frames=0,
            fade_out_frames=0, encoding=_ENCODING,
        )  # fmt: skip
        out = into / "clip.mp4"
        await run_in_worker(
            render_segment, plan, 0, frames, out, limit=self.render_limit, timeout_seconds=self.timeout_seconds,
            progress=_part(progress, 0.8, 0.2),
        )  # fmt: skip
        progress(1.0)
        return out


def _seed(order: GenerationOrder) -> int:
    return order.seed if order.seed is not None else secrets.randbelow(2**31)


def _clip(
    order: GenerationOrder, picture: Path, seconds: float, width: int, height: int, seed: int,
    strength: float | None = None,
) -> ClipOrder:  # fmt: skip
    if strength is None:
        strength = order.motion_strength if order.motion_strength is not None else _MOTION_STRENGTH
    return ClipOrder(
        picture=picture,
        prompt=order.prompt,
        shot_type=read_order(DrawingOrder(order.prompt, width, height)).shot_type,
        seconds=seconds,
        width=width,
        height=height,
        fps=order.fps or _FPS,
        motion_strength=strength,
        quality="HIGH",
        seed=seed,
        model=order.model,
    )


def _part(progress: Progress, start: float, share: float) -> Callable[[float], None]:
    return lambda done: progress(start + share * done)
