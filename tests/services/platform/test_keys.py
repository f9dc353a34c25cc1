"""Keys: one for each purpose, and the local secret."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from errors import ConfigurationError
from services.platform.keys import KEY_BYTES, LOCAL_KEY_FILE, KeyPurpose, derive_key, load_keys, local_secret
from settings import Settings

SECRET = "correct horse battery staple, twice over"


def settings(data_dir: Path, **values: Any) -> Settings:
    return Settings(_env_file=None, data_dir=data_dir, **values)


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = {derive_key(SECRET.encode(), purpose) for purpose in KeyPurpose}
    assert len(keys) == len(KeyPurpose)
    assert all(len(key) == KEY_BYTES for key in keys)
    assert SECRET.encode() not in keys


def test_the_same_secret_gives_the_same_keys_everywhere(tmp_path: Path) -> None:
    one, other = (load_keys(settings(tmp_path / name, secret=SECRET)) for name in ("a", "b"))
    assert one == other
    assert not (tmp_path / "a").exists()


def test_without_a_secret_one_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = load_keys(settings(tmp_path / "new")), load_keys(settings(tmp_path / "new"))
    path = tmp_path / "new" / LOCAL_KEY_FILE
    assert first == second
    assert first.tokens is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    assert load_keys(settings(tmp_path / "other")) != first


def test_processes_that_start_at_once_get_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: local_secret(tmp_path), range(32)))
    assert len(found) == 1


def test_a_damaged_secret_is_not_used(tmp_path: Path) -> None:
    (tmp_path / LOCAL_KEY_FILE).write_bytes(b"short")
    with pytest.raises(ValueError, match="not a key"):
        local_secret(tmp_path)
    with pytest.raises(ConfigurationError, match=r"^EKONTE_DATA_DIR: .*not a key"):
        load_keys(settings(tmp_path))
    assert (tmp_path / LOCAL_KEY_FILE).read_bytes() == b"short"


def test_a_data_folder_that_cannot_be_one_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"^EKONTE_DATA_DIR: the folder .*/file cannot be used: "):
        load_keys(settings(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "mine"


def test_keys_do_not_show_themselves(tmp_path: Path) -> None:
    assert repr(load_keys(settings(tmp_path, secret=SECRET))) == "Keys()"
