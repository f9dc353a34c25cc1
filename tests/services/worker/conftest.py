from tests.services.platform.metrics.conftest import own_metrics as own_metrics
from tests.services.platform.metrics.conftest import value as value
