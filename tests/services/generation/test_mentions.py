"""Prompts that refer to pictures and films by name."""

import pytest

from services.generation.mentions import Mention, Words, is_name, parts_of


def shown(prompt: str, *names: str) -> str:
    """The parts in one text: mentions in brackets, those of nothing with a question mark."""
    return "|".join(
        part.text if isinstance(part, Words) else f"[{part.said}]" if part.name else f"[{part.said}?]"
        for part in parts_of(prompt, names)
    )


@pytest.mark.parametrize(
    ("prompt", "names", "parts"),
    [
        ("@阿明 walks as in @dance", ("阿明", "dance"), "[阿明]| walks as in |[dance]"),
        ("看@阿明走路，再看@阿明", ("阿明",), "看|[阿明]|走路，再看|[阿明]"),
        ("@阿明明跟着@阿明", ("阿明", "阿明明"), "[阿明明]|跟着|[阿明]"),
        ("＠阿明走", ("阿明",), "[阿明]|走"),
        ("@dance, @dan; @dan's hat", ("dan", "dance"), "[dance]|, |[dan]|; |[dan]|'s hat"),
        ("@dancer and @dan", ("dan",), "[dancer?]| and |[dan]"),
        ("as@dance", ("dance",), "as|[dance]"),
        ("@철수가 걷는다", ("철수",), "[철수]|가 걷는다"),
        ("@a@b", ("a", "b"), "[a]|[b]"),
        ("write to kim@example.com about @kim", ("kim", "example"), "write to kim@example.com about |[kim]"),
        ("a sign says @@dance, see @dance", ("dance",), "a sign says @dance, see |[dance]"),
        ("@@@dance", ("dance",), "@|[dance]"),
        ("two @ 5 o'clock, @dance @", ("dance",), "two @ 5 o'clock, |[dance]| @"),
        ("@Dance and @dance", ("dance",), "[Dance?]| and |[dance]"),
        ("@cafe\u0301 at night", ("café",), "[café]| at night"),
        ("@shot-1 is not @shot", ("shot", "shot-1"), "[shot-1]| is not |[shot]"),
        ("nothing", ("dance",), "nothing"),
        ("", ("dance",), ""),
    ],
)
def test_a_prompt_is_cut_at_the_names_in_it(prompt: str, names: tuple[str, ...], parts: str) -> None:
    assert shown(prompt, *names) == parts


def test_what_is_said_of_no_reference_is_told_as_it_is_written() -> None:
    assert parts_of("a @张三走路 b", ["李四"]) == [Words("a "), Mention("张三走路", None), Words(" b")]


@pytest.mark.parametrize(
    ("name", "is_good"),
    [("阿明", True), ("dance-2", True), ("a_b", True), ("罗密欧·蒙太古", True), ("7", True), ("x" * 40, True),
     ("", False), ("x" * 41, False), ("two words", False), ("a@b", False), ("-", False), ("a.b", False),
     ("a\n", False), ("😀", False)],
)  # fmt: skip
def test_names_have_letters_and_digits(name: str, is_good: bool) -> None:
    assert is_name(name) is is_good
