"""The default account strategy of requests."""

from models.enums import LoadBalance, RateLimitHandling
from models.generation_requests import AccountStrategy
from settings import get_settings


def default_strategy() -> AccountStrategy:
    """The strategy from the deployment's settings."""
    settings = get_settings()
    return AccountStrategy(
        load_balance=LoadBalance(settings.load_balance),
        max_concurrent_per_account=settings.max_concurrent_per_account,
        auto_switch_on_failure=settings.auto_switch_on_failure,
        rate_limit_handling=RateLimitHandling(settings.rate_limit_handling),
        max_attempts=settings.max_attempts,
    )
