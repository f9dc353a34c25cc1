"""Folders that settings name: creates missing ones, and reports unusable ones in one sentence."""

import os
from pathlib import Path

from errors import ConfigurationError

DATA_DIR = "EKONTE_DATA_DIR"


def make_folder(folder: Path, variable: str = DATA_DIR) -> None:
    """Creates the folder that the variable names. Raises ConfigurationError if it cannot be created, read
    and written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unusable_folder(folder, error, variable) from None
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise unusable_folder(folder, PermissionError(), variable)


def unusable_folder(folder: Path, error: OSError, variable: str = DATA_DIR) -> ConfigurationError:
    reason = error.strerror or "permission denied"
    return ConfigurationError(f"{variable}: the folder {folder} cannot be used: {reason}.")
