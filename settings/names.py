"""The environment variables of settings."""

ENV_PREFIX = "EKONTE_"
JIMENG_PREFIX = "JIMENG_"
# Not settings of the server: read by the tests, and by examples/demo.py.
TEST_PREFIX = f"{ENV_PREFIX}TEST_"
CLIENT_VARIABLES = (f"{ENV_PREFIX}TOKEN",)
