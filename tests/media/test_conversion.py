"""Pictures of any mode keep their light when they become RGB: one conversion, used everywhere."""

import io
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from media.conversion import to_eight_bits, to_rgb, to_rgba, upright_rgb
from media.drawing.people.looks.character import person_look
from media.drawing.people.looks.reference import dressed_from
from media.drawing.people.looks.told import Told
from media.drawing.toning import tone_towards
from media.frames import read_picture, to_jpeg
from media.pictures import fit_picture, make_poster, normalise_picture
from media.poster import score_picture, write_poster


def png(depth: int, colour_type: int, samples: list[int], *, clear: bytes = b"") -> Image.Image:
    """A PNG of one row, of these samples of `depth` bits. colour_type: of the PNG specification, section 11.2.1."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    width = len(samples) // {0: 1, 2: 3, 4: 2, 6: 4}[colour_type]
    row = struct.pack(f">{len(samples)}{'H' if depth == 16 else 'B'}", *samples)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, 1, depth, colour_type, 0, 0, 0))
    data += (chunk(b"tRNS", clear) if clear else b"") + chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b"")
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def colours(picture: Image.Image) -> list[tuple[int, ...]]:
    return [tuple(pixel) for pixel in np.asarray(picture).reshape(-1, np.asarray(picture).shape[-1]).tolist()]


def palette() -> Image.Image:
    picture = Image.new("P", (2, 1))
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.putpixel((1, 0), 1)
    picture.info["transparency"] = 1
    return picture


def cmyk() -> Image.Image:
    """As Photoshop writes it: inverted, with Adobe's marker."""
    stream = io.BytesIO()
    Image.new("CMYK", (8, 8), (0, 127, 255, 0)).save(stream, "JPEG", quality=100, subsampling=0)
    picture = Image.open(io.BytesIO(stream.getvalue()))
    picture.load()
    return picture.crop((0, 0, 1, 1))


MODES: dict[str, tuple[Callable[[], Image.Image], list[tuple[int, int, int]]]] = {
    "16-bit grey": (
        lambda: png(16, 0, [0, 0x4040, 0x8080, 0xFFFF]),
        [(0, 0, 0), (64, 64, 64), (128, 128, 128), (255, 255, 255)],
    ),
    "16-bit grey, one clear": (
        lambda: png(16, 0, [0, 0x8080, 0x8081], clear=struct.pack(">H", 0x8080)),
        [(0, 0, 0), (255, 255, 255), (128, 128, 128)],
    ),
    "16-bit colour": (lambda: png(16, 2, [0x8080, 0x4040, 0xFFFF]), [(128, 64, 255)]),
    "16-bit grey with alpha": (lambda: png(16, 4, [0x4040, 0xFFFF, 0, 0]), [(64, 64, 64), (255, 255, 255)]),
    "16-bit colour with alpha": (lambda: png(16, 6, [0x8080, 0x4040, 0xFFFF, 0xFFFF]), [(128, 64, 255)]),
    "I": (lambda: Image.fromarray(np.array([[0, 32896, 65535]], np.int32)), [(0,) * 3, (128,) * 3, (255,) * 3]),
    "F, a share": (
        lambda: Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32)),
        [(0,) * 3, (128,) * 3, (255,) * 3],
    ),
    "F, 8 bits": (lambda: Image.fromarray(np.array([[0.0, 99.0]], np.float32)), [(0,) * 3, (99,) * 3]),
    "LA": (lambda: Image.new("LA", (1, 1), (10, 0)), [(255, 255, 255)]),
    "PA": (lambda: palette().convert("PA"), [(255, 0, 0), (255, 255, 255)]),
    "palette with a clear colour": (palette, [(255, 0, 0), (255, 255, 255)]),
    "one bit": (lambda: Image.new("1", (1, 1), 1), [(255, 255, 255)]),
    "inverted CMYK": (cmyk, [(255, 128, 0)]),
    "RGBA": (lambda: Image.new("RGBA", (1, 1), (0, 0, 0, 127)), [(128, 128, 128)]),
}


@pytest.mark.parametrize("name", MODES)
def test_each_mode_keeps_its_colours(name: str) -> None:
    make, expected = MODES[name]
    converted = to_rgb(make())
    assert (converted.mode, converted.info) == ("RGB", {})
    assert np.abs(np.array(colours(converted)) - np.array(expected)).max() <= 1
    assert upright_rgb(make()).size == converted.size
    assert to_rgba(make()).mode == "RGBA"


def test_what_has_eight_bits_stays_the_same_object() -> None:
    picture = Image.new("RGBA", (2, 2))
    assert to_eight_bits(picture) is picture
    assert to_rgba(picture) is picture
    assert to_rgb(Image.new("RGB", (1, 1))) is not to_rgb(Image.new("RGB", (1, 1)))


@pytest.fixture
def grey(tmp_path: Path) -> Path:
    """A grey of 16 bits, 128 in 8 bits, where a clipped one would be white."""
    path = tmp_path / "grey.png"
    Image.fromarray(np.full((120, 160), 0x8080, np.uint16)).save(path)
    return path


def middle(path: Path) -> int:
    with Image.open(path) as picture:
        pixel = picture.getpixel((20, 20))
    assert isinstance(pixel, tuple)
    return int(pixel[1])


def test_every_reader_of_pictures_sees_the_same_grey(grey: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    normalise_picture(grey, out, 80)
    assert middle(out) == 128
    fit_picture(grey, out, 64, 64)
    assert middle(out) == 128
    make_poster(grey, out)
    assert abs(middle(out) - 128) <= 1
    assert read_picture(grey, 64, 64, 1.0).getpixel((20, 20)) == (128, 128, 128)
    write_poster([grey], out, 64, 64)
    assert abs(middle(out) - 128) <= 1
    with Image.open(grey) as picture:
        (tmp_path / "jpeg").write_bytes(to_jpeg(picture))
        assert score_picture(picture) == pytest.approx(score_picture(Image.new("RGB", (160, 120), (128, 128, 128))))
    assert abs(middle(tmp_path / "jpeg") - 128) <= 1


def test_a_drawing_takes_the_grey_of_a_reference_and_not_white(grey: Path) -> None:
    drawing = Image.linear_gradient("L").resize((64, 64)).convert("RGB")
    with Image.new("RGB", (64, 64), (128, 128, 128)) as same:
        same.save(grey.with_name("same.png"))
    assert colours(tone_towards(drawing, [grey])) == colours(tone_towards(drawing, [grey.with_name("same.png")]))


def test_a_character_is_dressed_in_the_grey_of_a_reference(grey: Path) -> None:
    dressed = dressed_from(person_look(Told("Ann", "girl", ""), random.Random(1)), grey)
    assert max(abs(channel - 128) for channel in (*dressed.hair, *dressed.top)) <= 2
