"""Bounds of files from strangers, checked before anything is decoded; and what is said of a file beyond one."""

from dataclasses import dataclass

from errors import FileTooLargeError, UnsupportedFileError


@dataclass(frozen=True)
class FileBounds:
    """Most pixels, seconds, pages and so on of one file. Deployments set some of them (settings/foreign_files.py)."""

    picture_side: int = 16_384
    picture_pixels: int = 64_000_000
    film_side: int = 8192
    film_frame_rate: float = 240.0
    media_seconds: float = 2 * 3600.0
    streams: int = 32
    """In one container of sound and film."""
    lowest_sample_rate: int = 4000
    highest_sample_rate: int = 384_000
    channels: int = 8
    document_pages: int = 5000
    document_seconds: float = 120.0
    text_characters: int = 5_000_000


BOUNDS = FileBounds()
"""The defaults."""


def check_sides(what: str, width: int, height: int, *, side: int, pixels: int | None = None) -> None:
    """Raises FileTooLargeError where a side is longer than `side`, or width x height more than `pixels`."""
    if max(width, height) > side:
        raise FileTooLargeError(f"{what} has {width} x {height} pixels; a side may have at most {side}.")
    if pixels is not None and width * height > pixels:
        raise FileTooLargeError(
            f"{what} has {width} x {height} pixels, {width * height / 1e6:.6g} million; at most {pixels / 1e6:g} "
            "million are allowed."
        )


def check_film(width: int, height: int, bounds: FileBounds) -> None:
    """Raises FileTooLargeError for a film with too many pixels, UnsupportedFileError for one with none."""
    if width < 1 or height < 1:
        raise UnsupportedFileError("The film does not tell the size of its picture.")
    check_sides("The film", width, height, side=bounds.film_side)


def check_frame_rate(frames: int, seconds: float, bounds: FileBounds) -> None:
    """Of the frames that are there, for the rate that a container tells is often that of its clock."""
    if frames > bounds.film_frame_rate * (seconds + 1):
        raise FileTooLargeError(
            f"The film has {frames} frames in {seconds:.2f} s; at most {bounds.film_frame_rate:g} per second are"
            " allowed."
        )


def check_sound(sample_rate: int, channels: int, bounds: FileBounds) -> None:
    """Raises UnsupportedFileError for a sample rate or a number of channels that no recording has."""
    low, high = bounds.lowest_sample_rate, bounds.highest_sample_rate
    if not low <= sample_rate <= high:
        raise UnsupportedFileError(f"The sound has {sample_rate} samples per second; {low} to {high} can be read.")
    if not 1 <= channels <= bounds.channels:
        raise UnsupportedFileError(f"The sound has {channels} channels; 1 to {bounds.channels} can be read.")


def check_streams(count: int, bounds: FileBounds) -> None:
    if count > bounds.streams:
        raise FileTooLargeError(f"The file holds {count} streams; at most {bounds.streams} are allowed.")


def check_length(seconds: float, bounds: FileBounds) -> None:
    if seconds > bounds.media_seconds:
        raise FileTooLargeError(
            f"The sound or film is {seconds:.0f} s long; at most {bounds.media_seconds:.0f} s are allowed."
        )


def check_characters(count: int, bounds: FileBounds) -> None:
    if count > bounds.text_characters:
        raise FileTooLargeError(f"The text has {count} characters; at most {bounds.text_characters} are allowed.")
