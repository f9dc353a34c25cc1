"""A live terminal display, redrawn in place."""

from collections.abc import Callable, MutableSequence
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

from rich.console import Console, Group
from rich.live import Live


class HasNews(Protocol):
    @property
    def news(self) -> MutableSequence[str]: ...


V = TypeVar("V", bound=HasNews)
V_contra = TypeVar("V_contra", bound=HasNews, contravariant=True)


class Display(Protocol[V_contra]):
    """Receives changes of the view and news."""

    def __enter__(self) -> Any: ...

    def __exit__(self, *args: object) -> None: ...

    def show(self, view: V_contra) -> None: ...

    def tell(self, view: V_contra, text: str) -> None: ...


class LiveDisplay(Generic[V]):
    """draw: renders a view at a moment; it is also called between events, to update durations."""

    def __init__(self, console: Console, draw: Callable[[V, datetime], Group]) -> None:
        self._view: V | None = None
        self._draw_view = draw
        self._live = Live(console=console, refresh_per_second=5, get_renderable=self._draw)

    def __enter__(self) -> "LiveDisplay[V]":
        self._live.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._live.stop()

    def show(self, view: V) -> None:
        self._view = view

    def tell(self, view: V, text: str) -> None:
        view.news.append(text)
        self._view = view

    def _draw(self) -> Group:
        return Group() if self._view is None else self._draw_view(self._view, datetime.now(UTC))
