"""/healthz says that the process is up; /readyz says whether all that it needs is there, and what is missing."""

from collections.abc import Awaitable, Callable, Mapping

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

log = structlog.get_logger(__name__)

NO_STORE = {"cache-control": "no-store"}

# What is needed, by name (database, broker, storage, worker, migrations): None where it is there, else a short sentence
# about what is missing, fit for anybody to read.
Readiness = Callable[[], Awaitable[Mapping[str, str | None]]]


async def healthz(request: Request) -> Response:
    return Response(orjson.dumps({"status": "up"}), media_type="application/json", headers=NO_STORE)


class ReadyRoute:
    """The endpoint /readyz: 200 and `ready` true, or 503 with what is missing."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    async def answer(self, request: Request) -> Response:
        try:
            parts = dict(await self._readiness())
        except Exception:
            log.exception("readiness.failed")
            parts = {"readiness": "could not be found out"}
        is_ready = all(missing is None for missing in parts.values())
        body = {
            "ready": is_ready,
            "checks": {name: "ok" if missing is None else missing for name, missing in parts.items()},
            "missing": [name for name, missing in parts.items() if missing is not None],
        }
        status = 200 if is_ready else 503
        return Response(orjson.dumps(body), status_code=status, media_type="application/json", headers=NO_STORE)
