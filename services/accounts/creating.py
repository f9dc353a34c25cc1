"""Creating accounts in bulk; each is validated and inserted, or refused, on its own."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio.to_thread

from errors import BadInputError, ConflictError, EkonteError, shortened
from models.accounts import Account
from models.ids import new_id
from providers.pooled import PooledProvider
from services.accounts.outcomes import Outcome, check_count, live_accounts
from services.accounts.rules import NewAccount, Place, check_name, hint_of, number_faults, place_of
from services.accounts.sessions import fingerprint, seal, session_hash_key
from services.platform.faults import Faults
from services.platform.idempotency import once_each
from services.platform.providers import registry
from services.platform.quotas import Quota, reserve
from services.stores import accounts
from services.stores.jobs.waits import make_waiting_due

SESSION_TAKEN = "An account with this session already exists."


@dataclass(frozen=True)
class _Draft:
    """A valid account; whether its session is new is decided at the insert."""

    index: int
    requested: NewAccount = field(repr=False)
    name: str
    place: Place
    session_hash: str

    def row(self, owner: str, session_sealed: str) -> Account:
        return Account(
            id=new_id(),
            owner=owner,
            name=self.name,
            provider=self.requested.provider,
            type=self.place.type,
            site=self.place.site,
            session_sealed=session_sealed,
            session_hash=self.session_hash,
            session_hint=hint_of(self.place.session or ""),
            priority=self.requested.priority,
            max_concurrent=self.requested.max_concurrent,
            daily_image_limit=self.requested.daily_image_limit,
            daily_video_limit=self.requested.daily_video_limit,
        )


async def create_accounts(owner: str, requested: Sequence[NewAccount], idempotency_key: str | None) -> list[Outcome]:
    """Creates accounts; returns an outcome for each, in order. The same idempotency key returns the same outcomes.

    Raises BadInputError for no or more than 1000 accounts, QuotaExceededError if they were too many with those that the
    owner has, and ConflictError if the idempotency key was used with other
    input.
    """
    check_count(requested, 1, "input", "accounts")
    hash_key = await session_hash_key()
    drafts, errors = _check_all(requested, hash_key)
    sealed = await anyio.to_thread.run_sync(lambda: [seal(draft.place.session or "") for draft in drafts])

    async def insert() -> list[int | None]:
        await reserve(Quota.ACCOUNTS, owner, len(drafts), path=["input", "accounts"])
        rows = {draft.index: draft.row(owner, text) for draft, text in zip(drafts, sealed, strict=True)}
        inserted = await _insert(list(rows.values()))
        if inserted:
            accounts.publish(owner)
            await make_waiting_due(owner)
        ids = [rows[index].id if index in rows else None for index in range(len(requested))]
        return [account_id if account_id in inserted else None for account_id in ids]

    values = {"accounts": [_comparable(account, hash_key) for account in requested]}
    ids = await once_each(owner, "createAccounts", idempotency_key, values, insert)
    rows = await live_accounts(owner, [account_id for account_id in ids if account_id is not None])
    return [_outcome(errors.get(index), account_id, rows) for index, account_id in enumerate(ids)]


def _outcome(error: EkonteError | None, account_id: int | None, rows: dict[int, Account]) -> Outcome:
    if error is not None:
        return Outcome(error=error)
    if account_id is None:
        return Outcome(error=ConflictError(SESSION_TAKEN, path=["sessionId"]))
    if account_id not in rows:
        return Outcome(error=ConflictError("The account created under this idempotency key has been deleted."))
    return Outcome(account=rows[account_id])


def _check_all(requested: Sequence[NewAccount], hash_key: bytes) -> tuple[list[_Draft], dict[int, EkonteError]]:
    """The valid accounts, and the errors of the others by their index."""
    drafts: list[_Draft] = []
    errors: dict[int, EkonteError] = {}
    first_places: dict[tuple[str, str], int] = {}
    for index, account in enumerate(requested):
        try:
            draft = _check(index, account, hash_key)
            first = first_places.setdefault((account.provider, draft.session_hash), index)
            if first != index:
                raise ConflictError(f"accounts[{first}] of this request has the same session.", path=["sessionId"])
            drafts.append(draft)
        except EkonteError as error:
            errors[index] = error
    return drafts, errors


def _check(index: int, account: NewAccount, hash_key: bytes) -> _Draft:
    faults = Faults()
    name, place = account.name, None
    with faults.caught():
        name = check_name(account.name)
    with faults.caught():
        check_provider(account.provider)
    faults.add(*number_faults(account))
    with faults.caught():
        place = place_of(account.provider, account.type, account.session, account.site)
    faults.check()
    assert place is not None  # else it is among the faults
    return _Draft(index, account, name, place, fingerprint(place.session or "", hash_key))


def check_provider(name: str) -> None:
    """Raises BadInputError, listing the available names, for a provider that is not configured or has no accounts."""
    pooled = sorted(known for known, provider in registry().items() if isinstance(provider, PooledProvider))
    if name not in pooled:
        available = ", ".join(pooled) or "none"
        raise BadInputError(
            f"No provider {shortened(name)!r} with accounts. Available: {available}.", path=["provider"]
        )


async def _insert(rows: list[Account]) -> set[int]:
    """Inserts the accounts whose session is new; returns their ids. In the caller's transaction."""
    if not rows:
        return set()
    await accounts.insert(rows)
    return {row.id for row in await Account.filter(id__in=[row.id for row in rows]).only("id")}


def _comparable(account: NewAccount, hash_key: bytes) -> dict[str, object]:
    """The input as stored with the idempotency key: with a hash of the session instead of the session."""
    values = dataclasses.asdict(account)
    values["session"] = fingerprint(account.session, hash_key)
    return values
