"""What waiting jobs want of a pool, as a key: jobs with the same key can be placed without reading each of them."""

import hashlib

import orjson

from models.enums import Polling
from providers.pooled import ModelInfo
from services.generation.requests import GenerationRequest
from services.pool.choosing import Demand


def demand_key(request: GenerationRequest) -> str:
    """A hash over all that decides which accounts can take a request, and how its attempt begins."""
    strategy = request.strategy
    values = [
        request.kind.value,
        request.provider,
        request.model,
        request.polling.value,
        strategy.load_balance.value,
        strategy.max_concurrent_per_account,
        sorted(strategy.account_ids),
    ]
    return hashlib.sha256(orjson.dumps(values)).hexdigest()


def demand_of(request: GenerationRequest, models: dict[tuple[str, str], ModelInfo]) -> Demand:
    """What a request wants of the pool. A model of unknown cost is taken to cost one credit."""
    strategy = request.strategy
    model = models.get((request.provider, request.model))
    return Demand(
        kind=request.kind,
        model=request.model,
        sites=model.sites if model is not None else (),
        cost=1 if model is None or model.credits is None else model.credits,
        load_balance=strategy.load_balance,
        max_concurrent_per_account=strategy.max_concurrent_per_account,
        account_ids=frozenset(strategy.account_ids),
        is_manual=request.polling is Polling.MANUAL,
    )
