"""Films for tests."""

from io import BytesIO

import av
import numpy as np

FRAMES_PER_SECOND = 12


def made_film(seconds: float, red: int = 200, width: int = 160, height: int = 90) -> bytes:
    """A silent film of one colour as MP4."""
    out = BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        picture = np.zeros((height, width, 3), np.uint8)
        picture[:, :, 0] = red
        for _ in range(round(seconds * FRAMES_PER_SECOND)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()
