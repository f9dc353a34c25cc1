from tests.pool_factories import upstream as upstream
