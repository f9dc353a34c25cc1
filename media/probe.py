"""Probes media files by their bytes: container, streams, sizes, lengths."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.error import FFmpegError

from errors import UnsupportedFileError

# libavformat's names of the accepted containers; others (HLS, concat lists, images, ...) may refer to further files
# or addresses and are refused without being opened.
_VIDEO_TYPES = {"mov": "video/mp4", "matroska": "video/x-matroska"}
_AUDIO_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "flac": "audio/flac"}
_DEMUXERS = ("mov", "matroska", "wav", "mp3", "ogg", "flac")


@dataclass(frozen=True)
class MediaInfo:
    """A media file. width and height are as shown (rotation applied); frame_count is counted or, failing that, None."""

    content_type: str
    duration_seconds: float
    has_video: bool
    has_audio: bool
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    frame_count: int | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    pixel_format: str | None = None
    sample_rate: int | None = None
    channels: int | None = None


def _demuxer(head: bytes) -> str | None:
    """libavformat's name of the container with these first bytes."""
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head.startswith(b"OggS"):
        return "ogg"
    if head.startswith(b"fLaC"):
        return "flac"
    if head.startswith(b"ID3") or (len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 in (0xE2, 0xE4, 0xE6)):
        return "mp3"
    return None


def _content_type(demuxer: str, head: bytes, has_video: bool) -> str:
    if demuxer == "matroska":
        kind = "webm" if b"webm" in head[:64] else "x-matroska"
        return f"video/{kind}" if has_video else f"audio/{kind}"
    if demuxer == "mov":
        if not has_video:
            return "audio/mp4"
        return "video/quicktime" if head[4:8] != b"ftyp" or head[8:12] == b"qt  " else "video/mp4"
    return "video/ogg" if demuxer == "ogg" and has_video else _AUDIO_TYPES[demuxer]


def probe(path: Path) -> MediaInfo:
    """Identifies the file at `path` by its content, not its name. Blocks: call it in a worker or a thread.

    Raises UnsupportedFileError with the reason for anything that is not sound or film that opens.
    """
    with path.open("rb") as file:
        head = file.read(64)
    if not head:
        raise UnsupportedFileError("The file is empty.")
    demuxer = _demuxer(head)
    if demuxer is None:
        raise UnsupportedFileError("The file is neither sound nor film of a kind that can be used.")
    try:
        with av.open(str(path), format=demuxer, options={"protocol_whitelist": "file"}) as container:
            return _read(container, demuxer, head)
    except (FFmpegError, ValueError, EOFError, OverflowError) as error:
        reason = error.strerror if isinstance(error, FFmpegError) else str(error)
        raise UnsupportedFileError(f"The file does not open as sound or film: {reason}.") from error


def _read(container: av.container.InputContainer, demuxer: str, head: bytes) -> MediaInfo:
    # A cover picture inside a sound file is a video stream to the demuxer, but no film.
    pictures = av.stream.Disposition.attached_pic
    videos = [stream for stream in container.streams.video if not stream.disposition & pictures]
    sounds = list(container.streams.audio)
    if not videos and not sounds:
        raise UnsupportedFileError("The file holds neither sound nor film.")
    video, sound = next(iter(videos), None), next(iter(sounds), None)
    stream = video or sound
    assert stream is not None
    first = next(iter(container.decode(stream)), None)
    if first is None:
        raise UnsupportedFileError("The file holds no frame that can be decoded.")
    seconds, frames = _length(container, stream)
    width, height, rate = None, None, None
    if video is not None:
        width, height = video.width, video.height
        if isinstance(first, av.VideoFrame) and first.rotation % 180 == 90:
            width, height = height, width
        rate = float(video.average_rate or video.guessed_rate or 0) or None
    return MediaInfo(
        content_type=_content_type(demuxer, head, video is not None),
        duration_seconds=seconds,
        has_video=video is not None,
        has_audio=sound is not None,
        width=width,
        height=height,
        frame_rate=rate,
        frame_count=frames if video is not None else None,
        video_codec=video.codec_context.name if video is not None else None,
        audio_codec=sound.codec_context.name if sound is not None else None,
        pixel_format=video.codec_context.pix_fmt if video is not None else None,
        sample_rate=sound.codec_context.sample_rate if sound is not None else None,
        channels=sound.codec_context.channels if sound is not None else None,
    )


def _length(
    container: av.container.InputContainer, stream: av.VideoStream | av.AudioStream
) -> tuple[float, int | None]:
    """Seconds and frames from the container, else by reading all packets (WebM recordings do not store them)."""
    base = stream.time_base or Fraction(1, 1000)
    if stream.duration and stream.frames:
        return float(stream.duration * base), stream.frames
    container.seek(0)
    end, count = Fraction(0), 0
    for packet in container.demux(stream):
        if packet.pts is not None:
            end = max(end, (packet.pts + (packet.duration or 0)) * base)
            count += 1
    start = (stream.start_time or 0) * base
    told = float(stream.duration * base) if stream.duration else float(end - start)
    if told <= 0 and container.duration:
        told = container.duration / av.time_base
    return max(told, 0.0), count or None
