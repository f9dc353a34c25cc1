import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.timeline import ShotTiming, Utterance, plan_timeline


def say(seconds: float) -> Utterance:
    return Utterance("text", seconds)


def test_a_shot_without_lines_lasts_as_long_as_wanted() -> None:
    plan = plan_timeline([ShotTiming(3), ShotTiming(2)], crossfade_seconds=0.5, fps=24)
    assert [(shot.start_frame, shot.frames) for shot in plan.shots] == [(0, 72), (60, 48)]
    assert plan.total_frames == 72 + 48 - 12
    assert plan.total_seconds == 4.5


def test_a_shot_grows_with_its_lines_and_keeps_them_out_of_the_crossfades() -> None:
    shots = [ShotTiming(1, (say(2), say(1.5))), ShotTiming(2, (say(3),)), ShotTiming(2)]
    plan = plan_timeline(shots, crossfade_seconds=0.5, fps=24, lead_seconds=0.3, gap_seconds=0.25, tail_seconds=0.35)
    # 0.3 + 2 + 0.25 + 1.5 + 0.35 + 0.5 (one crossfade) = 4.9 s = 117.6 frames
    # 0.5 + 0.3 + 3 + 0.35 + 0.5 = 4.65 s = 111.6 frames
    assert [shot.frames for shot in plan.shots] == [118, 112, 48]
    first, second = plan.shots[0].utterances
    assert (first.start_seconds, first.end_seconds) == (0.3, 2.3)
    assert (second.start_seconds, second.end_seconds) == pytest.approx((2.55, 4.05))
    (third,) = plan.shots[1].utterances
    assert third.start_seconds == pytest.approx((118 - 12) / 24 + 0.5 + 0.3)


def test_one_shot_has_no_crossfade() -> None:
    plan = plan_timeline([ShotTiming(1)], crossfade_seconds=2, fps=24)
    assert (plan.crossfade_frames, plan.total_frames) == (0, 24)


def test_no_shots_are_an_empty_film() -> None:
    assert plan_timeline([], crossfade_seconds=1, fps=24).total_frames == 0


def test_a_very_short_shot_shortens_the_crossfade() -> None:
    plan = plan_timeline([ShotTiming(5), ShotTiming(0.2), ShotTiming(5)], crossfade_seconds=0.5, fps=24)
    assert plan.shots[1].frames == 5
    assert plan.crossfade_frames == 2
    assert plan.crossfade_seconds == pytest.approx(2 / 24)


def test_a_frame_rate_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="fps"):
        plan_timeline([ShotTiming(1)], crossfade_seconds=0, fps=0)


lengths = st.floats(0.01, 20)


timings = st.builds(ShotTiming, st.floats(0, 10), st.lists(st.builds(say, lengths), max_size=3).map(tuple))


@given(st.lists(timings, min_size=1, max_size=12), st.floats(0, 3), st.sampled_from([1, 12, 24, 25, 30, 60]))
def test_sums_hold_and_no_line_is_cut_or_faded(shots: list[ShotTiming], crossfade: float, fps: int) -> None:
    plan = plan_timeline(shots, crossfade_seconds=crossfade, fps=fps)
    assert plan.total_frames == sum(shot.frames for shot in plan.shots) - (len(shots) - 1) * plan.crossfade_frames
    if len(shots) > 1:
        assert 2 * plan.crossfade_frames < min(shot.frames for shot in plan.shots)
    fade = plan.crossfade_frames / fps
    for number, (shot, given_shot) in enumerate(zip(plan.shots, shots, strict=True)):
        assert shot.frames >= max(1, round(given_shot.wanted_seconds * fps))
        clear_from = shot.start_seconds + (fade if number else 0)
        clear_to = shot.start_seconds + shot.duration_seconds - (fade if number < len(shots) - 1 else 0)
        previous = clear_from
        for line in shot.utterances:
            assert previous <= line.start_seconds < line.end_seconds <= clear_to + 1e-6
            previous = line.end_seconds
        if number:
            assert (
                shot.start_frame
                == plan.shots[number - 1].start_frame + plan.shots[number - 1].frames - plan.crossfade_frames
            )
