"""Warnings about environment variables that look like settings and are none: most are misspelled."""

import contextlib
import difflib
import os
from collections.abc import Iterable
from pathlib import Path

from dotenv import dotenv_values

from settings import JimengSettings, Settings
from settings.names import CLIENT_VARIABLES, ENV_PREFIX, JIMENG_PREFIX, TEST_PREFIX
from settings.reading import variable_name


def unknown_variables() -> list[str]:
    """A warning for each EKONTE_* or JIMENG_* variable of the environment and of `.env` that no setting reads."""
    env_file = Settings.model_config.get("env_file")
    in_file = dotenv_values(env_file, encoding="utf-8") if isinstance(env_file, str) else {}
    return unknown_variable_texts([*os.environ, *in_file])


def exposed_env_file() -> list[str]:
    """A warning where other users of this machine can read `.env`, which has secrets."""
    env_file = Settings.model_config.get("env_file")
    with contextlib.suppress(OSError):
        if isinstance(env_file, str) and Path(env_file).stat().st_mode & 0o044:
            return [f"{env_file} can be read by other users of this machine; chmod 600 {env_file}"]
    return []


def unknown_variable_texts(names: Iterable[str]) -> list[str]:
    """As unknown_variables, for the given names; suggests the setting with the most similar name, if there is one."""
    texts = []
    for name in sorted(set(names)):
        upper = name.upper()
        prefix = next((prefix for prefix in (ENV_PREFIX, JIMENG_PREFIX) if upper.startswith(prefix)), None)
        known = [variable for variable in _variables() if prefix is not None and variable.startswith(prefix)]
        if known and not upper.startswith(TEST_PREFIX) and upper not in (*CLIENT_VARIABLES, *known):
            # Compared without the prefix, which all names share.
            rests = [variable.removeprefix(prefix or "") for variable in known]
            nearest = difflib.get_close_matches(upper.removeprefix(prefix or ""), rests, n=1)
            suggestion = f"did you mean {prefix}{nearest[0]}?" if nearest else "docs/settings.md lists all settings."
            texts.append(f"{name} is not a setting; {suggestion}")
    return texts


def _variables() -> list[str]:
    return [variable_name(kind, name) for kind in (Settings, JimengSettings) for name in kind.model_fields]
