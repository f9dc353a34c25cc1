"""A design's new words: they win over the old ones, and all of them over what a name happens to mean."""

import pytest

from media.drawing.order import DrawingOrder, DrawnSubject
from media.drawing.people.look import Look
from media.drawing.people.looks.character import character_look
from media.drawing.props.kinds import recognise_prop
from media.drawing.reading.prompt import read_order


def look(name: str, words: str) -> Look:
    return character_look(DrawnSubject("CHARACTER", name, words))


def test_a_tall_old_man_in_a_red_coat_is_one_whatever_the_name_and_the_former_words() -> None:
    mina = look("Mina", "young female, with a blue dress a tall old man in a red coat")
    assert (mina.gender, mina.age, mina.outfit) == ("MALE", "OLD", "COAT")
    red, green, blue = mina.top
    assert red > 2 * max(green, blue)


@pytest.mark.parametrize(
    ("name", "words", "gender", "age"),
    [
        ("Mina", "young female a little girl of six", "FEMALE", "CHILD"),
        ("Mina", "elderly female a little girl, six years old", "FEMALE", "CHILD"),
        ("Jack", "elderly male a tall man in a blue jacket", "MALE", "ADULT"),
        ("grandmother", "elderly female a young girl with pigtails", "FEMALE", "CHILD"),
        ("Little Red-Cap", "young female, a little cap a tall old woman in a blue dress", "FEMALE", "OLD"),
        ("阿红", "成年女性 六岁的小女孩，绿裙子", "FEMALE", "CHILD"),
        ("阿红", "年轻女性 一个白胡子老人", "MALE", "OLD"),
        ("Old Ben", "adult male", "MALE", "OLD"),
    ],
)
def test_the_last_words_decide_sex_and_age(name: str, words: str, gender: str, age: str) -> None:
    changed = look(name, words)
    assert (changed.gender, changed.age) == (gender, age)
    assert (changed.height < 0.75) == (age == "CHILD")


def test_a_white_beard_is_drawn_and_is_white() -> None:
    tom = look("Tom", "adult male with a white beard")
    assert "BEARD" in tom.extras
    assert min(tom.hair) > 200
    assert "BEARD" not in look("Tom", "adult male").extras


def test_an_unchanged_order_gives_the_look_of_its_description() -> None:
    words = "第一人称叙述者，穿皮袍，穿外套"
    asked = look("我", f"{words} 人物设定：我，{words}，全身立像，正面，纯色背景")
    assert asked.outfit == "GOWN"


@pytest.mark.parametrize(
    ("name", "words", "kind"),
    [
        ("lantern", "lantern an umbrella", "UMBRELLA"),
        ("lantern", "old lantern with a brass handle a red umbrella", "UMBRELLA"),
        ("灯笼", "灯笼 一把雨伞", "UMBRELLA"),
        ("basket", "basket of flowers Prop design: basket of flowers, alone, plain background", "BASKET"),
        ("cake", "piece of cake", "CAKE"),
        ("wine", "bottle of wine", "BOTTLE"),
    ],
)
def test_a_thing_is_what_was_said_last_of_it_and_not_what_it_holds(name: str, words: str, kind: str) -> None:
    assert recognise_prop(name, words).kind == kind


def test_names_decide_no_look() -> None:
    for name in ("Bob", "Rose", "Violet", "Jack", "Bunny", "Amber"):
        order = f"adult male Character design: {name}, adult male, full figure, front view, plain background"
        bob = look(name, order)
        assert bob.gender == "MALE"
        assert bob.hair_style in ("SHORT", "PARTED", "SPIKY")
    rose = look("Rose", "adult female, Rose Coat")
    assert rose.top != (222, 112, 136)
    red = look("阿红", "成年女性，阿红长发")
    assert red.hair_style == "LONG"
    assert max(red.hair) < 130


WOOD = "wood, exterior, day"
WRITTEN = f"{WOOD} Scene design: {WOOD}, empty, nobody in view"


def scene(shot: str, name: str, words: str, style: str | None = None) -> tuple[str, str, str | None]:
    prompt = f"Shot: long shot. Scene: {shot}. Action: Tom walks." if shot.isascii() else f"景别：远景。场景：{shot}。"
    subjects = (DrawnSubject("SCENE", name, words),)
    reading = read_order(DrawingOrder(prompt, 320, 180, style=style, subjects=subjects))
    return reading.place, reading.time, reading.weather


def test_a_scenes_new_design_is_where_its_shots_are_drawn() -> None:
    assert scene(WOOD, "wood", f"{WOOD} a beach at sunset, red sky") == ("SEA", "EVENING", None)
    assert scene(WOOD, "wood", "a beach at sunset a beach at sunset") == ("SEA", "EVENING", None)
    assert scene(WOOD, "wood", f"{WRITTEN}, at night in the snow") == ("FOREST", "NIGHT", "SNOW")
    house = "old house, interior, day"
    assert scene(house, "old house", f"{house} a beach at sunset, red sky") == ("SEA", "EVENING", None)
    road = "大道，室外，冬天清晨，大北风"
    assert scene(road, "大道", f"{road} 海边的沙滩，黄昏") == ("SEA", "EVENING", "WIND")


def test_a_shot_at_another_time_or_place_than_the_scenes_keeps_its_own() -> None:
    changed = f"{WOOD} a beach at sunset"
    assert scene("wood, exterior, night", "wood", changed) == ("SEA", "NIGHT", None)
    assert scene("kitchen, interior, day", "wood", changed) == ("ROOM", "NOON", None)


def test_the_scripts_own_design_changes_no_shot() -> None:
    assert scene("wood, exterior, night, rain", "wood", WRITTEN) == ("FOREST", "NIGHT", "RAIN")
    assert scene(WOOD, "wood", f"{WRITTEN}, golden city sunset", style="golden city sunset") == ("FOREST", "NOON", None)


def test_a_persons_name_is_no_time_season_or_place() -> None:
    dawn = DrawnSubject("CHARACTER", "Dawn", "adult female")
    reading = read_order(DrawingOrder("Shot: long shot. Action: Dawn waits.", 320, 180, subjects=(dawn,)))
    assert reading.time == "NOON"
    lin = DrawnSubject("CHARACTER", "林秋", "成年男性")
    reading = read_order(DrawingOrder("景别：远景。动作：林秋站着。", 320, 180, subjects=(lin,)))
    assert (reading.place, reading.season) == ("OPEN", "SUMMER")


def test_a_lighthouse_is_a_place_by_the_sea() -> None:
    assert scene("lighthouse, exterior, night", "lighthouse", "")[0] == "LIGHTHOUSE"
    assert scene("灯塔，室外，夜晚", "灯塔", "")[0] == "LIGHTHOUSE"
    assert scene("lighthouse, interior, night", "lighthouse", "")[0] == "ROOM"
