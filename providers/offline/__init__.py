"""The provider of all capabilities that needs no key and no network; it uses media/."""

from providers.offline.films import OfflineFilms
from providers.offline.generation import OfflineGeneration
from providers.offline.pictures import OfflinePictures
from providers.offline.text import OfflineText


class OfflineProvider(OfflineText, OfflineGeneration):
    """All capabilities in one. render_limit: the most worker processes at once; timeout_seconds: of a film."""

    name = "offline"

    def __init__(self, render_limit: int, timeout_seconds: float) -> None:
        OfflineText.__init__(self, render_limit)
        OfflinePictures.__init__(self, render_limit)
        OfflineFilms.__init__(self, render_limit, timeout_seconds)

    async def reachable(self) -> str | None:
        return None
