"""Probes media files by their bytes: container, streams, sizes, lengths."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.error import FFmpegError

from errors import UnsupportedFileError
from media.bounds import BOUNDS, FileBounds, check_film, check_frame_rate, check_length, check_sound, check_streams
from media.opening import open_media, read_head, required_demuxer

_AUDIO_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "flac": "audio/flac"}


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


def _content_type(demuxer: str, head: bytes, has_video: bool) -> str:
    if demuxer == "matroska":
        kind = "webm" if b"webm" in head[:64] else "x-matroska"
        return f"video/{kind}" if has_video else f"audio/{kind}"
    if demuxer == "mov":
        if not has_video:
            return "audio/mp4"
        return "video/quicktime" if head[4:8] != b"ftyp" or head[8:12] == b"qt  " else "video/mp4"
    return "video/ogg" if demuxer == "ogg" and has_video else _AUDIO_TYPES[demuxer]


def probe(path: Path, bounds: FileBounds = BOUNDS) -> MediaInfo:
    """Identifies the file at `path` by its content, not its name. Blocks: call it in a worker.

    Raises UnsupportedFileError with the reason for anything that is not sound or film that opens, and
    FileTooLargeError, with the bound and the file's value, for what is beyond one of the bounds.
    """
    demuxer, head = required_demuxer(path), read_head(path)
    try:
        with open_media(path) as container:
            return _read(container, demuxer, head, bounds)
    except (FFmpegError, ValueError, EOFError, ArithmeticError, LookupError, TypeError, AssertionError) as error:
        reason = error.strerror if isinstance(error, FFmpegError) else str(error)
        raise UnsupportedFileError(f"The file does not open as sound or film: {reason}.") from error


def _read(container: av.container.InputContainer, demuxer: str, head: bytes, bounds: FileBounds) -> MediaInfo:
    check_streams(len(container.streams), bounds)
    # A cover picture inside a sound file is a video stream to the demuxer, but no film.
    pictures = av.stream.Disposition.attached_pic
    videos = [stream for stream in container.streams.video if not stream.disposition & pictures]
    sounds = list(container.streams.audio)
    if not videos and not sounds:
        raise UnsupportedFileError("The file holds neither sound nor film.")
    video, sound = next(iter(videos), None), next(iter(sounds), None)
    for one in videos:
        context = one.codec_context
        check_film(context.width, context.height, bounds)
        context.thread_count = 1
    for other in sounds:
        check_sound(other.codec_context.sample_rate, other.codec_context.channels, bounds)
    if container.duration:
        check_length(container.duration / av.time_base, bounds)
    stream = video or sound
    assert stream is not None
    first = next(iter(container.decode(stream)), None)
    if first is None:
        raise UnsupportedFileError("The file holds no frame that can be decoded.")
    seconds, frames = _length(container, stream)
    check_length(seconds, bounds)
    if video is not None and frames:
        check_frame_rate(frames, seconds, bounds)
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
