from typing import Any

from services.notifications.statistics.aggregates import ALL_DAYS, AggregateKey, Grain, sum_up


def delta(**values: Any) -> dict[str, Any]:
    usual = dict.fromkeys(("succeeded", "failed", "canceled", "switches", "credits", "credits_unknown"), 0)
    place = {"owner": "mira", "project_id": "p", "work_id": "w", "kind": "IMAGE", "day": "2026-01-31"}
    return {**usual, **place, "error_code": None, "generation_ms": None, "bucket": None, **values}


SUCCESS = {"succeeded": 1, "generation_ms": 5000, "bucket": 89, "switches": 2}


def test_a_delta_is_added_to_each_grain_for_its_day_and_for_all_days() -> None:
    sums = sum_up([delta(**SUCCESS)])
    places = {(key.grain, key.project_id, key.work_id) for key in sums}
    assert places == {("OWNER", "", ""), ("PROJECT", "p", ""), ("WORK", "", "w"), ("PLACE", "p", "w")}
    assert len(sums) == 8
    assert {key.day for key in sums} == {"2026-01-31", ALL_DAYS}
    for of_cell in sums.values():
        assert (of_cell.deltas, of_cell.succeeded, of_cell.generation_ms, of_cell.times) == (1, 1, 5000, {89: 1})


def test_works_of_one_name_in_two_projects_are_one_work_and_two_places() -> None:
    sums = sum_up([delta(project_id="p", failed=1, error_code="TIMEOUT"), delta(project_id="q", canceled=1)])
    work = sums[AggregateKey("mira", Grain.WORK, "", "w", ALL_DAYS, "IMAGE")]
    assert (work.ended, work.errors) == (2, {"TIMEOUT": 1})
    assert sums[AggregateKey("mira", Grain.PLACE, "q", "w", ALL_DAYS, "IMAGE")].ended == 1


def test_what_was_taken_back_leaves_nothing_but_the_count_of_rows() -> None:
    back = {"succeeded": -1, "generation_ms": -5000, "bucket": 89, "switches": -2}
    for of_cell in sum_up([delta(**SUCCESS), delta(**back)]).values():
        assert (of_cell.deltas, of_cell.ended, of_cell.generation_ms, of_cell.switches) == (2, 0, 0, 0)
        assert of_cell.times == {}


def test_the_grain_is_that_of_what_was_asked_for() -> None:
    assert [Grain.of(has_project=project, has_work=work) for project in (False, True) for work in (False, True)] == [
        Grain.OWNER,
        Grain.WORK,
        Grain.PROJECT,
        Grain.PLACE,
    ]
