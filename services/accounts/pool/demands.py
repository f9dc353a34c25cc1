"""Demand keys: jobs with the same key have the same requirements and are placed without reading each of them."""

import hashlib

import orjson

from models.enums import Polling
from models.generation_requests import GenerationRequest
from providers.pooled import ModelInfo
from services.accounts.pool.choosing import Demand
from services.accounts.pool.pricing import exact_credits, expected_credits


def demand_key(request: GenerationRequest) -> str:
    """A hash of everything that decides which accounts can take a request, what it costs and how its attempt starts."""
    strategy = request.strategy
    values = [
        request.kind.value,
        request.provider,
        request.model,
        request.polling.value,
        strategy.load_balance.value,
        strategy.max_concurrent_per_account,
        sorted(strategy.account_ids),
        request.resolution,
        request.duration_seconds,
        request.ratio,
        exact_credits(request),
    ]
    return hashlib.sha256(orjson.dumps(values)).hexdigest()


def demand_of(request: GenerationRequest, models: dict[tuple[str, str], ModelInfo]) -> Demand:
    """The request's demand. An unknown cost counts as one credit."""
    strategy = request.strategy
    model = models.get((request.provider, request.model))
    cost = expected_credits(request, models)
    return Demand(
        kind=request.kind,
        model=request.model,
        sites=model.sites_for(request.ratio) if model is not None else (),
        other_sites=_other_sites(model, request.ratio) if model is not None else (),
        ratio=request.ratio,
        cost=1 if cost is None else cost,
        load_balance=strategy.load_balance,
        max_concurrent_per_account=strategy.max_concurrent_per_account,
        account_ids=frozenset(strategy.account_ids),
        is_manual=request.polling is Polling.MANUAL,
    )


def _other_sites(model: ModelInfo, ratio: str | None) -> tuple[str, ...]:
    """The sites that offer the model, but not this ratio of it."""
    able = model.sites_for(ratio)
    return tuple(site for site in model.sites if site not in able)
