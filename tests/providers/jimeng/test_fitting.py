"""Input pictures are converted to upstream's limits, or left unchanged within them."""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from providers.jimeng import fitting
from providers.jimeng.fitting import fit_picture
from providers.pooled import FaultKind, UpstreamFaultError


def saved(path: Path, image: Image.Image, kind: str, **options: Any) -> Path:
    image.save(path, kind, **options)
    return path


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_that_fits_is_sent_as_it_is(tmp_path: Path, kind: str) -> None:
    path = saved(tmp_path / "a", Image.new("RGB", (64, 48), "teal"), kind)
    fitted = fit_picture(path)
    assert (fitted.content, fitted.width, fitted.height) == (path.read_bytes(), 64, 48)


def test_a_long_picture_is_made_smaller_in_its_shape(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.new("RGB", (8192, 1024), "teal"), "PNG")
    fitted = fit_picture(path)
    assert (fitted.width, fitted.height) == (4096, 512)
    assert opened(fitted.content).size == (4096, 512)
    assert opened(fitted.content).format == "JPEG"


def test_another_format_becomes_one_that_is_taken_and_keeps_what_is_transparent(tmp_path: Path) -> None:
    plain = fit_picture(saved(tmp_path / "a.webp", Image.new("RGB", (64, 48), "teal"), "WEBP"))
    assert opened(plain.content).format == "JPEG"
    clear = fit_picture(saved(tmp_path / "b.webp", Image.new("RGBA", (64, 48), (0, 128, 128, 0)), "WEBP"))
    assert (opened(clear.content).format, opened(clear.content).mode) == ("PNG", "RGBA")
    indexed = fit_picture(saved(tmp_path / "c.gif", Image.new("P", (64, 48)), "GIF"))
    assert opened(indexed.content).format == "JPEG"


def test_a_picture_that_lies_on_its_side_is_set_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(tmp_path / "a.jpg", Image.new("RGB", (64, 48), "teal"), "JPEG", exif=exif.tobytes())
    fitted = fit_picture(path)
    assert (fitted.width, fitted.height) == (48, 64)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_large_file_is_made_smaller_until_it_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    noise = Image.frombytes(mode, (200, 200), os.urandom(200 * 200 * len(mode)))
    path = saved(tmp_path / "a.png", noise, "PNG")
    monkeypatch.setattr(fitting, "MAX_SENT_BYTES", 12_000)
    fitted = fit_picture(path)
    assert len(fitted.content) <= 12_000 < path.stat().st_size
    assert opened(fitted.content).size == (fitted.width, fitted.height)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cannot be used. The file is empty"),
        (b"no picture", "cannot be used. The file is a text, not a PNG"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "cannot be used. The PNG picture is broken"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(UpstreamFaultError, match=reason) as refused:
        fit_picture(path)
    assert refused.value.kind is FaultKind.INVALID_INPUT


def test_half_a_picture_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.frombytes("RGB", (100, 100), os.urandom(30_000)), "PNG")
    path.write_bytes(path.read_bytes()[:15_000])
    with pytest.raises(UpstreamFaultError, match="The PNG picture is broken or incomplete"):
        fit_picture(path)


@pytest.mark.parametrize("mode", ["I;16", "CMYK"])
def test_what_readers_show_differently_is_sent_in_eight_bits_of_rgb(tmp_path: Path, mode: str) -> None:
    if mode == "CMYK":
        path = saved(tmp_path / "a.jpg", Image.new(mode, (64, 48), (0, 127, 0, 0)), "JPEG", quality=100)
    else:
        path = saved(tmp_path / "a.png", Image.fromarray(np.full((48, 64), 32896, np.uint16)), "PNG")
    sent = opened(fit_picture(path).content)
    expected = (255, 128, 255) if mode == "CMYK" else (128, 128, 128)
    assert (sent.mode, sent.size) == ("RGB", (64, 48))
    assert np.abs(np.asarray(sent, int)[20, 20] - expected).max() <= 2


def test_limits_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.png", Image.new("RGB", (64, 48)), "PNG")
    with monkeypatch.context() as patched:
        patched.setattr(fitting, "MAX_FILE_BYTES", 10)
        with pytest.raises(UpstreamFaultError, match="100 MB"):
            fit_picture(path)
    monkeypatch.setattr(fitting, "MAX_PIXELS", 100)
    with pytest.raises(UpstreamFaultError, match=r"64 x 48 pixels, .* million are allowed"):
        fit_picture(path)


def test_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UpstreamFaultError, match="cannot be read"):
        fit_picture(tmp_path / "gone.png")
