"""/healthz (the process is up) and /readyz (all dependencies are available)."""

from collections.abc import Awaitable, Callable, Mapping

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

log = structlog.get_logger(__name__)

NO_STORE = {"cache-control": "no-store"}

# Checks by name (database, broker, storage, worker, migrations): None if passed, else a short public description of
# what is missing.
Readiness = Callable[[], Awaitable[Mapping[str, str | None]]]


async def healthz(request: Request) -> Response:
    return Response(orjson.dumps({"status": "up"}), media_type="application/json", headers=NO_STORE)


class ReadyRoute:
    """The endpoint /readyz: 200 with `ready` true, or 503 with the failed checks."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    async def answer(self, request: Request) -> Response:
        try:
            parts = dict(await self._readiness())
        except Exception:
            log.exception("readiness.failed")
            parts = {"readiness": "could not be determined"}
        is_ready = all(missing is None for missing in parts.values())
        body = {
            "ready": is_ready,
            "checks": {name: "ok" if missing is None else missing for name, missing in parts.items()},
            "missing": [name for name, missing in parts.items() if missing is not None],
        }
        status = 200 if is_ready else 503
        return Response(orjson.dumps(body), status_code=status, media_type="application/json", headers=NO_STORE)
