"""The offline provider's text capability: runs the prose-to-script engine in a worker process."""

from media.processes import run_in_worker
from media.worker import report_progress
from providers.base import Progress, ScriptDraft, ScriptOrder, ignore_progress
from providers.offline.writing import write_script

_BASE_SECONDS = 60.0
_SECONDS_PER_CHARACTER = 0.001


class OfflineText:
    """The text capability. render_limit: the most worker processes at once on this machine."""

    text_models = ("offline-writing",)
    text_languages = ("zh", "en")

    def __init__(self, render_limit: int) -> None:
        self.render_limit = render_limit

    async def write_script(self, order: ScriptOrder, progress: Progress = ignore_progress) -> ScriptDraft:
        """Writes the script of order.text; progress follows the chapters. Cancelling kills the worker process."""
        return await run_in_worker(
            _write_and_report,
            order,
            limit=self.render_limit,
            timeout_seconds=_BASE_SECONDS + _SECONDS_PER_CHARACTER * len(order.text),
            progress=progress,
        )


def _write_and_report(order: ScriptOrder) -> ScriptDraft:
    return write_script(order, report_progress)
