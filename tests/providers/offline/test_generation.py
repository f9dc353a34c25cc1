"""The offline models: the sizes and frames that come of an order, really drawn and filmed."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from errors import JobErrorCode, JobFailure
from providers.direct import DirectGenerator
from providers.offline import OfflineProvider
from providers.offline.generation import DRAWING, MOTION
from providers.offline.sizes import IMAGE_RATIOS, IMAGE_SIDES, VIDEO_RATIOS, VIDEO_SIDES, clip_size, image_size
from providers.pooled import GenerationOrder
from tests.media.conftest import own_slots  # noqa: F401

PROMPT = "a girl with an umbrella on a street, evening"


@pytest.fixture
def offline() -> OfflineProvider:
    return OfflineProvider(2, 120)


def image_order(**changes: object) -> GenerationOrder:
    values = {"prompt": PROMPT, "size": "160x90", "seed": 1} | changes
    return GenerationOrder("IMAGE", DRAWING.name, **values)  # type: ignore[arg-type]


def clip_order(**changes: object) -> GenerationOrder:
    values = {"prompt": PROMPT, "ratio": "16:9", "resolution": "480p", "duration_seconds": 1, "seed": 1} | changes
    return GenerationOrder("VIDEO", MOTION.name, **values)  # type: ignore[arg-type]


def plain(path: Path, color: tuple[int, int, int], size: tuple[int, int] = (200, 100)) -> Path:
    Image.new("RGB", size, color).save(path)
    return path


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_it_is_a_generator_without_accounts_with_a_model_of_each_kind(offline: OfflineProvider) -> None:
    assert isinstance(offline, DirectGenerator)
    assert [(model.name, model.kind, model.provider) for model in offline.models()] == [
        ("offline-drawing", "IMAGE", "offline"),
        ("offline-motion", "VIDEO", "offline"),
    ]
    assert (DRAWING.resolutions[0], MOTION.resolutions[0], MOTION.durations_seconds[0]) == ("1k", "720p", 5)
    assert sorted(MOTION.durations_seconds) == list(range(1, 16))


@pytest.mark.parametrize("ratio", IMAGE_RATIOS)
@pytest.mark.parametrize("resolution", IMAGE_SIDES)
def test_a_picture_has_its_ratio_exactly_and_its_resolution_nearly(ratio: str, resolution: str) -> None:
    width, height = image_size(ratio, resolution, None)
    across, down = map(int, ratio.split(":"))
    assert (width % 2, height % 2) == (0, 0)
    assert width * down == height * across
    assert width * height == pytest.approx(IMAGE_SIDES[resolution] ** 2, rel=0.03)


@pytest.mark.parametrize("ratio", VIDEO_RATIOS)
@pytest.mark.parametrize("resolution", VIDEO_SIDES)
def test_a_clips_shorter_side_is_its_resolution(ratio: str, resolution: str) -> None:
    width, height = clip_size(ratio, resolution)
    across, down = map(int, ratio.split(":"))
    assert min(width, height) == VIDEO_SIDES[resolution]
    assert (width % 2, height % 2) == (0, 0)
    assert width / height == pytest.approx(across / down, rel=0.005)


def test_sizes_that_people_know() -> None:
    assert image_size("1:1", "2k", None) == (2048, 2048)
    assert image_size(None, None, "801x600") == (800, 600)
    assert clip_size("16:9", "720p") == (1280, 720)
    assert clip_size("9:16", "1080p") == (1080, 1920)
    assert clip_size(None, "480p", (3000, 4000)) == (480, 640)
    assert clip_size(None, "720p", (9000, 1000)) == (2160, 720)


@pytest.mark.parametrize("size", ["20x500", "99999x99999"])
async def test_a_size_that_cannot_be_drawn_is_refused(size: str, offline: OfflineProvider, tmp_path: Path) -> None:
    with pytest.raises(JobFailure) as failure:
        await offline.generate_image(image_order(size=size), [], tmp_path)
    assert (failure.value.code, failure.value.is_retryable) == (JobErrorCode.INVALID_INPUT, False)
    assert list(tmp_path.iterdir()) == []


async def test_a_seed_gives_the_same_picture_and_none_gives_another_each_time(
    offline: OfflineProvider, tmp_path: Path
) -> None:
    made = []
    for number, seed in enumerate((7, 7, None, None)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (path,) = await offline.generate_image(image_order(seed=seed), [], folder)
        made.append(path.read_bytes())
    assert made[0] == made[1]
    assert len(set(made)) == 3


async def test_a_picture_takes_up_the_colours_of_its_inputs(offline: OfflineProvider, tmp_path: Path) -> None:
    reds = []
    for number, prompt in enumerate((PROMPT, "an empty mountain valley, noon")):
        for inputs in ([], [plain(tmp_path / "red.png", (200, 30, 30))]):
            folder = tmp_path / f"{number}-{len(inputs)}"
            folder.mkdir()
            (path,) = await offline.generate_image(image_order(prompt=prompt), inputs, folder)
            with Image.open(path) as picture:
                assert picture.size == (160, 90)
                red, green, blue = np.asarray(picture.convert("RGB")).reshape(-1, 3).mean(axis=0)
            reds.append(red - (green + blue) / 2)
    assert reds[1] > reds[0] + 15
    assert reds[3] > reds[2] + 15


async def test_a_clip_from_words_has_its_ratio_and_length(offline: OfflineProvider, tmp_path: Path) -> None:
    told: list[float] = []
    path = await offline.generate_clip(clip_order(ratio="9:16", fps=12), [], tmp_path, told.append)
    frames = frames_of(path)
    assert (len(frames), frames[0].shape) == (12, (854, 480, 3))
    assert frames[0].std() > 20  # a picture, not a plain ground
    assert told == sorted(told)
    assert told[-1] == 1


async def test_a_clip_has_the_shape_of_its_first_frame(offline: OfflineProvider, tmp_path: Path) -> None:
    first = plain(tmp_path / "first.png", (30, 160, 40))
    frames = frames_of(await offline.generate_clip(clip_order(ratio=None), [first], tmp_path))
    assert (len(frames), frames[0].shape) == (24, (480, 960, 3))
    assert np.abs(frames[0].mean(axis=(0, 1)) - (30, 160, 40)).max() < 8


@pytest.mark.parametrize("seconds", [1, 2])
async def test_a_clip_of_two_frames_begins_with_one_and_ends_on_the_other(
    seconds: int, offline: OfflineProvider, tmp_path: Path
) -> None:
    first, last = plain(tmp_path / "first.png", (30, 160, 40)), plain(tmp_path / "last.png", (40, 40, 170), (100, 100))
    told: list[float] = []
    order = clip_order(ratio=None, duration_seconds=seconds, prompt="a calm change")
    frames = frames_of(await offline.generate_clip(order, [first, last], tmp_path, told.append))
    assert (len(frames), frames[0].shape) == (24 * seconds, (480, 960, 3))
    means = [frame.mean(axis=(0, 1)) for frame in frames]
    assert np.abs(means[0] - (30, 160, 40)).max() < 8
    assert np.abs(means[-1] - (40, 40, 170)).max() < 8
    green = [mean[1] for mean in means]
    assert max(np.abs(np.diff(green))) < 25  # over, not cut
    assert told == sorted(told)
    assert told[-1] == 1
