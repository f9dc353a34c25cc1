from pathlib import Path

import numpy as np
import pytest

from media.fonts import CaptionPainter, can_draw, find_cjk_font
from media.frames import Planes

LATIN = find_cjk_font("Hello, world — it’s")
needs_font = pytest.mark.skipif(LATIN is None, reason="no font on this machine")


@needs_font
def test_a_font_is_only_taken_if_it_has_every_character() -> None:
    assert LATIN is not None
    assert can_draw(LATIN, "Hello")
    assert not can_draw(LATIN, "Hello \U0001f9ff\u1e9e\u2d80\U00012000")
    chinese = find_cjk_font("一件小事，我从乡下跑到京城里")
    assert chinese is None or can_draw(chinese, "一件小事")


def test_no_font_has_unassigned_characters() -> None:
    assert find_cjk_font("\U000e0fff\U0003fffd") is None


def test_a_file_that_is_no_font_draws_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.ttf").write_bytes(b"no font")
    assert not can_draw(tmp_path / "a.ttf", "a")


@needs_font
@pytest.mark.parametrize("size", [(320, 180), (90, 160), (160, 160)])
def test_a_caption_is_white_on_dark_at_the_foot_and_nowhere_else(size: tuple[int, int]) -> None:
    assert LATIN is not None
    width, height = size
    grey = Planes(*(np.full(shape, level, np.uint8) for shape, level in (
        ((height, width), 120), ((height // 2, width // 2), 90), ((height // 2, width // 2), 160))))  # fmt: skip
    painted = CaptionPainter(LATIN, width, height).paint(grey, "Hello\nworld")
    changed = np.flatnonzero((painted.y != 120).any(axis=1))
    assert changed[0] > height * 0.4
    assert changed[-1] < height
    assert painted.y.max() > 220
    assert painted.y.min() < 60
    assert grey.y.min() == grey.y.max() == 120  # the frame itself is untouched
    assert (painted.u[: height // 5] == 90).all()
