from pathlib import Path

import pytest
from PIL import Image

from errors import UnsupportedFileError
from media.checking import ResultInfo, check_result
from tests.media.conftest import clip, ffmpeg, tone


@pytest.mark.parametrize(
    ("format_name", "content_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")]
)
def test_a_picture_is_known_by_its_bytes_and_decoded_to_its_end(
    format_name: str, content_type: str, tmp_path: Path
) -> None:
    path = tmp_path / "result.bin"
    Image.effect_mandelbrot((96, 64), (-2, -1, 1, 1), 100).convert("RGB").save(path, format_name)
    assert check_result(path, "IMAGE") == ResultInfo(content_type, 96, 64)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UnsupportedFileError, match=r"broken or incomplete\.$"):
        check_result(path, "IMAGE")


def test_a_clip_is_known_by_its_bytes(tmp_path: Path) -> None:
    clip(tmp_path / "a.mp4", 1.5)
    tone(tmp_path / "a.wav", 1.5)
    ffmpeg("-i", tmp_path / "a.mp4", "-i", tmp_path / "a.wav", "-c:v", "copy", tmp_path / "b.mp4")
    for name, has_audio in (("a.mp4", False), ("b.mp4", True)):
        info = check_result((tmp_path / name).rename(tmp_path / "clip.bin"), "VIDEO")
        assert (info.content_type, info.width, info.height, info.has_audio) == ("video/mp4", 160, 90, has_audio)
        assert info.duration_seconds == pytest.approx(1.5, abs=0.03)


@pytest.mark.parametrize("name", ["a.webm", "a.mov"])
def test_other_containers_of_clips_are_taken_too(name: str, tmp_path: Path) -> None:
    codec = ["-c:v", "libvpx", "-deadline", "realtime"] if name.endswith("webm") else ["-c:v", "libx264"]
    ffmpeg("-i", clip(tmp_path / "a.mp4", 1), *codec, tmp_path / name)
    assert check_result(tmp_path / name, "VIDEO").duration_seconds == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.97])
@pytest.mark.parametrize("flags", [[], ["-movflags", "+faststart"]])
def test_a_clip_that_was_cut_short_is_refused(share: float, flags: list[str], tmp_path: Path) -> None:
    noise = "nullsrc=size=160x90:rate=24:duration=5,geq=random(1)*255:128:128"
    ffmpeg("-f", "lavfi", "-i", noise, "-g", "24", "-pix_fmt", "yuv420p", *flags, tmp_path / "a.mp4")
    assert check_result(tmp_path / "a.mp4", "VIDEO").duration_seconds == pytest.approx(5)
    whole = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "b.mp4").write_bytes(whole[: round(len(whole) * share)])
    with pytest.raises(UnsupportedFileError) as refusal:
        check_result(tmp_path / "b.mp4", "VIDEO")
    assert refusal.value.message.endswith(".")
    assert str(tmp_path) not in refusal.value.message


@pytest.mark.parametrize("kind", ["IMAGE", "VIDEO"])
@pytest.mark.parametrize("content", [b"", b"<html><body>403</body></html>", b'{"ret": "1"}', b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_result_is_refused(kind: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(UnsupportedFileError) as refusal:
        check_result(tmp_path / "a", kind)
    assert refusal.value.message.endswith(".")


def test_one_kind_is_not_taken_for_the_other(picture: Path, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFileError):
        check_result(picture, "VIDEO")
    with pytest.raises(UnsupportedFileError):
        check_result(clip(tmp_path / "a.mp4", 0.5), "IMAGE")
    with pytest.raises(UnsupportedFileError, match="no film"):
        check_result(tone(tmp_path / "a.wav", 0.5), "VIDEO")
