"""An upstream in memory for the steps of attempts."""

from tests.pool_factories import upstream as upstream
