"""Film frames as YUV planes, and their encoding: H.264 High, yuv420p, BT.709, limited range."""

import io
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from errors import EkonteError, JobErrorCode, JobFailure
from media.conversion import to_rgb, upright_rgb
from media.pictures import opened_picture

Plane = NDArray[np.uint8]
BLACK, NEUTRAL = 16, 128  # luma of black and chroma of grey, limited range
_BT709 = 1  # AVCOL_PRI_BT709, AVCOL_TRC_BT709 and AVCOL_SPC_BT709 are all 1
_LIMITED = 1  # AVCOL_RANGE_MPEG


@dataclass(frozen=True)
class Planes:
    """One frame: luma of height x width, and two chroma planes of half that, rounded up."""

    y: Plane
    u: Plane
    v: Plane


@dataclass(frozen=True)
class Encoding:
    """x264's preset and constant rate factor (lower is better and larger)."""

    preset: str
    crf: float


ENCODINGS = {
    "DRAFT": Encoding("superfast", 26),  # the fastest preset that still is High profile
    "STANDARD": Encoding("veryfast", 20),
    "HIGH": Encoding("fast", 17),
}


def encoding_of(quality: str) -> Encoding:
    """The encoding of DRAFT, STANDARD or HIGH; STANDARD for any other word."""
    return ENCODINGS.get(quality, ENCODINGS["STANDARD"])


def read_picture(path: Path, width: int, height: int, oversize: float) -> Image.Image:
    """A picture as RGB, upright, cropped to width:height, at most `oversize` times as large. Raises JobFailure."""
    try:
        with opened_picture(path) as opened:
            picture = upright_rgb(opened)
    except (OSError, EkonteError) as error:
        reason = error.message if isinstance(error, EkonteError) else ""
        message = f"The picture cannot be read. {reason}".rstrip()
        raise JobFailure(JobErrorCode.INVALID_INPUT, message, is_retryable=False) from error
    scale = max(width / picture.width, height / picture.height)
    cut_width, cut_height = min(picture.width, width / scale), min(picture.height, height / scale)
    left, top = (picture.width - cut_width) / 2, (picture.height - cut_height) / 2
    size = (max(2, round(min(cut_width, width * oversize))), max(2, round(min(cut_height, height * oversize))))
    return picture.resize(size, Image.Resampling.LANCZOS, box=(left, top, left + cut_width, top + cut_height))


def to_planes(picture: Image.Image) -> tuple[Image.Image, Image.Image, Image.Image]:
    """Y, Cb and Cr of a picture in full resolution, by ITU-R BT.709 section 3, limited range."""
    rgb = np.asarray(picture, dtype=np.float32) / 255
    luma = rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    blue = (rgb[..., 2] - luma) / 1.8556
    red = (rgb[..., 0] - luma) / 1.5748
    planes = (luma * 219 + 16, blue * 224 + 128, red * 224 + 128)
    y, u, v = (Image.fromarray(np.clip(plane + 0.5, 0, 255).astype(np.uint8)) for plane in planes)
    return y, u, v


def _fill(plane: av.video.plane.VideoPlane, values: Plane) -> None:
    height, width = values.shape
    target = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    target[:height, :width] = values


def to_frame(planes: Planes) -> av.VideoFrame:
    frame = av.VideoFrame(planes.y.shape[1], planes.y.shape[0], "yuv420p")
    for plane, values in zip(frame.planes, (planes.y, planes.u, planes.v), strict=True):
        _fill(plane, values)
    return frame


def from_frame(frame: av.VideoFrame) -> Planes:
    """Views of a yuv420p frame's planes: valid while the frame is."""
    views = []
    for number, plane in enumerate(frame.planes):
        shift = 1 if number else 0
        width, height = (frame.width + shift) >> shift, (frame.height + shift) >> shift
        views.append(np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:height, :width])
    return Planes(*views)


class VideoWriter:
    """A silent MP4 at a fixed frame rate, written frame by frame; a context manager.

    All files written with the same size, rate and encoding have the same codec parameters, so that their packets can
    be concatenated in one file.
    """

    def __init__(self, path: Path, width: int, height: int, fps: Fraction | int, encoding: Encoding) -> None:
        if width % 2 or height % 2:
            raise ValueError("yuv420p needs an even width and height")
        self.container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        rate = Fraction(fps)
        stream = self.container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = 1 / rate
        context = stream.codec_context
        context.time_base = 1 / rate
        context.options = {
            "preset": encoding.preset,
            "crf": str(encoding.crf),
            "profile": "high",
            "x264-params": "colorprim=bt709:transfer=bt709:colormatrix=bt709:fullrange=off:open-gop=0",
        }
        context.gop_size = round(rate * 4)
        context.thread_count = 1  # a render slot stands for one core
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = _LIMITED
        self.stream = stream
        self.count = 0

    def write(self, frame: av.VideoFrame) -> None:
        frame.pts = self.count
        frame.time_base = self.stream.codec_context.time_base
        frame.pict_type = av.video.frame.PictureType.NONE
        self.count += 1
        for packet in self.stream.encode(frame):
            self.container.mux(packet)

    def write_planes(self, planes: Planes) -> None:
        self.write(to_frame(planes))

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                for packet in self.stream.encode(None):
                    self.container.mux(packet)
        finally:
            self.container.close()


def to_jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    to_rgb(picture).save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()
