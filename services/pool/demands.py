"""What waiting jobs want of a pool, as a key: jobs with the same key can be placed without reading each of them."""

import hashlib

import orjson

from services.generation.requests import GenerationRequest


def demand_key(request: GenerationRequest) -> str:
    """A hash over all that decides which accounts can take a request."""
    strategy = request.strategy
    values = [
        request.kind.value,
        request.provider,
        request.model,
        strategy.load_balance.value,
        strategy.max_concurrent_per_account,
        sorted(strategy.account_ids),
    ]
    return hashlib.sha256(orjson.dumps(values)).hexdigest()
