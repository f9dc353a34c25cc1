"""The real server or worker, but that it kills itself at a named point of a generation: for tests that look at what
is paid, stored and lost then. The product knows nothing of it: named functions are wrapped when the process starts.

`python -m tests.acceptance.kill_points` is `python server.py`; `tests.acceptance.kill_points:broker` is `tasks` for
dramatiq. KILL_POINT names the point, KILL_AT which arrival there is the last one (1), KILL_MARKS a file that gets a
line before the end, KILL_GATE one without which nothing counts: until it is there, the process is only starting. The
point `seconds` ends the process after KILL_AT seconds, wherever it is then.
"""

import asyncio
import functools
import importlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

GENERATE_PATH = "/mweb/v1/aigc_draft/generate"
ANSWER_SECONDS = 0.4
"Until the process ends whose request has been written; the emulator's answer has to take longer."
TIMED = "seconds"


@dataclass(frozen=True)
class Point:
    """Before or after a call of `owner.function`; owner: a module, or a class in one. path: for calls of upstream, only
    those to that path (the second argument). delay_seconds: after the call was begun; it goes on meanwhile.
    """

    owner: str
    function: str
    is_after: bool = False
    path: str | None = None
    delay_seconds: float | None = None


_SUBMIT, _FINISH, _STATES = (f"services.generation.{name}" for name in ("submitting", "finishing", "states"))
_CALLER = "providers.jimeng.calling:Caller"

POINTS: dict[str, Point] = {
    "placed, not committed": Point("services.accounts.pool.scheduling", "start_generations", is_after=True),
    "before the upload": Point("providers.jimeng.client:JimengProvider", "upload"),
    "after the upload": Point("providers.jimeng.client:JimengProvider", "upload", is_after=True),
    "before mark_sent": Point(_SUBMIT, "mark_sent"),
    "after mark_sent": Point(_SUBMIT, "mark_sent", is_after=True),
    "before the request": Point(_CALLER, "post", path=GENERATE_PATH),
    "before the answer": Point(_CALLER, "post", path=GENERATE_PATH, delay_seconds=ANSWER_SECONDS),
    "after the answer": Point(_CALLER, "post", is_after=True, path=GENERATE_PATH),
    "before record_acceptance": Point(_SUBMIT, "record_acceptance"),
    "accepted, not committed": Point(_SUBMIT, "record_accepted", is_after=True),
    "after record_acceptance": Point(_SUBMIT, "record_acceptance", is_after=True),
    "before record_done": Point(_STATES, "record_done"),
    "after record_done": Point(_STATES, "record_done", is_after=True),
    "before the download": Point(_FINISH, "_fetch"),
    "between download and store": Point(_FINISH, "result_infos"),
    "between two files": Point(_FINISH, "store_file", is_after=True),
    "between store and publish": Point(_FINISH, "publish_attempt"),
    "published, not committed": Point(_FINISH, "publish_result", is_after=True),
    "after publish": Point(_FINISH, "publish_attempt", is_after=True),
}
"In the order in which a generation comes by."


def arm(name: str, at: float, is_open: Callable[[], bool], end: Callable[[], None]) -> None:
    """Wraps the point's function: `end` is called when it is reached for the `at`th time since `is_open`. Raises
    KeyError and AttributeError for what there is not.
    """
    if name == TIMED:
        threading.Thread(target=_end_in_time, args=(at, is_open, end), daemon=True).start()
        return
    point = POINTS[name]
    module, _, inner = point.owner.partition(":")
    owner = importlib.import_module(module)
    owner = getattr(owner, inner) if inner else owner
    setattr(owner, point.function, _wrapped(getattr(owner, point.function), point, int(at), is_open, end))


def _end_in_time(seconds: float, is_open: Callable[[], bool], end: Callable[[], None]) -> None:
    while not is_open():
        time.sleep(0.01)
    time.sleep(seconds)
    end()


def _wrapped(function: Any, point: Point, at: int, is_open: Callable[[], bool], end: Callable[[], None]) -> Any:
    arrivals = 0

    @functools.wraps(function)
    async def wrapped(*values: Any, **named: Any) -> Any:
        nonlocal arrivals
        is_meant = (point.path is None or point.path in values) and is_open()
        if is_meant and not point.is_after:
            arrivals += 1
            if arrivals >= at:
                if point.delay_seconds is None:
                    end()
                else:
                    asyncio.get_running_loop().call_later(point.delay_seconds, end)
        result = await function(*values, **named)
        if is_meant and point.is_after:
            arrivals += 1
            if arrivals >= at:
                end()
        return result

    return wrapped


def _end_process_group() -> None:
    """SIGKILL for this process and, of a worker, Dramatiq's own parent: nothing is tidied up."""
    line = json.dumps({"point": os.environ["KILL_POINT"], "pid": os.getpid()})
    with open(os.environ["KILL_MARKS"], "a", encoding="utf-8") as marks:  # noqa: PTH123 - opened at the last moment
        marks.write(line + "\n")
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _arm_by_environment() -> None:
    if name := os.environ.get("KILL_POINT"):
        gate = os.environ["KILL_GATE"]
        arm(name, float(os.environ.get("KILL_AT", "1")), lambda: os.path.exists(gate), _end_process_group)  # noqa: PTH110


def __getattr__(name: str) -> Any:
    """`broker`, when Dramatiq asks for it in the process that does the work."""
    if name != "broker":
        raise AttributeError(name)
    from tasks import broker

    _arm_by_environment()
    return broker


if __name__ == "__main__":
    from server import main

    _arm_by_environment()
    sys.exit(main(sys.argv[1:]))
