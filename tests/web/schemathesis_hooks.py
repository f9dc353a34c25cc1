"""What schemathesis is told about this API: values of its own scalars, and which answers are failures.

schemathesis loads this module by SCHEMATHESIS_HOOKS, in a process of its own.
"""

from typing import Any

import schemathesis
from hypothesis import strategies
from schemathesis.graphql import nodes

TIMES = ("2026-01-31T16:30:00Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-W10-1", "")

schemathesis.graphql.scalar("DateTime", strategies.sampled_from(TIMES).map(nodes.String))
schemathesis.graphql.scalar("Date", strategies.sampled_from(("2026-01-31", "2026-02-30", "")).map(nodes.String))
schemathesis.graphql.scalar("Long", strategies.integers(-(2**70), 2**70).map(nodes.Int))
schemathesis.graphql.scalar("JSON", strategies.text().map(nodes.String))
# A file comes in a multipart request only; a text in its place is refused.
schemathesis.graphql.scalar("Upload", strategies.text().map(nodes.String))

ERRORS_OF_THE_SERVER = {"INTERNAL", "STORAGE_FAILED", "QUEUE_FAILED"}


@schemathesis.check
def answers_as_promised(ctx: Any, response: Any, case: Any) -> None:
    """An answer is JSON of GraphQL's form, and its errors have codes, none of them the server's own fault."""
    assert response.status_code < 500, response.status_code
    answer = response.json()
    assert isinstance(answer, dict)
    assert answer.keys() <= {"data", "errors", "extensions"}
    assert "data" in answer or answer["errors"]
    for error in answer.get("errors", ()):
        assert isinstance(error["message"], str)
        code = error["extensions"]["code"]
        assert code not in ERRORS_OF_THE_SERVER, error
