"""Checks generated results and inputs: identifies a file by its bytes and decodes it to its end.

Upstream's servers sometimes send a truncated file, or an error page, in place of a picture.
"""

from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError

from errors import UnsupportedFileError
from media.bounds import BOUNDS, FileBounds
from media.opening import open_media
from media.pictures import recognise_picture
from media.probe import MediaInfo, probe

_MISSING_SECONDS = 0.5
"The last frame may end so long before the length that a clip tells: sound can be a little longer than the picture."


@dataclass(frozen=True)
class ResultInfo:
    """A result that opens. Size in pixels as it is shown; duration_seconds of a clip, None for a picture."""

    content_type: str
    width: int
    height: int
    duration_seconds: float | None = None
    has_audio: bool = False


def check_result(path: Path, kind: str, bounds: FileBounds = BOUNDS) -> ResultInfo:
    """Identifies the result at `path`. kind: IMAGE, decoded as a whole; VIDEO, its first and last frames decoded.

    Blocks: call it in a worker. Raises UnsupportedFileError, with the reason, for what is not whole or not of that
    kind, FileTooLargeError for what is beyond the bounds. A picture of 2048 x 2048 takes 10 ms as JPEG and about
    50 ms as PNG or WebP.
    """
    if kind == "IMAGE":
        picture = recognise_picture(path, bounds)
        return ResultInfo(picture.content_type, picture.width, picture.height)
    info = probe(path, bounds)
    if not info.has_video or not info.width or not info.height:
        raise UnsupportedFileError("The file holds no film.")
    _decode_end(path, info)
    return ResultInfo(info.content_type, info.width, info.height, info.duration_seconds, info.has_audio)


def _decode_end(path: Path, info: MediaInfo) -> None:
    """Decodes from the last key frame on. The probe has decoded the first frame."""
    end = 0.0
    try:
        with open_media(path) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            start = container.start_time or 0
            container.seek(start + round(info.duration_seconds * av.time_base))  # back to the key frame before that
            for frame in container.decode(stream):
                if frame.is_corrupt:
                    raise UnsupportedFileError("The film is broken or incomplete.")
                end = max(end, (frame.time or 0.0) - start / av.time_base)
    except (FFmpegError, ValueError, EOFError, ArithmeticError, LookupError) as error:
        raise UnsupportedFileError("The film is broken or incomplete.") from error
    frame_seconds = 1 / info.frame_rate if info.frame_rate else 0.0
    if end + frame_seconds < info.duration_seconds - _MISSING_SECONDS:
        raise UnsupportedFileError("The film ends before its length: it is broken or incomplete.")


def check_results(paths: list[Path], kind: str, bounds: FileBounds = BOUNDS) -> list[ResultInfo]:
    """Like check_result, for all files of one task in one call."""
    return [check_result(path, kind, bounds) for path in paths]
