"""Drawn pictures: exact, repeatable, different from each other, and the same person each time."""

import itertools
import pickle
import random
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from media.drawing import DrawingOrder, DrawnSubject, draw_grid, draw_order
from media.drawing.people.looks.character import character_look
from media.drawing.places import PAINTERS
from media.drawing.props.kinds import KINDS, recognise_prop
from media.drawing.reading.prompt import read_order
from media.drawing.reading.vocabulary import ACTIONS, PLACES, SHOT_TYPES, STYLES
from media.drawing.shots.framing import FRAMINGS
from media.drawing.shots.staging import stage_shot

PULLER = DrawnSubject("CHARACTER", "车夫", "人力车夫，黑脸，短褂，毡帽")
WOMAN = DrawnSubject("CHARACTER", "老女人", "花白头发，衣服破烂")
STREET = "景别：全景。场景：街道，冬天，早晨。人物：车夫、老女人。动作：车夫扶着老女人慢慢起来。"


def pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.mode == "RGB"
        return np.asarray(picture)


def drawn(tmp_path: Path, order: DrawingOrder) -> NDArray[np.uint8]:
    out = tmp_path / "drawn.png"
    draw_order(order, out)
    return pixels(out)


def difference(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Share of pixels that differ so much that one sees it."""
    return float((np.abs(first.astype(int) - second.astype(int)).max(axis=2) > 16).mean())


@pytest.mark.parametrize("size", [(320, 180), (180, 320), (240, 240), (320, 240), (321, 179), (64, 36)])
def test_a_picture_has_exactly_the_size_ordered(tmp_path: Path, size: tuple[int, int]) -> None:
    order = DrawingOrder(STREET, *size, subjects=(PULLER, WOMAN))
    assert drawn(tmp_path, order).shape == (size[1], size[0], 3)


def test_the_same_order_gives_the_same_bytes(tmp_path: Path) -> None:
    order = DrawingOrder(STREET, 320, 180, seed=3, subjects=(PULLER, WOMAN))
    draw_order(order, tmp_path / "a.png")
    draw_order(pickle.loads(pickle.dumps(order)), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("shot", ["大远景", "远景", "全景", "中景", "近景", "特写", "过肩镜头", "主观镜头"])
def test_one_word_or_another_seed_gives_a_visibly_other_picture(tmp_path: Path, shot: str) -> None:
    prompt = f"景别：{shot}。场景：书房，夜晚。人物：车夫、老女人。动作：车夫看着老女人。"
    orders = [
        DrawingOrder(prompt, 320, 180, subjects=(PULLER, WOMAN)),
        DrawingOrder(prompt, 320, 180, seed=1, subjects=(PULLER, WOMAN)),
        DrawingOrder(prompt.replace("看着", "瞧着"), 320, 180, subjects=(PULLER, WOMAN)),
    ]
    for first, second in itertools.combinations([drawn(tmp_path, order) for order in orders], 2):
        assert difference(first, second) > 0.02


def test_shots_of_one_scene_differ_by_shot_type(tmp_path: Path) -> None:
    heads = {}
    for shot_type in FRAMINGS:
        order = DrawingOrder(f"Shot: {shot_type}. Scene: a street. Characters: Tom. Action: Tom waits.", 320, 180)
        reading = read_order(order)
        assert reading.shot_type == shot_type
        stage = stage_shot(reading, 320, 180, random.Random(1))
        for figure in stage.figures:
            heads[shot_type] = stage.focal / figure.z * figure.look.head_share * figure.look.height * 1.7
    assert heads["EXTREME_LONG"] < heads["LONG"] < heads["FULL"] < heads["MEDIUM"] < heads["CLOSE_UP"]
    assert heads["CLOSE_UP"] < heads["EXTREME_CLOSE_UP"]
    assert heads["EXTREME_LONG"] < 180 * 0.04
    assert heads["CLOSE_UP"] > 180 * 0.4


def test_a_grid_is_its_cells_to_the_pixel(tmp_path: Path) -> None:
    cells = [
        DrawingOrder(f"Shot: {shot}. Scene: a garden. Characters: Anna. Action: Anna walks.", 160, 90, seed=seed)
        for seed, shot in enumerate(("long shot", "close-up", "full shot", "medium shot", "over-the-shoulder", "pov"))
    ]
    draw_grid(cells, 2, 3, tmp_path / "grid.png")
    sheet = pixels(tmp_path / "grid.png")
    assert sheet.shape == (180, 480, 3)
    for index, cell in enumerate(cells):
        row, column = divmod(index, 3)
        part = sheet[row * 90 : row * 90 + 90, column * 160 : column * 160 + 160]
        assert np.array_equal(part, drawn(tmp_path, cell))


def test_a_grid_that_its_cells_do_not_fill_is_refused_and_nothing_written(tmp_path: Path) -> None:
    cell = DrawingOrder("a man", 64, 36)
    for cells in ([cell] * 3, [cell, cell, cell, DrawingOrder("a man", 64, 64)]):
        with pytest.raises(ValueError, match="grid"):
            draw_grid(cells, 2, 2, tmp_path / "grid.png")
    assert list(tmp_path.iterdir()) == []


def test_a_character_looks_the_same_whatever_the_shot() -> None:
    assert character_look(PULLER) == character_look(DrawnSubject("CHARACTER", PULLER.name, PULLER.description))
    assert character_look(PULLER) != character_look(WOMAN)


def test_words_decide_a_look() -> None:
    woman = character_look(WOMAN)
    assert (woman.gender, woman.age) == ("FEMALE", "OLD")
    assert max(woman.hair) - min(woman.hair) < 20
    assert min(woman.hair) > 120
    assert "PATCHES" in woman.extras
    girl = character_look(DrawnSubject("CHARACTER", "Anna", "a girl in a red coat with long blonde hair"))
    assert (girl.gender, girl.age, girl.outfit, girl.hair_style) == ("FEMALE", "CHILD", "COAT", "LONG")
    assert girl.top[0] > 2 * max(girl.top[1:])
    assert girl.hair[0] > girl.hair[2] + 80
    policeman = character_look(DrawnSubject("CHARACTER", "巡警", ""))
    assert (policeman.outfit, policeman.hat) == ("UNIFORM", "POLICE_CAP")
    assert character_look(PULLER).hat == "FELT_CAP"


def test_a_name_is_not_taken_for_a_hairstyle() -> None:
    bob = character_look(DrawnSubject("CHARACTER", "Bob", "a poor clerk, a man with brown hair"))
    assert bob.gender == "MALE"
    assert bob.hair_style != "BOB"


def test_a_reference_picture_gives_the_clothes_their_colour(tmp_path: Path) -> None:
    reference = tmp_path / "reference.png"
    picture = Image.new("RGB", (90, 160), (230, 230, 230))
    picture.paste((20, 20, 30), (20, 0, 70, 40))
    picture.paste((30, 160, 60), (10, 70, 80, 160))
    picture.save(reference)
    look = character_look(DrawnSubject("CHARACTER", "Anna", "a woman", reference))
    assert look.top[1] > look.top[0] + 60
    assert max(look.hair) < 60


@pytest.mark.parametrize("place", list(PAINTERS))
def test_every_place_can_be_drawn(tmp_path: Path, place: str) -> None:
    words = dict(PLACES).get(place, "somewhere").split()[0].replace("~", " ")
    order = DrawingOrder(f"景别：远景。场景：{words}，黄昏。人物：无。动作：。", 160, 90)
    assert read_order(order).place == place
    assert len(np.unique(drawn(tmp_path, order).reshape(-1, 3), axis=0)) > 200


@pytest.mark.parametrize("style", [style for style, _ in STYLES])
def test_every_style_changes_the_picture(tmp_path: Path, style: str) -> None:
    word = dict(STYLES)[style].split()[0]
    plain = DrawingOrder(STREET, 160, 90, subjects=(PULLER,))
    styled = DrawingOrder(STREET, 160, 90, style=word, subjects=(PULLER,))
    assert read_order(styled).style == style
    assert difference(drawn(tmp_path, plain), drawn(tmp_path, styled)) > 0.3


def test_noir_is_without_colour_and_night_is_darker_than_noon(tmp_path: Path) -> None:
    noir = drawn(tmp_path, DrawingOrder(STREET, 160, 90, style="noir", subjects=(PULLER,))).astype(int)
    assert np.percentile(noir.max(axis=2) - noir.min(axis=2), 99) < 16
    noon = drawn(tmp_path, DrawingOrder("Shot: long shot. Scene: a field, noon.", 160, 90))
    night = drawn(tmp_path, DrawingOrder("Shot: long shot. Scene: a field, night.", 160, 90))
    assert night.mean() < noon.mean() * 0.6


@pytest.mark.parametrize("action", [action for action, _ in ACTIONS])
def test_every_action_can_be_drawn(tmp_path: Path, action: str) -> None:
    word = dict(ACTIONS)[action].split()[0]
    order = DrawingOrder(f"景别：全景。场景：草原。人物：甲。动作：甲{word}。", 120, 120)
    assert [actor.action for actor in read_order(order).actors] == [action]
    assert drawn(tmp_path, order).std() > 5


@pytest.mark.parametrize("kind", [kind for kind, _ in KINDS])
def test_every_prop_is_recognised_and_drawn_by_its_own_drawer(tmp_path: Path, kind: str) -> None:
    word = dict(KINDS)[kind].split()[0]
    assert recognise_prop(word).kind == kind
    bare = DrawingOrder("a thing", 120, 120, "DESIGN", subjects=(DrawnSubject("PROP", "zzz"),))
    order = DrawingOrder("a thing", 120, 120, "DESIGN", subjects=(DrawnSubject("PROP", word),))
    assert difference(drawn(tmp_path, bare), drawn(tmp_path, order)) > 0.02


@pytest.mark.parametrize("subject", [PULLER, DrawnSubject("PROP", "铜元"), DrawnSubject("SCENE", "S门", "街道，冬天")])
@pytest.mark.parametrize("size", [(320, 180), (180, 320), (200, 200)])
def test_designs_are_drawn_in_every_ratio(tmp_path: Path, subject: DrawnSubject, size: tuple[int, int]) -> None:
    picture = drawn(tmp_path, DrawingOrder("design", *size, "DESIGN", subjects=(subject,)))
    assert picture.shape == (size[1], size[0], 3)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 300


def test_a_characters_design_and_shots_share_its_colours(tmp_path: Path) -> None:
    anna = DrawnSubject("CHARACTER", "Anna", "a woman in a red coat")
    coat = np.array(character_look(anna).top)
    design = drawn(tmp_path, DrawingOrder("Anna", 320, 180, "DESIGN", subjects=(anna,)))
    shot = drawn(
        tmp_path, DrawingOrder("Shot: medium. Scene: a field, noon. Action: Anna waits.", 320, 180, subjects=(anna,))
    )
    for picture in (design, shot):
        near = np.abs(picture.astype(int) - coat).max(axis=2) < 18
        assert near.mean() > 0.02


def test_any_words_make_a_picture(tmp_path: Path) -> None:
    for prompt in (
        "",
        "???",
        "人物：",
        "Scene:",
        "x" * 5000,
        "\U0001f600",
        "Shot: close-up. Characters: a, b, c, d, e, f, g.",
    ):
        assert drawn(tmp_path, DrawingOrder(prompt, 96, 54)).shape == (54, 96, 3)


def test_every_shot_type_has_a_framing() -> None:
    assert {shot_type for shot_type, _ in SHOT_TYPES} == set(FRAMINGS)


def test_a_picture_without_extent_is_refused() -> None:
    with pytest.raises(ValueError, match="0x90"):
        DrawingOrder("a man", 0, 90)
