"""What a request costs in credits, before it is sent: what the same request was charged before, else the catalogue."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.enums import CreditsSource
from models.generation import CreditPrice
from models.generation_requests import GenerationRequest
from providers.pooled import GenerationOrder, ModelInfo
from services.platform.providers import pooled_provider

Models = Mapping[tuple[str, str], ModelInfo]
Learned = Mapping[str, int]
"The measured price by price_key."

MAX_CHARGES = 5
"Measured charges that make a price: few, so that a new price of upstream is followed after three tasks."
MAX_KEY_CHARACTERS = 200


@dataclass(frozen=True)
class Price:
    """credits None: unknown. key: requests with the same key cost the same; None: the provider has no pool."""

    credits: int | None = None
    source: CreditsSource | None = None
    key: str | None = None


UNKNOWN = Price()


def price_key(request: GenerationRequest, model: ModelInfo) -> str:
    """Everything that decides what upstream charges: provider, model, resolution, length and number of pictures."""
    count = request.count or (model.counts[0] if model.counts else None)
    parts = (request.provider, request.model, request.resolution, request.duration_seconds, count)
    return "/".join("" if part is None else str(part) for part in parts)[:MAX_KEY_CHARACTERS]


def catalogue_credits(request: GenerationRequest) -> int | None:
    """The catalogue's price by model, resolution or duration, and the number of pictures; None if it has none."""
    return pooled_provider(request.provider).credits_for(
        GenerationOrder(
            kind=request.kind.value,
            model=request.model,
            prompt=request.prompt,
            count=request.count,
            resolution=request.resolution,
            duration_seconds=request.duration_seconds,
        )
    )


def price_of(request: GenerationRequest, models: Models, learned: Learned) -> Price:
    """The price of a request to a pool. A measured price goes before the catalogue's, which may be out of date."""
    model = models.get((request.provider, request.model))
    if model is None:
        return UNKNOWN
    key = price_key(request, model)
    if (measured := learned.get(key)) is not None:
        return Price(measured, CreditsSource.LEARNED, key)
    known = catalogue_credits(request)
    return Price(known, None if known is None else CreditsSource.CATALOGUE, key)


@dataclass(frozen=True)
class Estimate:
    """known: the credits of the requests whose price is known. unknown_count: the number of the others; unknown_models:
    their models.
    """

    known: int = 0
    unknown_count: int = 0
    unknown_models: tuple[str, ...] = ()

    @property
    def total(self) -> int | None:
        """None where it is not known."""
        return None if self.unknown_count else self.known


def estimate_of(requests: Iterable[GenerationRequest], models: Models, learned: Learned) -> Estimate:
    """What the requests will cost together. Those that are generated without an account cost nothing."""
    known, unknown = 0, []
    for request in requests:
        if (request.provider, request.model) not in models:
            continue
        price = price_of(request, models, learned)
        if price.credits is None:
            unknown.append(request.model)
        else:
            known += price.credits
    return Estimate(known, len(unknown), tuple(sorted(set(unknown))))


def median_of(charges: Sequence[int]) -> int | None:
    """The price that measured charges teach; None for no charges. The upper one of two in the middle."""
    return statistics.median_high(charges) if charges else None


async def learned_prices() -> dict[str, int]:
    """The measured price of every price_key that has one. One statement; there is a row for each combination of model,
    resolution, length and count that was ever used.
    """
    found = {}
    for row in await CreditPrice.all():
        if (price := median_of([int(charge) for charge in row.charges])) is not None:
            found[row.key] = price
    return found
