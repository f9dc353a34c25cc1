"""What a refusal for want of credits means, once the balance is known.

Upstream gives one code for two cases: the account has too few credits, or its plan does not include the model. One look
at the balance tells which. Until then only that model waits on the account (a cooldown with the cause OUT_OF_CREDIT).
"""

from datetime import UTC, datetime
from enum import StrEnum

from models.accounts import Account, AccountCooldown
from models.database import execute, now_ms
from models.enums import MediaKind
from models.ids import EPOCH_MS
from providers.pooled import FaultKind
from services.accounts.pool.account_updates import CREDIT_HOLD_SECONDS, cool_for, exhaust
from services.accounts.pool.cooling import BRIEF_SECONDS, PERMISSION_COOLDOWN_SECONDS
from services.accounts.pool.quota import quota_day
from services.stores import account_cooldowns, accounts
from services.stores.account_cooldowns import Cause
from settings import get_settings

LACKING = "LACKING_CREDITS"
"The cause of a model's cooldown on an account that lacks the credits for it and can still receive today's."
TAKEN_WINDOW_MS = 3_600_000
"A task of the model that another job got through within this time shows that the account's plan includes it."


class Meaning(StrEnum):
    NOT_IN_PLAN = "NOT_IN_PLAN"  # the credits suffice: only the model cools
    RECEIVE = "RECEIVE"  # they do not: today's free credits are received first
    LACKING = "LACKING"  # they do not, and today's have been received


def meaning_of(balance: int, needed: int | None, *, can_receive: bool) -> Meaning:
    """What a refusal means. needed: the price of what was refused; None: unknown, then any credits suffice."""
    if balance > 0 if needed is None else balance >= needed:
        return Meaning.NOT_IN_PLAN
    return Meaning.RECEIVE if can_receive else Meaning.LACKING


async def settle_credit_refusals(account_id: int, balance: int, *, random: float) -> None:
    """Decides what the account's refusals for want of credits mean, by the balance that upstream has just told; and
    ends the wait for credits that have come. In the caller's transaction. random: from 0 to 1, for jitter.
    """
    causes = (FaultKind.OUT_OF_CREDIT.value, LACKING)
    refusals = await AccountCooldown.filter(account_id=account_id, cause__in=causes)
    if not refusals:
        return
    account = await Account.get(id=account_id)
    can_receive = account.received_day != quota_day(datetime.now(UTC), get_settings().timezone)
    await account_cooldowns.remove_caused([account_id], LACKING)
    await account_cooldowns.remove_caused([account_id], FaultKind.OUT_OF_CREDIT.value)
    for refusal in refusals:
        meaning = meaning_of(balance, refusal.credits_needed, can_receive=can_receive)
        if refusal.cause == LACKING and meaning is Meaning.NOT_IN_PLAN:
            continue  # the credits have come: the next job tries
        await _apply(refusal, balance, meaning, random)
    await accounts.touch(account_id)


async def _apply(refusal: AccountCooldown, balance: int, meaning: Meaning, random: float) -> None:
    account_id, kind = refusal.account_id, MediaKind(refusal.kind)
    if meaning is Meaning.NOT_IN_PLAN and await _takes_others(refusal):
        reason = (
            f"Upstream says that the credits do not suffice for {refusal.model}, although the account has {balance} and"
            " takes other tasks of it."
        )
        cause = Cause(FaultKind.NO_PERMISSION.value, refusal.cause_job_id)
        await cool_for(account_id, kind.value, refusal.model, reason, BRIEF_SECONDS, cause)
    elif meaning is Meaning.NOT_IN_PLAN:
        reason = (
            f"Upstream says that the credits do not suffice for {refusal.model}, although the account has {balance};"
            " perhaps the model is not part of its plan."
        )
        cause = Cause(FaultKind.NO_PERMISSION.value, refusal.cause_job_id)
        seconds = PERMISSION_COOLDOWN_SECONDS * (1 + 0.2 * random)
        await cool_for(account_id, kind.value, refusal.model, reason, seconds, cause)
    elif meaning is Meaning.RECEIVE:
        reason = (
            f"The account has {balance} credits, too few for {refusal.model}; today's free credits are received first."
        )
        cause = Cause(LACKING, refusal.cause_job_id, refusal.credits_needed)
        await cool_for(account_id, kind.value, refusal.model, reason, CREDIT_HOLD_SECONDS, cause)
        await accounts.want_credits([account_id])
    elif balance == 0 or refusal.credits_needed is None:
        await exhaust(account_id, kind, datetime.now(UTC))
    # Else the balance itself keeps away what it does not suffice for, until the quota's reset.


async def _takes_others(refusal: AccountCooldown) -> bool:
    """Whether the account has lately taken tasks of the model for other jobs than the refused one: the refusal is then
    about that job, or passing, and not about the account's plan.
    """
    since_ms = await now_ms() - TAKEN_WINDOW_MS
    rows = await execute(
        "SELECT id FROM attempt WHERE account_id = ? AND id > ? AND kind = ? AND model = ? AND job_id <> ?"
        " AND accepted_at_ms > ? AND (state <> 'ENDED' OR outcome = 'SUCCEEDED') LIMIT 1",
        refusal.account_id,
        max(0, since_ms - TAKEN_WINDOW_MS - EPOCH_MS) << 22,
        refusal.kind,
        refusal.model,
        refusal.cause_job_id or 0,
        since_ms,
    )
    return bool(rows)
