"""The health of an account."""

import strawberry

from services.accounts.pool import health
from services.accounts.pool.health import HealthReasonCode


@strawberry.type(description="One thing that speaks against an account.")
class AccountHealthReason:
    code: HealthReasonCode = strawberry.field(description="What it is.")
    message: str = strawberry.field(description="The same, as human-readable text.")
    weight: float = strawberry.field(description="By how much it lowers the score, from 0 to 1.")


@strawberry.type(
    description="How well an account does: 1 less the weights of all that speaks against it, at least 0. It decides "
    "nothing; docs/pool.md has the formula."
)
class AccountHealth:
    score: float = strawberry.field(description="From 0, useless, to 1, well.")
    reasons: list[AccountHealthReason] = strawberry.field(description="What speaks against it, the heaviest first.")

    @staticmethod
    def of(found: health.Health) -> "AccountHealth":
        reasons = [
            AccountHealthReason(code=each.code, message=each.message, weight=each.weight) for each in found.reasons
        ]
        return AccountHealth(score=found.score, reasons=reasons)
