"""Demand keys: jobs with the same key have the same requirements and are placed without reading each of them."""

import hashlib

import orjson

from models.enums import Polling
from models.generation_requests import GenerationRequest
from providers.pooled import ModelInfo
from services.accounts.pool.choosing import Demand
from services.accounts.pool.pricing import Learned, Models, price_of


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
        request.count,
        request.ratio,
    ]
    return hashlib.sha256(orjson.dumps(values)).hexdigest()


def demand_of(request: GenerationRequest, models: Models, learned: Learned) -> Demand:
    """The request's demand. learned: the measured prices."""
    strategy = request.strategy
    model = models.get((request.provider, request.model))
    price = price_of(request, models, learned)
    return Demand(
        kind=request.kind,
        model=request.model,
        sites=model.sites_for(request.ratio) if model is not None else (),
        other_sites=_other_sites(model, request.ratio) if model is not None else (),
        ratio=request.ratio,
        cost=price.credits,
        cost_source=price.source,
        price_key=price.key,
        load_balance=strategy.load_balance,
        max_concurrent_per_account=strategy.max_concurrent_per_account,
        account_ids=frozenset(strategy.account_ids),
        is_manual=request.polling is Polling.MANUAL,
    )


def _other_sites(model: ModelInfo, ratio: str | None) -> tuple[str, ...]:
    """The sites that offer the model, but not this ratio of it."""
    able = model.sites_for(ratio)
    return tuple(site for site in model.sites if site not in able)
