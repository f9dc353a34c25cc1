"""Terminal display of a workflow: progress bars of its stages, parts of the current stage, and the last news."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from live_display import Display, LiveDisplay
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

MARKS = {"SUCCEEDED": "■", "RUNNING": "▣", "PENDING": "□", "FAILED": "✗", "CANCELED": "–"}
COLOURS = {"SUCCEEDED": "green", "RUNNING": "yellow", "FAILED": "red", "CANCELED": "magenta", "PAUSED": "cyan"}
SHOWN_NEWS = 4
SHOWN_NAMES = 4
PLAIN_STEP = 0.25


@dataclass(frozen=True)
class Part:
    """A result of a stage: a design, picture or clip. status: a JobStatus of the API."""

    name: str
    status: str


@dataclass
class View:
    """The displayed state. workflow: the object from the API.

    parts: the first parts of `parts_stage`. hidden_parts: number of further ones.
    """

    title: str
    workflow: dict[str, Any] | None = None
    parts: Sequence[Part] = ()
    parts_stage: str | None = None
    hidden_parts: int = 0
    news: deque[str] = field(default_factory=lambda: deque(maxlen=SHOWN_NEWS))

    @property
    def current_parts(self) -> Sequence[Part]:
        """The parts; empty if the workflow has reached another stage since they were queried."""
        return self.parts if self.workflow and self.workflow["currentStage"] == self.parts_stage else ()


def display_for(console: Console) -> Display[View]:
    """A live display in a terminal, else plain lines."""
    return LiveDisplay(console, draw) if console.is_terminal else PlainDisplay(console)


class PlainDisplay:
    """Prints a line for each news item, and for each quarter of a stage."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._reported: dict[str, float] = {}

    def __enter__(self) -> "PlainDisplay":
        return self

    def __exit__(self, *args: object) -> None:
        return None

    def show(self, view: View) -> None:
        for stage in (view.workflow or {}).get("stages", ()):
            name, progress = stage["stage"], float(stage["progress"])
            due = self._reported.get(name, -1.0) + PLAIN_STEP
            if stage["status"] == "RUNNING" and progress >= due:
                self._reported[name] = progress - progress % PLAIN_STEP
                message = (stage.get("job") or {}).get("message")
                self.tell(view, f"{name.lower()}: {progress:4.0%}{f', {message}' if message else ''}")

    def tell(self, view: View, text: str) -> None:
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)


def draw(view: View, now: datetime) -> Group:
    """Renders the view at a moment."""
    lines: list[Any] = [Text(view.title, style="bold")]
    workflow = view.workflow
    if workflow is not None:
        lines.append(stage_table(workflow, now))
        if view.current_parts:
            lines.append(Parts(view.current_parts, view.hidden_parts))
    lines += [Text(f"  {text}", style="dim") for text in view.news]
    return Group(*lines)


def stage_table(workflow: dict[str, Any], now: datetime) -> Table:
    table = Table.grid(padding=(0, 2))
    for stage in workflow["stages"]:
        status, progress = stage["status"], float(stage["progress"])
        colour = COLOURS.get(status, "dim")
        seconds = elapsed_seconds(stage, now)
        table.add_row(
            Text(f"  {MARKS.get(status, '▣')} {stage['stage'].lower()}", style=colour),
            ProgressBar(total=1, completed=progress, width=30, complete_style=colour, finished_style="green"),
            Text(f"{progress:4.0%}", style=colour),
            Text("" if seconds is None else f"{seconds:6.1f} s", style=colour),
            Text((stage.get("job") or {}).get("message") or "", style="dim", overflow="ellipsis", no_wrap=True),
        )
    return table


def elapsed_seconds(stage: dict[str, Any], now: datetime) -> float | None:
    """The duration of a stage so far, or in total; None: not started."""
    if stage["startedAt"] is None:
        return None
    end = datetime.fromisoformat(stage["finishedAt"]) if stage["finishedAt"] else now
    return max(0.0, (end - datetime.fromisoformat(stage["startedAt"])).total_seconds())


class Parts:
    """A mark for each part, wrapped into rows, and the names of running ones."""

    def __init__(self, parts: Sequence[Part], hidden: int = 0) -> None:
        self._parts = parts
        self._hidden = hidden

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        per_row = max(10, (options.max_width - 4) // 2)
        for start in range(0, len(self._parts), per_row):
            row = Text("    ")
            for part in self._parts[start : start + per_row]:
                row.append(MARKS.get(part.status, "□") + " ", style=COLOURS.get(part.status, "dim"))
            yield row
        running = [part.name for part in self._parts if part.status == "RUNNING"]
        pieces = [f"and {self._hidden} more"] if self._hidden else []
        if running:
            more = f" and {len(running) - SHOWN_NAMES} more" if len(running) > SHOWN_NAMES else ""
            pieces.append(f"at work: {', '.join(running[:SHOWN_NAMES])}{more}")
        if pieces:
            yield Text(f"    {'; '.join(pieces)}", overflow="ellipsis", no_wrap=True)
