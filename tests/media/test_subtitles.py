import itertools
import re
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.subtitles import Cue, format_srt, format_vtt, line_width, make_cues, split_text, write_vtt
from media.timeline import PlacedUtterance

CHINESE = (
    "我从乡下跑到京城里，一转眼已经六年了。其间耳闻目睹的所谓国家大事，算起来也很不少；但在我心里，都不留什么痕迹，"
    "倘要我寻出这些事的影响来说，便只是增长了我的坏脾气。"
)
ENGLISH = (
    "Winston Smith, his chin nuzzled into his breast in an effort to escape the vile wind, slipped quickly through the "
    "glass doors of Victory Mansions, though not quickly enough."
)


def letters(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_a_short_line_is_one_cue_as_long_as_its_voice() -> None:
    assert make_cues([PlacedUtterance("你好，先生。", 1.5, 3.0)]) == (Cue(1.5, 3.0, "你好，先生。"),)


@pytest.mark.parametrize(
    "text", [CHINESE, ENGLISH, "字" * 100, "word " * 60, "他说 good morning everyone，然后走了。" * 4]
)
def test_long_lines_become_cues_of_two_readable_lines(text: str) -> None:
    cues = make_cues([PlacedUtterance(text, 0, 30)])
    assert len(cues) > 1
    assert letters("".join(cue.text for cue in cues)) == letters(text)
    for cue in cues:
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert all(line_width(line) <= 1 for line in lines)
        assert not any(re.match(r"[，。！？；、,.!?;]", line) for line in lines)


def test_chinese_is_cut_at_its_punctuation() -> None:
    assert all(part[-1] in "，。；" for part in split_text(CHINESE))


def test_english_words_stay_whole() -> None:
    words = [word for part in split_text("word " * 60) for word in part.replace("\n", " ").split()]
    assert words == ["word"] * 60


def test_parts_are_shown_for_their_share_of_the_voice() -> None:
    first, second = make_cues([PlacedUtterance("一二三四五六七八九十一二三四五六。一二三四五六七八九。", 10, 16)])
    assert first.start_seconds == 10
    assert second.end_seconds == 16
    # 16 characters and a stop against 9 and a stop: 17.6 to 10.6 parts of six seconds
    assert second.start_seconds == pytest.approx(10 + 6 * 17.6 / 28.2, abs=0.01)
    assert first.end_seconds == pytest.approx(second.start_seconds - 0.04)


def test_a_very_short_cue_lingers_where_there_is_time_and_never_into_the_next() -> None:
    alone = make_cues([PlacedUtterance("好。", 1, 1.3)])
    assert alone[0].end_seconds == pytest.approx(1.9)
    followed = make_cues([PlacedUtterance("好。", 1, 1.3), PlacedUtterance("走吧。", 1.5, 2.5)])
    assert followed[0].end_seconds == pytest.approx(1.46)


def test_lines_that_are_spoken_at_once_do_not_overlap() -> None:
    cues = make_cues([PlacedUtterance("第二句。", 2, 5), PlacedUtterance("第一句。", 1, 4)])
    assert [cue.text for cue in cues] == ["第一句。", "第二句。"]
    assert cues[0].end_seconds < cues[1].start_seconds


def test_subrip_has_numbers_times_and_blank_lines() -> None:
    text = format_srt([Cue(0, 1.5, "一\n二"), Cue(3661.0004, 3662.9996, "a --> b")])
    assert text == ("1\n00:00:00,000 --> 00:00:01,500\n一\n二\n\n2\n01:01:01,000 --> 01:01:03,000\na → b\n")


def test_webvtt_has_a_header_times_with_points_and_no_markup_in_its_text() -> None:
    cues = [Cue(0, 1.5, "一\n二 & <b>"), Cue(3661.0004, 3662.9996, "a --> b")]
    assert format_vtt(cues) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\n一\n二 &amp; &lt;b&gt;\n\n01:01:01.000 --> 01:01:03.000\na --&gt; b\n"
    )
    assert format_vtt([]) == "WEBVTT\n"


def test_webvtt_is_read_by_a_player_as_it_was_written(tmp_path: Path) -> None:
    write_vtt([Cue(0.5, 1.5, "Salt & <pepper>"), Cue(2, 3.25, "第二句。\n第三句。")], tmp_path / "film.vtt")
    with av.open(str(tmp_path / "film.vtt")) as container:
        assert container.streams[0].codec_context.name == "webvtt"
        packets = [packet for packet in container.demux(container.streams[0]) if packet.size]
        times = [(packet.pts * packet.time_base, packet.duration * packet.time_base) for packet in packets]
        assert times == [(0.5, 1.0), (2.0, 1.25)]
        assert [bytes(packet).decode() for packet in packets] == ["Salt &amp; &lt;pepper&gt;", "第二句。\n第三句。"]


@given(st.text(alphabet=st.sampled_from("你好我们去街上ab c.，。！?“”\n-—'1"), max_size=300))
def test_any_text_is_kept_whole_within_its_time(text: str) -> None:
    cues = make_cues([PlacedUtterance(text, 5, 65)])
    assert letters("".join(cue.text for cue in cues)) == letters(text)
    for cue, following in itertools.pairwise(cues):
        assert 5 <= cue.start_seconds < cue.end_seconds < following.start_seconds
    if cues:
        assert cues[-1].end_seconds == pytest.approx(65)
