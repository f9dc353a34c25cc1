"""The generation models that requests can name."""

import strawberry

from models.enums import MediaKind, Site
from providers.pooled import ModelInfo
from providers.pooled import ReferenceLimits as Limits
from schema import enums as enums


@strawberry.type(description="How many references a model takes.")
class ReferenceLimits:
    max_pictures: int = strawberry.field(description="The most pictures.")
    max_films: int = strawberry.field(description="The most films.")
    max_total: int = strawberry.field(description="The most references, pictures and films together.")
    max_film_seconds: float = strawberry.field(description="The greatest length of all films together.")

    @staticmethod
    def maybe(limits: Limits | None) -> "ReferenceLimits | None":
        if limits is None:
            return None
        return ReferenceLimits(
            max_pictures=limits.max_pictures,
            max_films=limits.max_films,
            max_total=limits.max_total,
            max_film_seconds=limits.max_film_seconds,
        )


@strawberry.type(description="A model that makes pictures or clips.")
class Model:
    name: str = strawberry.field(description="Its name, as inputs take it.")
    kind: MediaKind = strawberry.field(description="What it makes.")
    provider: str = strawberry.field(description="The provider of the model.")
    sites: list[Site] = strawberry.field(description="The sites that have it; empty for a provider without accounts.")
    ratios: list[str] = strawberry.field(description="The ratios that it supports.")
    resolutions: list[str] = strawberry.field(
        description="The resolutions that it supports, its default first; empty where it takes none."
    )
    durations_seconds: list[int] = strawberry.field(
        description="The lengths that it supports, its default first; empty for pictures."
    )
    max_input_images: int = strawberry.field(description="The most input images that it accepts.")
    references: ReferenceLimits | None = strawberry.field(
        description="The references that it takes: named pictures and films; null where it takes none."
    )
    counts: list[int] = strawberry.field(
        description="The numbers of pictures that one request can make, its default first; empty for clips."
    )
    credits: int | None = strawberry.field(
        description="The catalogue's price of a request with the default values; null where it knows none."
    )
    is_default: bool = strawberry.field(description="Whether it is the default for its kind.")
    parameters: list[str] = strawberry.field(
        description="The optional parameters that it supports, e.g. seed or negativePrompt."
    )

    @staticmethod
    def of(info: ModelInfo, is_default: bool, parameters: list[str]) -> "Model":
        return Model(
            name=info.name,
            kind=MediaKind(info.kind),
            provider=info.provider,
            sites=[Site(site) for site in info.sites],
            ratios=list(info.ratios),
            resolutions=list(info.resolutions),
            durations_seconds=list(info.durations_seconds),
            max_input_images=info.max_input_images,
            references=ReferenceLimits.maybe(info.references),
            counts=list(info.counts),
            credits=info.credits,
            is_default=is_default,
            parameters=parameters,
        )
