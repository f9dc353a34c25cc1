from services.queries.timetable import Span, timetable, total_seconds


def test_a_plan_is_the_shots_one_after_another() -> None:
    spans = timetable([(7, 2.0), (8, 3.0)], None)
    assert spans == {7: Span(0, 2), 8: Span(2, 3)}
    assert total_seconds(spans, None) == 5


def test_what_was_rendered_wins_over_the_plan() -> None:
    data = {"total_seconds": 4.5, "parts": [{"part_id": 7, "start_seconds": 0, "seconds": 2.5}]}
    spans = timetable([(7, 2.0), (8, 3.0)], data)
    assert spans == {7: Span(0, 2.5), 8: Span(2.5, 3)}
    assert total_seconds(spans, data) == 4.5
