"""Inputs that list, create and update accounts."""

import strawberry

from models.enums import AccountStatus, AccountType, Site
from schema.fields import optional
from services.queries.accounts import Availability


@strawberry.input(description="Which accounts to list; all conditions hold at once.")
class AccountFilter:
    provider: list[str] | None = optional("Of one of these providers.")
    status: list[AccountStatus] | None = optional("In one of these states.")
    site: list[Site] | None = optional("On one of these sites.")
    image_availability: Availability | None = optional("With this availability for pictures, whatever its status.")
    video_availability: Availability | None = optional("With this availability for clips, whatever its status.")
    name_contains: str | None = optional("With this text in the name; case does not matter.")


@strawberry.input(
    description="site: CN for domestic accounts; for international ones the session's region prefix, else HK, unless "
    "given."
)
class NewAccountInput:
    name: str = strawberry.field(description="The caller's name for it, 1 to 200 characters.")
    provider: str | None = strawberry.field(default="jimeng", description="The provider that it is an account of.")
    type: AccountType | None = optional("Required for jimeng.")
    session_id: str = strawberry.field(
        description="The upstream session id, 1 to 4096 printable ASCII characters without spaces, ; and ,."
    )
    site: Site | None = optional("The site that it works on, if known.")
    priority: int | None = strawberry.field(
        default=100, description="0 to 1,000,000; lower is used first by the PRIORITY strategy."
    )
    max_concurrent: int | None = strawberry.field(default=3, description="The most jobs at once, 1 to 100.")
    daily_image_limit: int | None = optional("The most pictures a day; null: no limit but upstream's own.")
    daily_video_limit: int | None = optional("The most clips a day; null: no limit but upstream's own.")


@strawberry.input(description="Between 1 and 1000 accounts. Each is created or refused on its own.")
class CreateAccountsInput:
    accounts: list[NewAccountInput] = strawberry.field(description="The accounts.")
    idempotency_key: str | None = optional("Idempotency: the same key with the same input gives the same response.")


@strawberry.input(
    description="Changing type or session derives the site anew; a type and a site that do not fit are refused; a null "
    "limit removes it. BANNED cannot be set by hand. What is not given stays."
)
class AccountChangesInput:
    id: strawberry.ID = strawberry.field(description="The account.")
    name: str | None = optional("1 to 200 characters.")
    type: AccountType | None = optional("Another type.")
    session_id: str | None = optional("A new session.")
    site: Site | None = optional("Another site; the present one keeps it from being derived anew.")
    status: AccountStatus | None = optional("ACTIVE clears reason and failures; INACTIVE deactivates it.")
    priority: int | None = optional("0 to 1,000,000.")
    max_concurrent: int | None = optional("1 to 100.")
    daily_image_limit: int | None = optional("The most pictures a day; null removes the limit.")
    daily_video_limit: int | None = optional("The most clips a day; null removes the limit.")


@strawberry.input(description="Changes to 1 to 1000 accounts. Each is applied or refused on its own.")
class UpdateAccountsInput:
    accounts: list[AccountChangesInput] = strawberry.field(
        description="1 to 1000 accounts, each once, and their changes."
    )
    idempotency_key: str | None = optional("Idempotency: the same key with the same input gives the same response.")
