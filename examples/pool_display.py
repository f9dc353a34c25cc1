"""Terminal display of a pool: accounts, shots, and the last news."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from live_display import Display, LiveDisplay
from pool_state import Shot, View, held_by, standing, stored_by
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.table import Column, Table
from rich.text import Text

MARKS = {"waiting": "□", "submitted": "◇", "drawing": "▣", "storing": "▼", "stored": "■", "failed": "✗"}
COLOURS = {
    "waiting": "dim", "submitted": "cyan", "drawing": "yellow",
    "storing": "magenta", "stored": "green", "failed": "red",
}  # fmt: skip
SWITCHED = "↷"
PLAIN_SECONDS = 5.0
NARROWEST_SHOT = 19
LINES_WITHOUT_ROWS = 8  # of the terminal: start message, titles, legend, empty lines
_FIRST_PART = re.compile(r"[:.] ")  # the first part of a reason, for a table


def pool_display_for(console: Console) -> Display[View]:
    """A live display in a terminal, else plain lines."""
    return LiveDisplay(console, draw) if console.is_terminal else PlainPoolDisplay(console)


class PlainPoolDisplay:
    """Prints a line for each news item, and the overall progress every five seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told_at: datetime | None = None

    def __enter__(self) -> "PlainPoolDisplay":
        return self

    def __exit__(self, *args: object) -> None:
        return None

    def show(self, view: View) -> None:
        now = datetime.now(UTC)
        if self._told_at is None or (now - self._told_at).total_seconds() >= PLAIN_SECONDS:
            self._told_at = now
            self._say(summary(view, now))

    def tell(self, view: View, text: str) -> None:
        self._say(text)

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)


def draw(view: View, now: datetime) -> Group:
    """Renders the view at a moment."""
    return Group(Text(summary(view, now), style="bold"), account_table(view, now), Shots(view), News(view))


def summary(view: View, now: datetime) -> str:
    """E.g. "12 s: 3 of 40 stored, 9 drawing, 28 waiting"."""
    counts = view.counts()
    under_way = [f"{counts[state]} {state}" for state in ("storing", "drawing", "submitted", "waiting", "failed")]
    pieces = [f"{counts['stored']} of {len(view.numbers)} stored", *(p for p in under_way if not p.startswith("0 "))]
    return f"{(now - view.started_at).total_seconds():.0f} s: {', '.join(pieces)}"


def account_table(view: View, now: datetime) -> Table:
    shots = view.shots
    held, stored = held_by(shots), stored_by(shots)
    table = Table(
        "account",
        "site",
        "slots",
        Column("tasks", justify="right"),
        Column("stored", justify="right"),
        Column("may work?", no_wrap=True),
        Column("why not", no_wrap=True, overflow="ellipsis", ratio=1),
        box=None,
        padding=(0, 2, 0, 0),
        expand=True,
        header_style="dim",
    )
    for account in view.accounts.values():
        state, why = standing(account, now)
        name = account["name"]
        colour = "green" if state == "active" else "yellow" if state.startswith("cools") else "red"
        table.add_row(
            name,
            account["site"] or "",
            _slots(held[name], account["maxConcurrent"]),
            str(account["imageCount"]),
            str(stored[name]),
            Text(state, style=colour),
            Text(_FIRST_PART.split(why, maxsplit=1)[0], style="dim"),
        )
    return table


def _slots(held: int, most: int) -> Text:
    """A mark for each slot, e.g. ▣▣□; numbers if there are many."""
    if most > 10:
        return Text(f"{held} of {most}")
    return Text("▣" * held, style="yellow").append("□" * max(0, most - held), style="dim")


class Shots:
    """All shots in columns: number, mark, account, and number of account switches."""

    def __init__(self, view: View) -> None:
        self._shots = view.shots

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text()
        columns = _shot_columns(options.max_width)
        rows = _shot_rows(len(self._shots), options.max_width)
        grid = Table.grid(*(Column(ratio=1, no_wrap=True, overflow="ellipsis") for _ in range(columns)), expand=True)
        for row in range(rows):
            grid.add_row(*(_cell(shot) for shot in self._shots[row::rows]))
        yield grid
        legend = Text()
        for state, mark in MARKS.items():
            if state != "failed":
                legend.append(f"{mark} {state}   ", style=COLOURS[state])
        yield legend.append(f"{SWITCHED} switches", style="dim")


def _shot_columns(width: int) -> int:
    return max(1, min(width // NARROWEST_SHOT, 5))


def _shot_rows(shots: int, width: int) -> int:
    return -(-shots // _shot_columns(width))


def _cell(shot: Shot) -> Text:
    cell = Text(f"{shot.number:2} ", style="dim").append(f"{MARKS[shot.state]} ", style=COLOURS[shot.state])
    left = "left " if shot.state == "waiting" and shot.account else ""
    cell.append(f"{left}{shot.account or ''}", style=COLOURS[shot.state])
    return cell.append(f" {SWITCHED}{shot.switches}", style="dim") if shot.switches else cell


class News:
    """The newest news items that fit into the terminal."""

    def __init__(self, view: View) -> None:
        self._view = view

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = len(self._view.accounts) + _shot_rows(len(self._view.numbers), options.max_width)
        room = console.size.height - rows - LINES_WITHOUT_ROWS
        if room > 0:
            yield Text()
            for text in list(self._view.news)[-room:]:
                yield Text(text, style="dim", overflow="ellipsis", no_wrap=True)


def account_summary(accounts: Sequence[dict[str, Any]]) -> str:
    """A line with the account names, for the start."""
    return ", ".join(f"{account['name']} ({account['site']})" for account in accounts)
