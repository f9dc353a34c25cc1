"""Queries of the deployment's providers and voices."""

from typing import Annotated

import strawberry

from resolvers.fields import query
from schema.catalogue import Provider, Voice
from schema.enums import Capability
from schema.fields import given
from services.platform.providers import describe_providers
from services.platform.providers import voices as list_voices


@strawberry.type
class CatalogueQueries:
    @query("Configured providers by capability, and whether each can be reached now.")
    async def providers(self) -> list[Provider] | None:
        return [
            Provider(
                name=provider.name,
                capabilities=[Capability(name) for name in provider.capabilities],
                is_default=[Capability(name) for name in provider.default_for],
                configured=provider.is_configured,
                reachable=provider.is_reachable,
                message=provider.message,
            )
            for provider in await describe_providers()
        ]

    @query("The voices of the speech providers.")
    def voices(
        self,
        provider: Annotated[str | None, strawberry.argument(description="Only this provider's.")] = strawberry.UNSET,
        language: Annotated[
            str | None, strawberry.argument(description="Only voices that speak this language, e.g. zh.")
        ] = strawberry.UNSET,
    ) -> list[Voice] | None:
        return [
            Voice(voice_id=voice.id, name=voice.name, language=voice.language, provider=name)
            for name, voice in list_voices(given(provider), given(language))
        ]
