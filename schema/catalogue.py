"""The deployment's providers and voices, and the caller's identity."""

import strawberry

from schema.context import Info
from schema.enums import Capability
from schema.fields import resolved
from services.platform.identity import Viewer as Caller


@strawberry.type(description="A provider of text, pictures, clips, speech or music.")
class Provider:
    name: str = strawberry.field(description="Its name, as inputs take it.")
    capabilities: list[Capability] = strawberry.field(description="Its capabilities.")
    is_default: list[Capability] = strawberry.field(description="The capabilities that it is the default for.")
    configured: bool = strawberry.field(description="Whether its configuration is complete.")
    reachable: bool = strawberry.field(description="Whether it can be used now.")
    message: str | None = strawberry.field(description="Why it cannot be used, as human-readable text.")


@strawberry.type(description="A voice that a speech provider has.")
class Voice:
    voice_id: str = strawberry.field(description="Its id, as inputs take it; unique within its provider.")
    name: str = strawberry.field(description="Its display name.")
    language: str | None = strawberry.field(description="The language that it speaks; null: any.")
    provider: str = strawberry.field(description="The provider of the voice.")


@strawberry.type(description="The caller's identity in the bearer token.")
class Viewer:
    owner: str = strawberry.field(description="The token's subject: the owner of all that the caller makes.")
    name: str | None = strawberry.field(description="The caller's name, if the token has one.")
    scopes: list[str] = strawberry.field(description="What the token permits beyond the caller's own objects.")

    @resolved(
        "Standard Webhooks secrets that sign the caller's callbacks, newest first; two while one is rotated out. The"
        " first is made when it is first asked for or needed. Null beside an error."
    )
    async def webhook_secrets(self, info: Info) -> list[str] | None:
        return list(await info.context.loaders.webhook_secrets_by_owner.load(info.context.owner))

    @staticmethod
    def of(caller: Caller) -> "Viewer":
        return Viewer(owner=caller.id, name=caller.name, scopes=list(caller.scopes))


@strawberry.type(description="The caller, after a change.")
class ViewerPayload:
    me: Viewer = strawberry.field(description="The caller as it is now.")
