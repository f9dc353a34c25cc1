"""Concatenates films frame-exactly: by packets where the codec parameters are equal, else re-encoded."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.error import FFmpegError

from errors import EkonteError, JobErrorCode, JobFailure
from media.frames import Encoding, VideoWriter
from media.opening import open_media
from media.worker import report_progress

_UNREADABLE = (FFmpegError, EkonteError, ValueError, ArithmeticError)  # PyAV's own for odd formats are ValueErrors


def unreadable(error: Exception) -> JobFailure:
    reason = error.strerror if isinstance(error, FFmpegError) else str(error).rstrip(".")
    return JobFailure(JobErrorCode.INVALID_INPUT, f"A clip cannot be read: {reason}.", is_retryable=False)


def fitted_frames(path: Path, width: int, height: int, fps: Fraction) -> Iterator[av.VideoFrame]:
    """The frames of any film at this rate, fitted into width x height (black bars where the shape differs)."""
    try:
        with open_media(path) as container:
            if not container.streams.video:
                raise JobFailure(JobErrorCode.INVALID_INPUT, "A clip holds no picture.", is_retryable=False)
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            yield from _fit(container.decode(stream), stream, width, height, fps)
    except _UNREADABLE as error:
        raise unreadable(error) from error


def _fit(
    frames: Iterator[av.VideoFrame], stream: av.VideoStream, width: int, height: int, fps: Fraction
) -> Iterator[av.VideoFrame]:
    first = next(frames, None)
    if first is None:
        return
    is_fit = (
        (first.width, first.height, first.format.name) == (width, height, "yuv420p")
        and stream.average_rate == fps
        and first.rotation == 0
        and (stream.sample_aspect_ratio or 1) == 1
    )
    if is_fit:
        yield first
        yield from frames
        return
    graph = _graph(first, stream, width, height, fps)
    graph.push(first)
    for frame in frames:
        graph.push(frame)
        yield from _drain(graph)
    graph.push(None)
    yield from _drain(graph)


def _drain(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        assert isinstance(frame, av.VideoFrame)
        yield frame


def _graph(first: av.VideoFrame, stream: av.VideoStream, width: int, height: int, fps: Fraction) -> av.filter.Graph:
    turns = {90: ["transpose=cclock"], -270: ["transpose=cclock"], 180: ["hflip", "vflip"], -180: ["hflip", "vflip"],
             -90: ["transpose=clock"], 270: ["transpose=clock"]}  # fmt: skip
    steps = [
        *turns.get(round(first.rotation), []),
        f"fps={fps.numerator}/{fps.denominator}",
        "scale=w='trunc(iw*sar/2)*2':h=ih",
        "setsar=1",
        f"scale={width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2:flags=bicubic"
        ":out_color_matrix=bt709:out_range=tv",
        f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2",
        "format=yuv420p",
    ]
    graph = av.filter.Graph()
    last = graph.add_buffer(template=stream, time_base=stream.time_base)
    for step in steps:
        name, _, options = step.partition("=")
        following = graph.add(name, options or None)
        last.link_to(following)
        last = following
    last.link_to(graph.add("buffersink"))
    graph.configure()
    return graph


def join_videos(parts: Sequence[Path], out: Path, width: int, height: int, fps: Fraction, encoding: Encoding) -> int:
    """Writes the films one after another, silent, and returns the number of frames. Blocks: for a worker."""
    if not parts:
        raise JobFailure(JobErrorCode.INVALID_INPUT, "There is nothing to join.", is_retryable=False)
    return (
        copy_packets(parts, out, fps)
        if _are_alike(parts, width, height, fps)
        else _encode_all(parts, out, width, height, fps, encoding)
    )


def _are_alike(parts: Sequence[Path], width: int, height: int, fps: Fraction) -> bool:
    kinds = set()
    for part in parts:
        try:
            with open_media(part) as container:
                if not container.streams.video:
                    return False
                stream = container.streams.video[0]
                context = stream.codec_context
                kinds.add(
                    (context.name, context.width, context.height, stream.average_rate, bytes(context.extradata or b""))
                )
        except _UNREADABLE as error:
            raise unreadable(error) from error
    return len(kinds) == 1 and next(iter(kinds))[:4] == ("h264", width, height, fps)


def copy_packets(parts: Sequence[Path], out: Path, fps: Fraction) -> int:
    """Puts the packets of films that have the same codec parameters into one film; returns the number of frames."""
    frames = 0
    with av.open(str(out), "w", format="mp4", options={"movflags": "+faststart"}) as target:
        written: av.VideoStream | None = None
        for number, part in enumerate(parts):
            with open_media(part) as source:
                stream = source.streams.video[0]
                if written is None:
                    written = target.add_stream_from_template(stream)
                    written.time_base = 1 / fps
                count, ticks = 0, stream.time_base
                assert ticks is not None
                for packet in source.demux(stream):
                    if packet.pts is None or packet.dts is None:
                        continue
                    # Counted in frames from the start of the film, so that rounding errors do not add up.
                    packet.pts = frames + round(packet.pts * ticks * fps)
                    packet.dts = frames + round(packet.dts * ticks * fps)
                    packet.duration = 1
                    packet.time_base = 1 / fps
                    packet.stream = written
                    target.mux(packet)
                    count += 1
                frames += count
            report_progress((number + 1) / len(parts))
    return frames


def _encode_all(parts: Sequence[Path], out: Path, width: int, height: int, fps: Fraction, encoding: Encoding) -> int:
    with VideoWriter(out, width, height, fps, encoding) as writer:
        for number, part in enumerate(parts):
            for frame in fitted_frames(part, width, height, fps):
                writer.write(frame)
            report_progress((number + 1) / len(parts))
        return writer.count
