"""The deployment's providers and voices, and the caller's identity."""

import strawberry

from schema.callbacks import WebhookSecret
from schema.context import Info
from schema.enums import Capability
from schema.fields import resolved
from schema.scalars import Long
from services.notifications.callbacks.webhook_secrets import OpenSecret
from services.platform.identity import Viewer as Caller
from services.queries.limits import OwnerLimit as Limit


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


@strawberry.type(description="One limit of the caller's.")
class OwnerLimit:
    name: str = strawberry.field(
        description="jobs, workflows, accounts, storedBytes; connections and subscriptions, of the server process that "
        "answers; upstreamCallsPerMinute, uploadsPerMinute, redeliveriesPerMinute."
    )
    used: Long | None = strawberry.field(description="How much of it is used; null for budgets of a minute.")
    most: Long | None = strawberry.field(description="The limit; null: there is none.")

    @staticmethod
    def of(limit: Limit) -> "OwnerLimit":
        return OwnerLimit(
            name=limit.name,
            used=None if limit.used is None else Long(limit.used),
            most=None if limit.most is None else Long(limit.most),
        )


@strawberry.type(description="The caller's identity in the bearer token.")
class Viewer:
    owner: str = strawberry.field(description="The token's subject: the owner of all that the caller makes.")
    name: str | None = strawberry.field(description="The caller's name, if the token has one.")
    scopes: list[str] = strawberry.field(description="What the token permits beyond the caller's own objects.")

    @resolved(
        "The secrets that sign the caller's callbacks, newest first; two while one is rotated out. None before the "
        "first callback or rotation. Null beside an error."
    )
    async def webhook_secrets(self, info: Info) -> list[WebhookSecret] | None:
        rows = await info.context.loaders.webhook_secrets_by_owner.load(info.context.owner)
        return list(map(WebhookSecret.from_row, rows))

    @resolved("What the caller may have at once, and has now. Null beside an error.")
    async def limits(self, info: Info) -> list[OwnerLimit] | None:
        found = await info.context.loaders.limits_by_owner.load(info.context.owner)
        return [OwnerLimit.of(limit) for limit in found]

    @staticmethod
    def of(caller: Caller) -> "Viewer":
        return Viewer(owner=caller.id, name=caller.name, scopes=list(caller.scopes))


@strawberry.type(description="The caller's new signing secret.")
class RotateWebhookSecretPayload:
    me: Viewer = strawberry.field(description="The caller as it is now.")
    webhook_secret: WebhookSecret = strawberry.field(description="The new secret.")

    @resolved("The new secret itself: whsec_ and its key in base64. It is shown here only; keep it.")
    def secret(self) -> str:
        return OpenSecret(self.webhook_secret.row).text
