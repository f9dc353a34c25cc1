"""Pillow's reader of HEIC and HEIF pictures, which libheif decodes; for confined processes."""

import importlib
from typing import Any


def register_heif_reader() -> None:
    """Makes Pillow open "HEIF". A second call changes nothing.

    The library is loaded with the first such picture, since it takes as long as all of Pillow. One thread decodes, as a
    slot stands for one core; thumbnails, depth maps and auxiliary pictures are not looked at.
    """
    library: Any = importlib.import_module("pillow_heif")
    library.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
