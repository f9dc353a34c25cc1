"""All configuration, read once from the environment and from `.env`; docs/settings.md has the table.

Variables have the prefix EKONTE_, those of JimengSettings have none. An invalid value stops the start with an error
that names its variable; a variable that no setting reads is reported as a warning.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from settings.deployment import Settings
from settings.jimeng import JimengSettings
from settings.reading import read_jimeng_settings, read_settings

__all__ = [
    "JimengSettings",
    "Settings",
    "get_jimeng_settings",
    "get_settings",
    "overridden_settings",
    "read_jimeng_settings",
    "read_settings",
    "use_settings",
]


@dataclass
class _InUse:
    """The settings of this process; None: not read yet. Every layer needs them, before anything is open, so they are
    kept here and not in the runtime (services/platform/runtime.py).
    """

    settings: Settings | None = None
    jimeng: JimengSettings | None = None


_in_use = _InUse()


def get_settings() -> Settings:
    """This process's settings: those given to use_settings, else read from the environment at first use."""
    if _in_use.settings is None:
        _in_use.settings = read_settings()
    return _in_use.settings


def get_jimeng_settings() -> JimengSettings:
    """As get_settings, for JimengSettings."""
    if _in_use.jimeng is None:
        _in_use.jimeng = read_jimeng_settings()
    return _in_use.jimeng


def use_settings(settings: Settings) -> None:
    """Makes get_settings() return these: the environment's, with the options of the command line."""
    _in_use.settings = settings


@contextlib.contextmanager
def overridden_settings(settings: Settings | None = None) -> Iterator[None]:
    """Within the context get_settings() returns these; None: they are read again at first use. On exit Settings and
    JimengSettings are restored, whatever was given to use_settings meanwhile. For tests; may be nested.
    """
    before = (_in_use.settings, _in_use.jimeng)
    _in_use.settings, _in_use.jimeng = settings, None
    try:
        yield
    finally:
        _in_use.settings, _in_use.jimeng = before
