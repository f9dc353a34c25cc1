"""The deployment's providers and voices, and the caller's identity."""

import strawberry

from schema.context import Info
from schema.enums import Capability
from schema.fields import resolved
from services.platform.identity import Viewer as Caller


@strawberry.type(description="Something that writes, draws, films or speaks.")
class Provider:
    name: str = strawberry.field(description="Its name, as inputs take it.")
    capabilities: list[Capability] = strawberry.field(description="What it can do.")
    is_default: list[Capability] = strawberry.field(description="What it does where no other is named.")
    configured: bool = strawberry.field(description="Whether it has all that it needs.")
    reachable: bool = strawberry.field(description="Whether it can be used now.")
    message: str | None = strawberry.field(description="Why it cannot, for people.")


@strawberry.type(description="A voice that a speech provider has.")
class Voice:
    id: str = strawberry.field(description="Its id, as inputs take it.")
    name: str = strawberry.field(description="Its name, for people.")
    language: str | None = strawberry.field(description="The language that it speaks; null: any.")
    provider: str = strawberry.field(description="Whose voice it is.")


@strawberry.type(description="Who the bearer token says the caller is.")
class Viewer:
    id: strawberry.ID = strawberry.field(description="The token's subject: the owner of all that the caller makes.")
    name: str | None = strawberry.field(description="The caller's name, where the token tells it.")
    scopes: list[str] = strawberry.field(description="What the token permits beyond the caller's own objects.")

    @resolved(
        "Standard Webhooks secrets that sign the caller's callbacks, newest first; two while one is rotated out. The"
        " first is made when it is first asked for or needed."
    )
    async def webhook_secrets(self, info: Info) -> list[str]:
        return list(await info.context.loaders.webhook_secrets_by_owner.load(info.context.owner))

    @staticmethod
    def of(caller: Caller) -> "Viewer":
        return Viewer(id=strawberry.ID(caller.id), name=caller.name, scopes=list(caller.scopes))


@strawberry.type(description="The caller, after a change.")
class ViewerPayload:
    me: Viewer = strawberry.field(description="The caller as it is now.")
