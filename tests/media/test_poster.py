from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from errors import JobErrorCode, JobFailure
from media.poster import choose_poster, make_poster
from media.rendering import Rendering


def flat(path: Path, level: int) -> Path:
    Image.new("RGB", (320, 180), (level, level, level)).save(path)
    return path


async def test_the_picture_with_most_to_see_becomes_the_poster(picture: Path, tmp_path: Path) -> None:
    dark = tmp_path / "dark.png"
    Image.open(picture).point(lambda value: value // 8).save(dark)
    pictures = [flat(tmp_path / "black.png", 0), dark, picture, flat(tmp_path / "white.png", 255)]
    chosen = await make_poster(pictures, tmp_path / "poster.jpg", 200, 100, Rendering(2, 60))
    assert chosen == 2
    with Image.open(tmp_path / "poster.jpg") as poster:
        assert (poster.format, poster.size, poster.mode) == ("JPEG", (200, 100), "RGB")
        assert np.asarray(poster).std() > 20


def test_pictures_that_do_not_open_are_passed_over(picture: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    assert choose_poster([broken, picture]) == 1
    with pytest.raises(JobFailure) as failure:
        choose_poster([broken])
    assert failure.value.code == JobErrorCode.INVALID_INPUT
