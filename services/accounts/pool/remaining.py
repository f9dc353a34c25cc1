"""What accounts can still make before their quota's reset: pure functions of snapshots, prices and measured times.

An account makes as many as the tightest of three bounds allows: its credits, its daily limit, and the time that its
slots have. A bound of which nothing is known does not count, and the result says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.enums import AccountStatus, MediaKind
from services.accounts.pool.choosing import Candidate


@dataclass(frozen=True)
class Product:
    """A model and what is known of it. price: credits for one; held_ms: how long recent ones held a slot, the wait for
    the next one included. None: unknown.
    """

    provider: str
    model: str
    kind: MediaKind
    sites: tuple[str, ...]
    price: int | None = None
    held_ms: int | None = None


@dataclass(frozen=True)
class Remaining:
    """How many can be made at most; None: no bound is known. is_known: credits are among the bounds, or change nothing,
    so that `most` is what really can be made.
    """

    most: int | None
    is_known: bool


NOTHING = Remaining(0, is_known=True)


def remaining(account: Candidate, product: Product, now_ms: int) -> Remaining:
    """What one account can make of a product until its counts are reset."""
    if account.status is not AccountStatus.ACTIVE or account.site not in product.sites:
        return NOTHING
    blocked = [cooldown.until_ms for cooldown in account.cooldowns if cooldown.concerns(product.kind, product.model)]
    left_ms = account.resets_at_ms - max(now_ms, account.exhausted_until_ms, *blocked, 0)
    bounds: list[int] = []
    if left_ms <= 0:
        bounds.append(0)
    elif product.held_ms is not None:
        bounds.append(account.slot_limit * (left_ms // max(1, product.held_ms)))
    if account.daily_limit is not None:
        bounds.append(max(0, account.daily_limit - account.used_today))
    if product.price is not None and account.credit_balance is not None and product.price > 0:
        bounds.append(max(0, account.credit_balance) // product.price)
    is_known = product.price == 0 or (product.price is not None and account.credit_balance is not None)
    most = min(bounds, default=None)
    return Remaining(most, is_known or most == 0)


@dataclass(frozen=True)
class Total:
    """Sums over accounts. at_least: of the accounts whose bounds are known. at_most: of all; None: no bound is known of
    one of them. unknown: accounts that could make some, and whose credits, or the price, are unknown. able: accounts
    that can make one or more, or may.
    """

    at_least: int = 0
    at_most: int | None = 0
    unknown: tuple[int, ...] = ()
    able: int = 0

    @property
    def count(self) -> int | None:
        """How many can be made; None if that is not known of all accounts."""
        return None if self.unknown else self.at_most


@dataclass(frozen=True)
class KindTotal:
    """total: each account makes that of its products of which it can make the most. by_product: of each product alone.
    Two products share credits, limits and slots, so what is made of one is not made of another.
    """

    total: Total
    by_product: Mapping[Product, Total]


def sum_up(accounts: Mapping[str, Sequence[Candidate]], products: Sequence[Product], now_ms: int) -> KindTotal:
    """Sums up one kind. accounts: by provider."""
    by_product: dict[Product, list[tuple[int, Remaining]]] = {}
    of_account: dict[int, list[Remaining]] = {}
    for product in products:
        found = [(account.id, remaining(account, product, now_ms)) for account in accounts.get(product.provider, ())]
        by_product[product] = found
        for account_id, each in found:
            of_account.setdefault(account_id, []).append(each)
    best = [(account_id, _best(each)) for account_id, each in of_account.items()]
    return KindTotal(_total(best), {product: _total(found) for product, found in by_product.items()})


def _best(each: Sequence[Remaining]) -> Remaining:
    """The most that an account can make of one product. It is known if no unknown product could exceed it."""
    if any(one.is_known and one.most is None for one in each):
        return Remaining(None, is_known=True)
    known = max((one.most for one in each if one.is_known and one.most is not None), default=0)
    larger = [one.most for one in each if not one.is_known and (one.most is None or one.most > known)]
    if not larger:
        return Remaining(known, is_known=True)
    return Remaining(None if None in larger else max(most for most in larger if most is not None), is_known=False)


def _total(found: Iterable[tuple[int, Remaining]]) -> Total:
    rows = list(found)
    mosts = [each.most for _, each in rows]
    return Total(
        at_least=sum(each.most for _, each in rows if each.is_known and each.most is not None),
        at_most=None if None in mosts else sum(most for most in mosts if most is not None),
        unknown=tuple(account_id for account_id, each in rows if not each.is_known),
        able=sum(each.most != 0 for _, each in rows),
    )
