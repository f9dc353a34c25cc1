"""Workers that serve some queues only: each does the work of its own messages, and nothing else."""

from typing import Any

from tests.acceptance import stories
from tests.acceptance.conftest import Deploy
from tests.acceptance.deployment import SCALED
from tests.acceptance.filming import check_logs, until

CREATE = "mutation ($input: CreateScriptInput!) { createScript(input: $input) { job { id } } }"
JOB = "query ($id: ID!) { job(id: $id) { status } }"
WORKERS = "{ systemStatus { workers { queues } } }"


async def test_a_worker_for_one_queue_leaves_the_work_of_others_to_theirs(deploy: Deploy) -> None:
    deployment = deploy(SCALED, is_started=False)
    deployment.start_server()
    deployment.start_worker("planning")
    async with deployment.client() as client:
        job_id = (await client.do(CREATE, input={"inputContent": stories.ENGLISH}))["job"]["id"]

        async def builds() -> list[dict[str, Any]]:
            return await deployment.rows("SELECT status, tries FROM job WHERE role = 'BUILD'")

        await until("the stage is planned", builds)
        assert [(row["status"], row["tries"]) for row in await builds()] == [("PENDING", 0)]
        deployment.start_worker("text")

        async def succeeded() -> bool:
            return bool((await client.do(JOB, id=job_id))["status"] == "SUCCEEDED")

        await until("the script is written", succeeded)
    assert [row["status"] for row in await builds()] == ["SUCCEEDED"]
    check_logs(deployment)
