"""Warm accounts of the emulator, by the real client and the engine of a worker."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from models.accounts import Account
from models.enums import AccountStatus, MediaKind
from models.generation import Attempt
from providers.jimeng import JimengProvider
from services.platform.providers import registry
from services.worker.scheduling import schedule
from tests.account_factories import make_account
from tests.pool_factories import make_generation
from tests.providers.jimeng.emulator.running import running_emulator
from tests.providers.jimeng.test_client_with_emulator import Emulator
from tests.workers import worker_at_work

STATES = {"ended": "EXPIRED", "fine": "GOOD", "ended-too": "EXPIRED"}


@pytest.fixture(scope="module")
def process() -> Iterator[dict[str, str]]:
    with running_emulator("--fast") as variables:
        yield variables


@pytest.fixture
async def emulator(database: None, process: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Emulator]:
    emulator = Emulator(process)
    await emulator.control("reset", {})
    accounts = [
        {"session": session, "site": "CN", "state": state, "gift_credit": 77} for session, state in STATES.items()
    ]
    await emulator.control("accounts", {"accounts": accounts})
    provider = JimengProvider(emulator.settings, (emulator.host,))
    monkeypatch.setitem(registry(), "jimeng", provider)
    yield emulator
    await provider.close()


async def test_what_is_wrong_with_accounts_is_known_before_any_job_goes_there(emulator: Emulator) -> None:
    accounts = {session: await make_account(session=session, name=session) for session in STATES}
    async with worker_at_work(), asyncio.timeout(60):
        while await Account.filter(checked_at__isnull=True, status=AccountStatus.ACTIVE).exists():
            await asyncio.sleep(0.02)
    found = {session: await Account.get(id=account.id) for session, account in accounts.items()}
    assert {session: account.status for session, account in found.items()} == {
        "ended": AccountStatus.INACTIVE,
        "fine": AccountStatus.ACTIVE,
        "ended-too": AccountStatus.INACTIVE,
    }
    assert found["fine"].credit_balance == 77
    assert "session" in str(found["ended"].status_reason)
    assert (await emulator.control("statistics"))["requests"] == {"credit": len(STATES) + 2}, "two looked twice"
    job = await make_generation()
    await type(job).filter(id=job.id).update(params={**job.params, "provider": "jimeng", "model": "jimeng-4.5"})
    await schedule(MediaKind.IMAGE)
    assert (await Attempt.get(job_id=job.id)).account_id == found["fine"].id
