"""Pictures from outside: what is taken, what is refused, and what comes out."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from errors import FileTooLargeError, UnsupportedFileError
from media.bounds import FileBounds
from media.checking import check_result
from media.pictures import PictureInfo, crop_grid, fit_picture, make_poster, normalise_picture, recognise_picture
from media.probe import probe


def encoded(kind: str, size: tuple[int, int] = (40, 30), colour: tuple[int, int, int] = (200, 60, 40)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind)
    return buffer.getvalue()


def bomb_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has width x height pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def written(folder: Path, data: bytes) -> Path:
    path = folder / "upload.bin"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("BMP", "image/bmp"),
        ("AVIF", "image/avif"),
    ],
)
def test_a_picture_is_recognised_by_its_bytes(kind: str, content_type: str, tmp_path: Path) -> None:
    info = recognise_picture(written(tmp_path, encoded(kind)))
    assert (info.content_type, info.width, info.height) == (content_type, 40, 30)


def test_the_size_is_that_of_the_upright_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30)).save(buffer, "JPEG", exif=exif)
    info = recognise_picture(written(tmp_path, buffer.getvalue()))
    assert (info.width, info.height) == (30, 40)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty, not a PNG"),
        (b"GIF89a", "(?i)not a PNG|broken"),
        (b"hello, this is a text", "is a text, not a PNG"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><svg/>', "SVG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "a PostScript file, not a PNG"),
        (b"PK\x03\x04" + bytes(40), "a ZIP archive or an Office document, not a PNG"),
        (b"%PDF-1.7\n", "a PDF document, not a PNG"),
        (b"<!DOCTYPE html><html><body>403</body></html>", "a web page, not a PNG"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40), "encrypted Office document, not a PNG"),
        (b"II*\0" + bytes(40), "a TIFF or camera raw picture, not a PNG"),
        (b"\0\0\0\x20ftypisom" + bytes(40), "an MP4 or QuickTime film or sound, not a PNG"),
        (b"\0\0\0\x18ftypcrx \0\0\0\0", "a Canon camera raw picture, not a PNG"),
        (bytes(range(256)), "The file is not a PNG"),
        (encoded("PNG")[:60], "broken"),
        (encoded("JPEG", (400, 300))[:900], "broken"),
        (encoded("WEBP")[:30], "(?i)not a PNG|broken"),
    ],
)
def test_what_is_no_whole_raster_picture_is_refused_with_the_reason(data: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFileError, match=reason):
        recognise_picture(written(tmp_path, data))


@pytest.mark.parametrize(
    ("width", "height", "reason"),
    [
        (30_000, 30_000, "900 million pixels; at most 64 million"),
        (1, 60_000_000, "1 x 60000000 pixels; a side may have at most 16384"),
        (8_001, 8_000, r"8001 x 8000 pixels, 64\.008 million; at most 64 million"),
    ],
)
def test_too_many_pixels_are_refused_with_both_numbers(width: int, height: int, reason: str, tmp_path: Path) -> None:
    with pytest.raises(FileTooLargeError, match=reason):
        recognise_picture(written(tmp_path, bomb_png(width, height)))


def test_an_extended_webp_is_refused_by_the_size_that_it_declares(tmp_path: Path) -> None:
    side = (16_383).to_bytes(3, "little")
    chunk = b"VP8X" + (10).to_bytes(4, "little") + b"\0\0\0\0" + side + side
    with pytest.raises(FileTooLargeError, match="16384 x 16384 pixels, 268"):
        recognise_picture(written(tmp_path, b"RIFF" + (len(chunk) + 4).to_bytes(4, "little") + b"WEBP" + chunk))


def heic(picture: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    pillow_heif.from_pillow(picture).save(stream, quality=-1, chroma=444, **options)
    return stream.getvalue()


def test_a_heic_picture_is_read(tmp_path: Path) -> None:
    picture = Image.new("RGB", (64, 32), (0, 0, 255))
    picture.paste((255, 0, 0), (0, 0, 32, 32))
    source = written(tmp_path, heic(picture))
    assert recognise_picture(source) == PictureInfo("image/heic", 64, 32)
    normalise_picture(source, tmp_path / "out.png", 32)
    with Image.open(tmp_path / "out.png") as out:
        assert (out.mode, out.size) == ("RGB", (32, 16))
        left, right = np.asarray(out)[8, 4], np.asarray(out)[8, 28]
    assert left[0] > 240 > 12 > left[2]
    assert right[2] > 240 > 12 > right[0]


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"hevc", b"heim", b"hevs", b"mif1", b"msf1", b"mif2", b"heif"])
def test_a_heic_picture_that_is_broken_is_called_one_and_is_no_film(brand: bytes, tmp_path: Path) -> None:
    source = written(tmp_path, b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0miaf" + brand + bytes(100))
    with pytest.raises(UnsupportedFileError, match="The HEIC picture is broken"):
        recognise_picture(source)
    with pytest.raises(UnsupportedFileError, match=r"neither sound nor film .* It is a HEIC picture"):
        probe(source)


def test_a_whole_heic_picture_is_no_film(tmp_path: Path) -> None:
    source = written(tmp_path, heic(Image.new("RGB", (64, 32), "teal")))
    with pytest.raises(UnsupportedFileError, match="It is a HEIC picture"):
        probe(source)
    with pytest.raises(UnsupportedFileError, match="It is a HEIC picture"):
        check_result(source, "VIDEO")


def test_a_heic_picture_has_the_bounds_of_the_others(tmp_path: Path) -> None:
    source = written(tmp_path, heic(Image.new("RGB", (640, 320), "teal")))
    with pytest.raises(FileTooLargeError, match="640 x 320 pixels; a side may have at most 600"):
        recognise_picture(source, FileBounds(picture_side=600))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "I;16", "CMYK", "1"])
def test_a_large_picture_of_any_mode_is_made_smaller(mode: str, tmp_path: Path) -> None:
    source = tmp_path / ("in.jpg" if mode == "CMYK" else "in.png")
    if mode == "LA":
        Image.new("LA", (300, 150), (200, 128)).save(source)
    else:
        Image.new(mode, (300, 150)).save(source)
    info = normalise_picture(source, tmp_path / "out.png", 100)
    with Image.open(tmp_path / "out.png") as out:
        assert (out.mode, out.size, info.width, info.height) == ("RGB", (100, 50), 100, 50)


def test_an_animation_counts_as_its_first_frame(tmp_path: Path) -> None:
    source = tmp_path / "a.gif"
    frames = [Image.new("RGB", (20, 10), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    frames[0].save(source, save_all=True, append_images=frames[1:])
    assert recognise_picture(source).content_type == "image/gif"
    normalise_picture(source, tmp_path / "out.png", 100)
    with Image.open(tmp_path / "out.png") as out:
        assert out.getpixel((5, 5)) == (255, 0, 0)


def test_normalising_turns_shrinks_and_strips(tmp_path: Path) -> None:
    source, out = tmp_path / "photo.jpg", tmp_path / "out.png"
    picture = Image.new("RGB", (400, 200), (0, 0, 255))
    picture.paste((255, 0, 0), (0, 0, 200, 200))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera"  # shown a quarter turn clockwise
    picture.save(source, exif=exif, quality=95)
    normalise_picture(source, out, 100)
    with Image.open(out) as result:
        assert (result.format, result.mode, result.size, dict(result.getexif())) == ("PNG", "RGB", (50, 100), {})
        assert "exif" not in result.info
        top, bottom = result.getpixel((25, 10)), result.getpixel((25, 90))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200 > 60 > top[2]
    assert bottom[2] > 200 > 60 > bottom[0]


def test_normalising_never_enlarges_and_lays_transparency_on_white(tmp_path: Path) -> None:
    source, out = tmp_path / "in.png", tmp_path / "out.png"
    Image.new("RGBA", (20, 10), (0, 0, 0, 0)).save(source)
    normalise_picture(source, out, 1000)
    with Image.open(out) as result:
        assert result.size == (20, 10)
        assert result.getpixel((3, 3)) == (255, 255, 255)


def test_sixteen_bit_pictures_are_scaled_not_clipped(tmp_path: Path) -> None:
    source, out = tmp_path / "deep.png", tmp_path / "out.png"
    Image.fromarray(np.full((8, 8), 32896, dtype=np.uint16)).save(source)
    normalise_picture(source, out, 100)
    with Image.open(out) as result:
        assert result.getpixel((2, 2)) == (128, 128, 128)


def test_a_grid_is_cut_to_the_pixel(tmp_path: Path) -> None:
    sheet = np.random.default_rng(1).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    Image.fromarray(sheet).save(tmp_path / "grid.png")
    outs = [tmp_path / f"{index}.png" for index in range(6)]
    crop_grid(tmp_path / "grid.png", 2, 3, outs)
    for index, out in enumerate(outs):
        row, column = divmod(index, 3)
        with Image.open(out) as cell:
            assert np.array_equal(np.asarray(cell), sheet[row * 10 : row * 10 + 10, column * 10 : column * 10 + 10])


def test_a_grid_that_does_not_divide_is_refused_and_nothing_written(tmp_path: Path) -> None:
    (tmp_path / "grid.png").write_bytes(encoded("PNG", (31, 20)))
    outs = [tmp_path / f"{index}.png" for index in range(6)]
    with pytest.raises(UnsupportedFileError, match="31x20"):
        crop_grid(tmp_path / "grid.png", 2, 3, outs)
    with pytest.raises(ValueError, match="5 files"):
        crop_grid(tmp_path / "grid.png", 2, 3, outs[:5])
    assert not any(out.exists() for out in outs)


@pytest.mark.parametrize("size", [(400, 100), (100, 400), (160, 90), (16, 9)])
def test_fitting_covers_the_exact_size_without_bars(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "in.png").write_bytes(encoded("PNG", size))
    fit_picture(tmp_path / "in.png", tmp_path / "out.png", 160, 90)
    with Image.open(tmp_path / "out.png") as result:
        assert result.size == (160, 90)
        assert result.getcolors() == [(160 * 90, (200, 60, 40))]


def test_a_poster_is_a_jpeg_of_the_pictures_size(tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(encoded("PNG"))
    make_poster(tmp_path / "in.png", tmp_path / "poster.jpg")
    with Image.open(tmp_path / "poster.jpg") as result:
        assert (result.format, result.size) == ("JPEG", (40, 30))


def test_a_broken_source_is_refused_and_nothing_written(tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(encoded("PNG")[:60])
    for write in (
        lambda: normalise_picture(tmp_path / "in.png", tmp_path / "out", 10),
        lambda: fit_picture(tmp_path / "in.png", tmp_path / "out", 10, 10),
        lambda: make_poster(tmp_path / "in.png", tmp_path / "out"),
    ):
        with pytest.raises(UnsupportedFileError, match="broken"):
            write()
    assert not (tmp_path / "out").exists()


def test_a_missing_file_is_not_called_a_broken_picture(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        normalise_picture(tmp_path / "none.png", tmp_path / "out.png", 10)
