"""The store of scripts: their states, and what a draft leaves of a former one."""

import pytest

from models.enums import SCRIPT_TRANSITIONS, JobStatus
from models.scripts import Script, ScriptScene, ScriptShot
from services.stores import scripts
from services.stores.transitions import ForbiddenTransitionError
from tests.factories import make_script
from tests.services.film.workflow.fakes import draft

PENDING, RUNNING, SUCCEEDED, FAILED, CANCELED = JobStatus


def test_the_table_holds_what_scripts_do_and_nothing_else() -> None:
    does = {(PENDING, RUNNING), (FAILED, RUNNING), (CANCELED, RUNNING)}  # its job has its first turn
    does |= {(RUNNING, SUCCEEDED)}
    does |= {(old, new) for old in (PENDING, RUNNING, FAILED, CANCELED) for new in (FAILED, CANCELED) if old is not new}
    assert does == {(old, new) for old, allowed in SCRIPT_TRANSITIONS.items() for new in allowed}


async def test_every_change_of_the_table_is_written_and_every_other_refused(either_database: str) -> None:
    script = await make_script()
    for old in JobStatus:
        for new in JobStatus:
            await Script.filter(id=script.id).update(status=old)
            if new in SCRIPT_TRANSITIONS[old]:
                assert await scripts.transition(script.id, to=new, expected=[old])
                assert (await Script.get(id=script.id)).status is new
            else:
                with pytest.raises(ForbiddenTransitionError):
                    await scripts.transition(script.id, to=new, expected=[old])
                assert (await Script.get(id=script.id)).status is old


async def test_a_draft_replaces_the_former_one(either_database: str) -> None:
    script, other = await make_script(), await make_script()
    await scripts.write_draft(other.id, draft(2))
    await scripts.write_draft(script.id, draft(5))
    await scripts.write_draft(script.id, draft(3))
    assert [shot.number for shot in await ScriptShot.filter(script_id=script.id).order_by("number")] == [1, 2, 3]
    assert await ScriptScene.filter(script_id=script.id).count() == 1
    assert await ScriptShot.filter(script_id=other.id).count() == 2
    assert (await Script.get(id=script.id)).title == "A story"


async def test_removing_a_script_takes_its_parts_along_and_leaves_others(either_database: str) -> None:
    script, other = await make_script(), await make_script()
    for each in (script, other):
        await scripts.write_draft(each.id, draft(2))
    await scripts.remove([script.id])
    assert await Script.all().values_list("id", flat=True) == [other.id]
    assert set(await ScriptShot.all().values_list("script_id", flat=True)) == {other.id}
    await scripts.remove([])
    assert await Script.exists(id=other.id)
