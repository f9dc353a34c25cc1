"""Sessions at rest: sealed, opened, rotated, known again, and never shown."""

import asyncio
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from errors import ConfigurationError
from models.accounts import Account
from models.database import execute
from services.accounts.sessions import (
    FACT,
    check_encryption,
    credential_of,
    fingerprint,
    open_session,
    reseal_all,
    seal,
    session_hash_key,
)
from services.platform.keys import create_once
from services.platform.runtime import open_runtime
from services.platform.sealing import resealed
from tests.account_factories import make_account
from tests.changed_settings import change_settings

SESSION = "0123456789abcdef0123456789abcdef"
pytestmark = pytest.mark.usefixtures("either_database")


def use_keys(*keys: bytes) -> None:
    """The data_dir fixture puts the settings back."""
    secrets = tuple(SecretStr(key.decode()) for key in keys)
    change_settings(encryption_keys=secrets)


async def test_a_sealed_session_opens_and_shows_nothing() -> None:
    one, other = seal(SESSION), seal(SESSION)
    assert (open_session(one), open_session(other)) == (SESSION, SESSION)
    assert one != other
    assert SESSION not in one
    account = await make_account(session=SESSION)
    assert credential_of(account).session_id == SESSION
    assert SESSION not in repr(credential_of(account)) + repr(account) + str(account.__dict__)


async def test_the_key_of_the_data_folder_is_made_once_for_its_owner_alone(data_dir: Path) -> None:
    sealed = seal(SESSION)
    path = data_dir / "encryption.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    Fernet(path.read_bytes())
    with open_runtime():  # of another process
        assert open_session(sealed) == SESSION


def test_processes_that_start_at_once_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: create_once(tmp_path / "a.key", Fernet.generate_key), range(32)))
    assert len(found) == 1
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".key")] == ["a.key"]


async def test_the_first_key_seals_and_all_of_them_open() -> None:
    old, new = Fernet.generate_key(), Fernet.generate_key()
    use_keys(old)
    sealed = seal(SESSION)
    use_keys(new, old)
    assert open_session(sealed) == SESSION
    anew = resealed(sealed)
    assert Fernet(new).decrypt(anew.encode()).decode() == SESSION
    assert resealed(anew) == anew
    use_keys(new)
    with pytest.raises(ConfigurationError, match=r"^EKONTE_ENCRYPTION_KEYS: ") as caught:
        open_session(sealed)
    assert sealed not in str(caught.value)


async def test_fingerprints_stay_the_same_through_a_rotation() -> None:
    old, new = Fernet.generate_key(), Fernet.generate_key()
    use_keys(old)
    account = await make_account(session=SESSION)
    before = fingerprint(SESSION, await session_hash_key())
    use_keys(new, old)
    assert await reseal_all() == 1
    assert await reseal_all() == 0
    use_keys(new)
    await check_encryption()
    assert fingerprint(SESSION, await session_hash_key()) == before == account.session_hash
    assert credential_of(await Account.get(id=account.id)).session_id == SESSION


async def test_an_account_that_lost_its_session_holds_no_rotation_up() -> None:
    old, new = Fernet.generate_key(), Fernet.generate_key()
    use_keys(old)
    bare, kept = await make_account(session="f" * 32), await make_account(session=SESSION)
    await Account.filter(id=bare.id).update(session_sealed="", session_hint="")
    use_keys(new, old)
    assert await reseal_all() == 1
    use_keys(new)
    assert (await Account.get(id=bare.id)).session_sealed == ""
    assert credential_of(await Account.get(id=kept.id)).session_id == SESSION


async def test_the_hash_key_is_random_sealed_and_one_for_all_who_ask_at_once() -> None:
    found = await asyncio.gather(*(session_hash_key() for _ in range(8)))
    assert len(set(found)) == 1
    stored = await execute("SELECT value FROM deployment_fact WHERE name = ?", FACT)
    assert len(stored) == 1
    assert found[0].hex() not in stored[0]["value"]
    digest = fingerprint(SESSION, found[0])
    assert len(digest) == 64
    assert digest != fingerprint(SESSION, b"another key")


async def test_a_start_with_keys_that_open_nothing_is_refused_and_changes_nothing() -> None:
    use_keys(Fernet.generate_key())
    account = await make_account(session=SESSION)
    use_keys(Fernet.generate_key())
    with pytest.raises(ConfigurationError, match=r"^EKONTE_ENCRYPTION_KEYS: none of the keys decrypts"):
        await check_encryption()
    with pytest.raises(ConfigurationError):
        await reseal_all()
    assert (await Account.get(id=account.id)).session_sealed == account.session_sealed


async def test_a_damaged_key_file_is_named_and_stays(data_dir: Path) -> None:
    data_dir.mkdir(exist_ok=True)
    (data_dir / "encryption.key").write_text("short")
    with pytest.raises(ConfigurationError, match=r"^EKONTE_DATA_DIR: .*encryption\.key"):
        seal(SESSION)
    assert (data_dir / "encryption.key").read_text() == "short"
