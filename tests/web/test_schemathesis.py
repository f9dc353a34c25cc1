"""schemathesis, unchanged, against a real server: some hundred operations made from its schema, always the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.web.processes import REPOSITORY, running_server

EXAMPLES_OF_EACH = 4
HOOKS = Path(__file__).with_name("schemathesis_hooks.py")


@pytest.mark.timeout(600)
def test_nothing_that_schemathesis_makes_is_internal(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    program = (str(REPOSITORY / "server.py"), "--no-worker")
    with running_server(tmp_path / "data", program=program) as server:
        command = [sys.executable, "-m", "schemathesis.cli", "run", server.graphql, "--no-color", "--warnings", "off"]
        command += ["--phases", "fuzzing", "--max-examples", str(EXAMPLES_OF_EACH), "--generation-deterministic"]
        command += ["--checks", "answers_as_promised", "--suppress-health-check", "all", "--request-timeout", "60"]
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS)}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        server.end()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "graphql.unexpected_error" not in "".join(server.log)
