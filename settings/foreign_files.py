"""Limits of files that callers and other servers send."""

import os

from pydantic import Field
from pydantic_settings import BaseSettings


class ForeignFileSettings(BaseSettings):
    """Part of Settings."""

    parser_concurrency: int = Field(
        default_factory=lambda: max(2, os.cpu_count() or 1),
        ge=1,
        le=256,
        description="Files from strangers that are read at once on this machine; at least 2 where it is not set.",
    )
    parser_memory_bytes: int = Field(
        1024**3,
        ge=128 * 1024**2,
        description="Memory (address space) that reading one file from a stranger may take, above an idle process.",
    )
    parser_seconds: float = Field(
        30, ge=1, le=3600, description="CPU time that reading a picture, sound or film from a stranger may take."
    )
    document_seconds: float = Field(
        120, ge=1, le=3600, description="CPU time that reading a document from a stranger may take."
    )
    max_picture_side: int = Field(16_384, ge=64, le=65_535, description="Longest side of a picture, in pixels.")
    max_picture_pixels: int = Field(64_000_000, ge=4096, description="Most pixels of a picture.")
    max_film_side: int = Field(8192, ge=64, le=16_384, description="Longest side of a film's picture, in pixels.")
    max_film_frame_rate: float = Field(240, ge=1, le=1000, description="Most frames per second of a film.")
    max_media_seconds: float = Field(2 * 3600, ge=1, description="Longest sound or film, in seconds.")
    max_document_pages: int = Field(5000, ge=1, description="Most pages of a PDF.")
    max_text_characters: int = Field(
        5_000_000, ge=1000, description="Most characters of a text that a script is written from."
    )
