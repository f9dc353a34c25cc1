"""The runtime: one for a process, and one of its own for each test."""

import threading

import pytest

from services.platform.events import bus
from services.platform.files import storage
from services.platform.metrics.recording import metrics
from services.platform.runtime import Runtime, open_runtime, runtime


class Remembered(dict[str, int]):
    """What a module would keep."""


def test_a_runtime_that_is_opened_is_the_processs_until_its_end(own_runtime: Runtime) -> None:
    with open_runtime() as inner:
        assert runtime() is inner
        assert bus() is inner.bus
        assert metrics() is inner.metrics
    assert runtime() is own_runtime


def test_after_an_error_the_runtime_of_before_is_there_again(own_runtime: Runtime) -> None:
    with pytest.raises(ZeroDivisionError), open_runtime():
        _ = 1 / 0
    assert runtime() is own_runtime


def test_where_none_is_open_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.platform.runtime._open", None)
    with pytest.raises(RuntimeError, match="no runtime is open"):
        runtime()


def test_other_threads_find_the_same_one(own_runtime: Runtime) -> None:
    found: list[Runtime] = []
    thread = threading.Thread(target=lambda: found.append(runtime()))
    thread.start()
    thread.join()
    assert found == [own_runtime]


def test_a_module_has_one_state_in_each_runtime(own_runtime: Runtime) -> None:
    runtime().state(Remembered)["a"] = 1
    assert own_runtime.state(Remembered) is runtime().state(Remembered)
    with open_runtime():
        assert runtime().state(Remembered) == {}
    assert runtime().state(Remembered) == {"a": 1}


def test_storage_is_refused_before_it_is_open() -> None:
    with pytest.raises(RuntimeError, match="no storage is open"):
        storage()
