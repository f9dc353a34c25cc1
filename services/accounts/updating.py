"""Updating accounts in bulk; each is validated against its current state and succeeds or fails on its own."""

from collections.abc import Sequence
from typing import Any

from tortoise.exceptions import IntegrityError

from errors import BadInputError, ConflictError, EkonteError, not_found
from models.accounts import Account
from models.database import transaction
from models.enums import AccountStatus, DeactivatedBy
from providers.pooled import FaultKind
from services.accounts.creating import SESSION_TAKEN
from services.accounts.outcomes import Outcome, check_count
from services.accounts.releasing import release_placed
from services.accounts.rules import (
    AccountChanges,
    Place,
    changed_place,
    changed_status,
    check_name,
    hint_of,
    number_faults,
)
from services.accounts.sessions import fingerprint, seal, session_hash_key
from services.notifications.alerts.accounts import record_idle, record_reactivated
from services.platform.faults import Faults
from services.platform.not_given import NOT_GIVEN
from services.platform.sealing import resealed
from services.stores import account_cooldowns, account_faults, account_usage, accounts
from services.stores.jobs.waits import make_waiting_due

MAX_TRIES = 20
"An account in use changes often; each try reads it again."


async def update_accounts(owner: str, changes: Sequence[AccountChanges]) -> list[Outcome]:
    """Updates the accounts; returns an outcome for each, in order. Raises BadInputError for none and for more than
    1000.
    """
    check_count(changes, 1, "input", "accounts")
    hash_key = await session_hash_key()
    outcomes: list[Outcome] = []
    seen: set[int] = set()
    for change in changes:
        try:
            if change.account_id in seen:
                raise BadInputError("The account occurs twice in this request; combine its changes.", path=["id"])
            if change.account_id is not None:
                seen.add(change.account_id)
            outcomes.append(Outcome(account=await _update(owner, change, hash_key)))
        except EkonteError as error:
            outcomes.append(Outcome(error=error))
    if any(outcome.account is not None for outcome in outcomes):
        await make_waiting_due(owner)
    return outcomes


async def _update(owner: str, changes: AccountChanges, hash_key: bytes) -> Account:
    """Returns the account after the changes. Raises NotFoundError, BadInputError, or ConflictError if another account
    of the owner has the session.
    """
    if changes.account_id is None:
        raise not_found("account")
    try:
        return await transaction(lambda: _change(owner, changes, hash_key))
    except IntegrityError:
        raise ConflictError(SESSION_TAKEN, path=["sessionId"]) from None


async def _change(owner: str, changes: AccountChanges, hash_key: bytes) -> Account:
    for _ in range(MAX_TRIES):
        account = await Account.get_or_none(id=changes.account_id, owner=owner, deleted_at__isnull=True)
        if account is None:
            raise not_found("account")
        values = _changed_columns(account, changes, hash_key)
        if not values:
            return account
        if await accounts.change(account, values):
            await _apply_consequences(account, values)
            return await Account.get(id=account.id)
    raise ConflictError("The account was changed concurrently; try again.")


def _changed_columns(account: Account, changes: AccountChanges, hash_key: bytes) -> dict[str, Any]:
    """The columns to write; empty if nothing changes. Raises BadInputError."""
    values: dict[str, Any] = {}
    place = Place(account.type, account.site)
    faults = Faults()
    faults.add(*number_faults(changes))
    with faults.caught():
        if changes.name is not None:
            values["name"] = check_name(changes.name)
    with faults.caught():
        place = changed_place(account.provider, place, changes)
    with faults.caught():
        values |= changed_status(account.status, changes.status)
        if changes.status is AccountStatus.INACTIVE and account.deactivated_by is DeactivatedBy.SERVER:
            values |= {"deactivated_by": DeactivatedBy.OWNER, "look_due_at_ms": None}
    faults.check()
    if (place.type, place.site) != (account.type, account.site):
        values |= {"type": place.type, "site": place.site}
    if place.session is not None:
        values |= _session_columns(account, place.session, hash_key)
    for column in ("priority", "max_concurrent"):
        if (value := getattr(changes, column)) is not None:
            values[column] = value
    for column in ("daily_image_limit", "daily_video_limit"):
        if (limit := getattr(changes, column)) is not NOT_GIVEN:
            values[column] = limit
    if values and place.session is None:
        values["session_sealed"] = resealed(account.session_sealed)
    return values


def _session_columns(account: Account, session: str, hash_key: bytes) -> dict[str, Any]:
    """The columns of a new session. It may belong to another upstream account, so what was known about the previous one
    is reset.
    """
    columns: dict[str, Any] = {
        "session_sealed": seal(session),
        "session_hash": fingerprint(session, hash_key),
        "session_hint": hint_of(session),
    }
    if columns["session_hash"] != account.session_hash:
        columns |= {"credit_balance": None, "checked_at": None, "received_day": None, "consecutive_failures": 0}
        columns["check_due_at_ms"] = None
        if account.status is AccountStatus.INACTIVE and account.deactivated_by is DeactivatedBy.SERVER:
            columns |= {"look_due_at_ms": 0, "looks": 0}  # the new session may bring it back
    return columns


async def _apply_consequences(account: Account, values: dict[str, Any]) -> None:
    """Updates uploads, placed attempts and alerts to match the change, in the same transaction."""
    is_renewed = values.get("session_hash", account.session_hash) != account.session_hash
    if is_renewed:
        await account_usage.remove_uploads(account.id)  # upstream's file names of the previous account
        await account_cooldowns.remove_caused([account.id], FaultKind.SESSION_EXPIRED.value)
        await account_faults.remove_faults([account.id])
    if values.get("status") is AccountStatus.INACTIVE:
        await release_placed([account.id], "The account was deactivated before the request was sent.")
    if is_renewed or values.get("status") is AccountStatus.INACTIVE:
        await record_idle(account.owner, account.id)
    if is_renewed or values.get("status") is not None:
        await record_reactivated(account.owner, account.id)
