"""What stops a start."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from errors import ConfigurationError
from models.database import is_open
from services.worker.process import opened
from settings import Settings


async def test_a_process_whose_keys_open_no_session_does_not_start(
    tmp_path: Path, migrated_sqlite: bytes, data_dir: Path
) -> None:
    (tmp_path / "ekonte.sqlite3").write_bytes(migrated_sqlite)
    old, new = (Fernet.generate_key().decode() for _ in range(2))

    def keys(*of: str) -> Settings:
        return Settings(_env_file=None, data_dir=tmp_path, encryption_keys=",".join(of))

    async with opened(keys(old), with_worker=False):
        assert is_open()
    with pytest.raises(ConfigurationError, match=r"^EKONTE_ENCRYPTION_KEYS: none of the keys decrypts"):
        async with opened(keys(new), with_worker=False):
            raise AssertionError("it started")
    async with opened(keys(new, old), with_worker=False):
        assert is_open()
    assert not data_dir.exists()
