"""Scratch folders of tries."""

from pathlib import Path

from services.platform.scratch import make_try_folder


def test_a_try_takes_the_place_of_earlier_ones_and_leaves_a_later_one_alone(tmp_path: Path) -> None:
    for name in ("7-1", "7-2", "7-3", "7-fetch-1", "71-1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    make_try_folder(tmp_path / "7-2", 7, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["7-2", "7-3", "7-fetch-1", "71-1"]
    assert list((tmp_path / "7-2").iterdir()) == []
    assert (tmp_path / "7-3" / "file").exists()
