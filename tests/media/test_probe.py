from pathlib import Path

import pytest
from PIL import Image

from errors import ErrorCode, UnsupportedFileError
from media.probe import probe
from tests.media.conftest import clip, ffmpeg, tone


def test_film_is_measured(tmp_path: Path) -> None:
    info = probe(clip(tmp_path / "a.mp4", 1.5))
    assert (info.content_type, info.has_video, info.has_audio) == ("video/mp4", True, False)
    assert (info.width, info.height, info.frame_rate, info.frame_count) == (160, 90, 24, 36)
    assert info.duration_seconds == pytest.approx(1.5, abs=0.01)
    assert (info.video_codec, info.pixel_format) == ("h264", "yuv420p")


@pytest.mark.parametrize(
    ("name", "codec", "content_type"),
    [
        ("a.mov", ["-c:v", "libx264"], "video/quicktime"),
        ("a.webm", ["-c:v", "libvpx", "-deadline", "realtime"], "video/webm"),
        ("a.mkv", ["-c:v", "libx264"], "video/x-matroska"),
    ],
)
def test_film_is_recognised_by_its_bytes(name: str, codec: list[str], content_type: str, tmp_path: Path) -> None:
    clip(tmp_path / "a.mp4", 1)
    tone(tmp_path / "a.wav", 1)
    ffmpeg("-i", tmp_path / "a.mp4", "-i", tmp_path / "a.wav", *codec, tmp_path / name)
    disguised = (tmp_path / name).rename(tmp_path / "holiday.txt")
    info = probe(disguised)
    assert (info.content_type, info.width, info.height, info.has_audio) == (content_type, 160, 90, True)
    assert info.frame_count == 24
    assert info.duration_seconds == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.wav", "audio/wav"),
        ("a.mp3", "audio/mpeg"),
        ("a.m4a", "audio/mp4"),
        ("a.ogg", "audio/ogg"),
        ("a.flac", "audio/flac"),
        ("a.opus", "audio/ogg"),
    ],
)
def test_sound_is_recognised_by_its_bytes(name: str, content_type: str, tmp_path: Path) -> None:
    tone(tmp_path / "tone.wav", 2)
    ffmpeg("-i", tmp_path / "tone.wav", tmp_path / name)
    info = probe((tmp_path / name).rename(tmp_path / "sound.bin"))
    assert (info.content_type, info.has_video, info.has_audio) == (content_type, False, True)
    assert info.duration_seconds == pytest.approx(2, abs=0.1)
    assert (info.sample_rate, info.channels) == (48000, 1)


def test_a_cover_picture_makes_no_film_of_a_song(tmp_path: Path) -> None:
    tone(tmp_path / "tone.wav", 1)
    Image.new("RGB", (64, 64), "red").save(tmp_path / "cover.png")
    ffmpeg(
        "-i", tmp_path / "tone.wav", "-i", tmp_path / "cover.png", "-map", "0", "-map", "1",
        "-disposition:v", "attached_pic", tmp_path / "song.mp3",
    )  # fmt: skip
    info = probe(tmp_path / "song.mp3")
    assert (info.content_type, info.has_video, info.width) == ("audio/mpeg", False, None)


def test_a_film_that_was_held_upright_is_measured_as_it_is_shown(tmp_path: Path) -> None:
    clip(tmp_path / "a.mp4", 1)
    ffmpeg("-display_rotation", "90", "-i", tmp_path / "a.mp4", "-c", "copy", tmp_path / "b.mp4")
    info = probe(tmp_path / "b.mp4")
    assert (info.width, info.height) == (90, 160)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Once upon a time",
        b"#EXTM3U\n#EXTINF:10,\nhttp://169.254.169.254/\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"RIFF\x10\x00\x00\x00WAVE" + bytes(30),
        b"\x00\x00\x00\x18ftypisom" + bytes(200),
        b"\x1a\x45\xdf\xa3" + bytes(50),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_anything_else_is_refused_with_the_reason(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(content)
    with pytest.raises(UnsupportedFileError) as refusal:
        probe(tmp_path / "film.mp4")
    assert refusal.value.code == ErrorCode.UNSUPPORTED_FILE
    assert refusal.value.message.endswith(".")
    assert str(tmp_path) not in refusal.value.message


def test_a_film_cut_short_is_refused(tmp_path: Path) -> None:
    whole = clip(tmp_path / "a.mp4", 1).read_bytes()
    (tmp_path / "b.mp4").write_bytes(whole[: len(whole) // 3])
    with pytest.raises(UnsupportedFileError):
        probe(tmp_path / "b.mp4")
