"""Composes music: a score from a style, a length and a seed, played by synthesised instruments."""

from media.music.compose import compose
from media.music.styles import STYLES, choose_style

__all__ = ["STYLES", "choose_style", "compose"]
