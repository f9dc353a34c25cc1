"""The generation models that requests can name."""

import strawberry

from models.enums import MediaKind, Site
from providers.pooled import ModelInfo
from schema import enums as enums


@strawberry.type(description="A model that makes pictures or clips.")
class Model:
    name: str = strawberry.field(description="Its name, as inputs take it.")
    kind: MediaKind = strawberry.field(description="What it makes.")
    provider: str = strawberry.field(description="Whose model it is.")
    sites: list[Site] = strawberry.field(description="The sites that have it; empty for a provider without accounts.")
    ratios: list[str] = strawberry.field(description="The ratios that it takes.")
    resolutions: list[str] = strawberry.field(
        description="The resolutions that it takes, its usual one first; empty where it takes none."
    )
    durations_seconds: list[int] = strawberry.field(
        description="The lengths that it takes, its usual one first; empty for pictures."
    )
    max_input_images: int = strawberry.field(description="How many input images it takes at most.")
    credits: int | None = strawberry.field(description="An estimate; null where upstream does not say.")
    is_default: bool = strawberry.field(description="Whether it is meant where a request of its kind names none.")
    parameters: list[str] = strawberry.field(
        description="The parameters that not every model takes and this one does, e.g. seed or negativePrompt."
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
            credits=info.credits,
            is_default=is_default,
            parameters=parameters,
        )
