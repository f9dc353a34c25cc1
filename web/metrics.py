"""/metrics on the server's own port, with EKONTE_METRICS_TOKEN as bearer token; 404 without it."""

import hmac

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from errors import UnauthenticatedError
from services.platform.identity import bearer_token
from services.worker.metrics_server import HEADERS, exposition


class MetricsRoute:
    """The endpoint /metrics: 200 with all metrics of this process, or 404."""

    def __init__(self, token: SecretStr | None) -> None:
        self._token = token

    async def answer(self, request: Request) -> Response:
        if not self._is_known(request.headers.get("authorization")):
            return Response(status_code=404)
        return Response(await exposition(), headers=HEADERS)

    def _is_known(self, authorization: str | None) -> bool:
        """Compares in constant time."""
        if self._token is None:
            return False
        try:
            given = bearer_token(authorization)
        except UnauthenticatedError:
            return False
        return given is not None and hmac.compare_digest(given.encode(), self._token.get_secret_value().encode())
