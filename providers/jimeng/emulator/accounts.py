"""Accounts of the emulated service: credits, daily credits, limits and state."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from providers.jimeng.emulator.answers import refusal
from providers.jimeng.emulator.sites import SITES

# The day of the daily credits is Shanghai's on every site.
_SHANGHAI = timezone(timedelta(hours=8))
_USER_ID_BASE = 1_000_000_000_000
_REFUSED_BY_STATE = {"EXPIRED": "1015", "PUNISHED": "1018", "UNCONFIRMED": "4010"}
STATES = ("GOOD", *_REFUSED_BY_STATE)
_WHOLE_FIELDS = ("gift_credit", "purchase_credit", "vip_credit", "daily_gift", "image_limit", "video_limit")


@dataclass(frozen=True)
class CreditEntry:
    """An entry of the credit history; charges are negative."""

    amount: int
    at: float
    title: str
    submit_id: str = ""


@dataclass
class Account:
    """session: without the site's prefix. image_limit, video_limit: concurrent tasks. state: GOOD, EXPIRED (1015),
    PUNISHED (1018 at submit) or UNCONFIRMED (4010 at submit: a confirmation on the web page is required).
    """

    session: str
    site: str = "CN"
    gift_credit: int = 1000
    purchase_credit: int = 0
    vip_credit: int = 0
    daily_gift: int = 60
    image_limit: int = 4
    video_limit: int = 1
    state: str = "GOOD"
    user_id: int = 0
    received_on: str = ""  # the day of the last daily credits
    history: list[CreditEntry] = field(default_factory=list)

    @property
    def credit(self) -> int:
        return self.gift_credit + self.purchase_credit + self.vip_credit

    def limit_for(self, kind: str) -> int:
        return self.image_limit if kind == "IMAGE" else self.video_limit

    def check_state(self) -> None:
        """Raises Refusal if the account may not generate."""
        if self.state != "GOOD":
            raise refusal(_REFUSED_BY_STATE[self.state], why=f"the account is {self.state}")

    def charge(self, amount: int, *, now: float, title: str, submit_id: str) -> None:
        """Charges credits, those that expire first. Raises Refusal 1006 if there are too few, without charging."""
        if amount > self.credit:
            raise refusal("1006", why=f"{amount} credits needed, {self.credit} available")
        left = amount
        for purse in ("gift_credit", "vip_credit", "purchase_credit"):
            part = min(left, getattr(self, purse))
            setattr(self, purse, getattr(self, purse) - part)
            left -= part
        self.history.append(CreditEntry(-amount, now, title, submit_id))

    def refund(self, amount: int, *, now: float, submit_id: str) -> None:
        self.gift_credit += amount
        self.history.append(CreditEntry(amount, now, "refund", submit_id))

    def receive(self, now: float) -> int:
        """Receives the daily credits. Raises Refusal 34010100 if they were already received today."""
        day = datetime.fromtimestamp(now, _SHANGHAI).date().isoformat()
        if self.received_on == day:
            raise refusal("34010100", why="already received today")
        self.received_on = day
        self.gift_credit += self.daily_gift
        self.history.append(CreditEntry(self.daily_gift, now, "daily gift"))
        return self.daily_gift

    def as_mapping(self) -> dict[str, Any]:
        values = dataclasses.asdict(self)
        values.pop("history")
        return {**values, "credit": self.credit}


class AccountBook:
    """All accounts by their session."""

    def __init__(self, accounts: Iterable[Account] = ()) -> None:
        self._accounts: dict[str, Account] = {}
        self._initial: dict[str, Account] = {}
        for account in accounts:
            self._add(account)

    def _add(self, account: Account) -> None:
        account.user_id = account.user_id or _USER_ID_BASE + len(self._accounts) + 1
        self._accounts[account.session] = account
        self._initial[account.session] = dataclasses.replace(account, history=[])

    def get(self, session: str) -> Account | None:
        return self._accounts.get(session)

    def all(self) -> list[Account]:
        return list(self._accounts.values())

    def put(self, values: Mapping[str, Any]) -> Account:
        """Adds an account, or changes the given fields of an existing one. Raises ValueError for invalid values."""
        session = values.get("session")
        known = self._accounts.get(session) if isinstance(session, str) else None
        changed = account_from(values, known)
        if known is None:
            self._add(changed)
            return changed
        for name in values:
            setattr(known, name, getattr(changed, name))
        return known

    def reset(self) -> None:
        """Restores every account to its initial state."""
        initial = list(self._initial.values())
        self._accounts.clear()
        for account in initial:
            self._accounts[account.session] = dataclasses.replace(account, history=[])


def account_from(values: Mapping[str, Any], known: Account | None = None) -> Account:
    """An account from plain values, which override those of `known`. Raises ValueError with the reason."""
    session = values.get("session")
    if not isinstance(session, str) or not session:
        raise ValueError("an account needs a session")
    names = {item.name for item in dataclasses.fields(Account)} - {"history"}
    for name, value in values.items():
        if name not in names:
            raise ValueError(f"an account has no field {name}")
        is_whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        if name in (*_WHOLE_FIELDS, "user_id") and not is_whole:
            raise ValueError(f"{name} must be a whole number, at least 0")
    account = dataclasses.replace(known or Account(session), **values)
    if account.site not in SITES:
        raise ValueError(f"site must be one of {', '.join(SITES)}")
    if account.state not in STATES:
        raise ValueError(f"state must be one of {', '.join(STATES)}")
    return account


def numbered_accounts(count: int, site: str = "CN") -> list[Account]:
    """emulated-0001 and so on."""
    return [Account(f"emulated-{number:04d}", site) for number in range(1, count + 1)]
