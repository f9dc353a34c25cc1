"""What a shot must look like to tell its story: colours, sides of a house, hands, animals, and who does what."""

import random
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from media.drawing import DrawingOrder, DrawnSubject, draw_order
from media.drawing.animals.beasts import BEASTS, beast_of
from media.drawing.people.looks.character import character_look
from media.drawing.props.kinds import is_recognised, recognise_prop
from media.drawing.reading.prompt import Reading, read_order
from media.drawing.shots.framing import Stage
from media.drawing.shots.staging import stage_shot

PULLER = DrawnSubject("CHARACTER", "车夫", "成年男性")
WOMAN = DrawnSubject("CHARACTER", "老女人", "老年女性，花白头发，衣服都很破烂")
NARRATOR = DrawnSubject(
    "CHARACTER", "我", "第一人称叙述者，穿皮袍 人物设定：我，第一人称叙述者，穿皮袍，全身立像，正面，纯色背景"
)
GIRL = DrawnSubject("CHARACTER", "Little Red-Cap", "young female, a little cap of red velvet")
WOLF = DrawnSubject("CHARACTER", "wolf", "a wolf")
RICKSHAW = DrawnSubject("PROP", "人力车", "人力车")
COINS = DrawnSubject("PROP", "铜元", "铜元")
STYLE_ZH, STYLE_EN = "风格：日式动画，线条干净，光影柔和。", "Style: anime, clean lines, soft light."


def read(prompt: str, *subjects: DrawnSubject) -> Reading:
    return read_order(DrawingOrder(prompt, 320, 180, subjects=subjects))


def staged(prompt: str, *subjects: DrawnSubject) -> Stage:
    return stage_shot(read(prompt, *subjects), 320, 180, random.Random(1))


def drawn(tmp_path: Path, prompt: str, *subjects: DrawnSubject, purpose: str = "SHOT") -> NDArray[np.float64]:
    draw_order(DrawingOrder(prompt, 320, 180, purpose, subjects=subjects), tmp_path / "drawn.png")
    with Image.open(tmp_path / "drawn.png") as picture:
        return np.asarray(picture, dtype=np.float64)


def colourfulness(picture: NDArray[np.float64]) -> float:
    return float((picture.max(axis=2) - picture.min(axis=2)).mean())


# ---------------------------------------------------------------- colours


@pytest.mark.parametrize("style", ["soft light", "光影柔和", "清新", "gentle colours"])
def test_soft_light_is_no_pastel(style: str) -> None:
    assert read(f"Shot: medium shot. Scene: a street. Action: Tom waits. Style: {style}.").style is None


@pytest.mark.parametrize("style", ["pastel", "粉彩", "马卡龙色"])
def test_pastel_is_drawn_where_it_is_asked_for(style: str) -> None:
    assert read(f"Shot: medium shot. Scene: a street. Action: Tom waits. Style: {style}.").style == "PASTEL"


@pytest.mark.parametrize("scene", ["京城，室外，白天", "大道，室外，冬天清晨，大北风", "森林，室外，冬天，大雪"])
def test_a_shot_in_the_default_style_has_full_colours_in_any_weather(tmp_path: Path, scene: str) -> None:
    prompt = f"景别：中景。场景：{scene}。人物：车夫。动作：车夫站着。"
    shot = drawn(tmp_path, prompt + STYLE_ZH, PULLER)
    pastel = drawn(tmp_path, prompt + "风格：粉彩。", PULLER)
    # A veil lifts the darkest tones and narrows the range.
    assert np.percentile(shot, 2) < 80
    assert shot.std() > 36
    assert np.percentile(pastel, 2) > np.percentile(shot, 2) + 40


def test_a_shot_is_as_colourful_as_the_designs_it_is_made_from(tmp_path: Path) -> None:
    design = drawn(tmp_path, "Little Red-Cap", GIRL, purpose="DESIGN")
    shot = drawn(
        tmp_path,
        f"Shot: medium shot. Scene: wood, exterior, morning. Action: Little Red-Cap waits. {STYLE_EN}",
        GIRL,
    )
    assert colourfulness(shot) > colourfulness(design)
    red = (shot[:, :, 0] > 150) & (shot[:, :, 1] < 90) & (shot[:, :, 2] < 90)
    assert red.mean() > 0.004


# ---------------------------------------------------------------- places


@pytest.mark.parametrize(
    ("scene", "place", "is_indoors"),
    [
        ("京城，室外，白天", "CITY", False),
        ("首都，外景", "CITY", False),
        ("大道，室外，冬天清晨，大北风", "STREET", False),
        ("巡警分驻所，室外，冬天清晨", "POLICE", False),
        ("巡警分驻所，室内", "OFFICE", True),
        ("家，室内，夜晚", "ROOM", True),
        ("咸亨酒店，室外，白天", "STREET", False),
        ("酒店，室内，白天", "SHOP", True),
        ("户外，室外，白天", "OPEN", False),
        ("wood, exterior, morning", "FOREST", False),
        ("grandmother's house, exterior, day", "HOUSE", False),
        ("grandmother's house, interior, day", "ROOM", True),
        ("home, interior, day", "ROOM", True),
        ("EXT. KITCHEN - DAY", "HOUSE", False),
        ("INT. CITY HALL - NIGHT", "ROOM", True),
        ("school, exterior, day", "HOUSE", False),
    ],
)
def test_inside_and_outside_decide_from_where_a_place_is_seen(scene: str, place: str, is_indoors: bool) -> None:
    reading = read(f"Shot: long shot. Scene: {scene}. Characters: none. Action: .")
    assert (reading.place, reading.is_indoors) == (place, is_indoors)


# ---------------------------------------------------------------- things


@pytest.mark.parametrize("name", ["皮袍", "外套", "背心", "外套袋", "大门", "latch", "zzz", "cap", "curtains"])
def test_clothes_and_unknown_things_are_not_drawn_in_a_shot(name: str) -> None:
    prop = DrawnSubject("PROP", name, name)
    assert not is_recognised(recognise_prop(name, name))
    for shot in ("全景", "特写"):
        stage = staged(f"景别：{shot}。场景：街道。人物：车夫。动作：车夫拿着{name}。", PULLER, prop)
        assert stage.insert is None
        assert stage.props == ()
        assert all(figure.held is None for figure in stage.figures)


def test_an_unknown_thing_leaves_no_trace_in_the_picture(tmp_path: Path) -> None:
    prompt = "景别：全景。场景：街道。人物：车夫。动作：车夫站着。"
    bare = drawn(tmp_path, prompt, PULLER)
    assert np.array_equal(bare, drawn(tmp_path, prompt, PULLER, DrawnSubject("PROP", "皮袍", "皮袍")))


def test_a_thing_is_in_a_hand_only_where_the_action_says_so() -> None:
    told = staged("景别：全景。场景：街道。人物：我。动作：我从外套袋里抓出一大把铜元。", NARRATOR, COINS)
    assert [figure.held.kind for figure in told.figures if figure.held] == ["COINS"]
    silent = staged("景别：全景。场景：街道。人物：我。动作：我走着。", NARRATOR, COINS)
    assert [figure.held for figure in silent.figures] == [None]


@pytest.mark.parametrize("words", ["空镜，花白头发", "表情平静", "马路边上", "从车前横截过来"])
def test_words_within_other_words_are_no_things(words: str) -> None:
    assert staged(f"景别：全景。场景：街道。人物：无。动作：{words}。").props == ()


# ---------------------------------------------------------------- people


def test_one_who_says_i_is_a_grown_man_unless_told_otherwise() -> None:
    look = character_look(NARRATOR)
    assert (look.gender, look.age, look.outfit) == ("MALE", "ADULT", "GOWN")
    told = character_look(DrawnSubject("CHARACTER", "I", "the first-person narrator, adult man"))
    assert told.gender == "MALE"
    woman = character_look(DrawnSubject("CHARACTER", "我", "第一人称叙述者，年轻女性"))
    assert woman.gender == "FEMALE"


def test_only_the_one_told_of_lies_on_the_ground() -> None:
    seen = read("景别：近景。场景：大道。人物：我。动作：我眼见你慢慢倒地。", NARRATOR)
    assert [actor.action for actor in seen.actors] == ["LOOK"]
    other = read("景别：全景。场景：大道。人物：车夫。动作：车把上带着一个人，慢慢地倒了。", PULLER)
    assert [actor.action for actor in other.actors] == ["STAND"]
    both = read("景别：全景。场景：大道。人物：老女人；车夫。动作：老女人伏在地上，车夫便也立住脚。", WOMAN, PULLER)
    assert [actor.action for actor in both.actors] == ["LIE", "STAND"]


def test_a_road_is_no_talk() -> None:
    prompt = "景别：全景。场景：大道。人物：我。动作：我坐着，剩下一条洁白的大道来。"
    assert not staged(prompt, NARRATOR).figures[0].is_talking


def test_what_stands_before_an_object_is_the_deed_of_the_other() -> None:
    reading = read("景别：远景。场景：大道。人物：车夫；老女人。动作：扶那老女人慢慢起来。", PULLER, WOMAN)
    assert [actor.action for actor in reading.actors] == ["SUPPORT", "STAND"]


def test_the_one_who_speaks_is_the_one_whose_face_is_seen_over_the_shoulder() -> None:
    prompt = "景别：过肩镜头。场景：大道。人物：车夫；老女人。动作：车夫对老女人说话，神情疑问。"
    assert [actor.action for actor in read(prompt, PULLER, WOMAN).actors] == ["TALK", "STAND"]
    stage = staged(prompt, PULLER, WOMAN)
    assert [figure.look for figure in stage.figures] == [character_look(PULLER)]
    assert stage.over_shoulder == character_look(WOMAN)


@pytest.mark.parametrize("shot", ["全景", "远景"])
def test_one_who_rides_sits_in_the_rickshaw_that_the_other_pulls(shot: str) -> None:
    prompt = f"景别：{shot}。场景：大道。人物：我；车夫。动作：车夫拉着人力车，我坐在人力车上。"
    stage = staged(prompt, NARRATOR, PULLER, RICKSHAW)
    assert [placed.prop.kind for placed in stage.props] == ["RICKSHAW"]
    by_action = {figure.action: figure for figure in stage.figures}
    rider, puller, cart = by_action["SIT"], by_action["PULL"], stage.props[0]
    assert rider.lifted > 0.3
    assert abs(rider.x - cart.x) < 0.3
    assert abs(puller.x - cart.x) > 1.0
    assert puller.is_mirrored == cart.is_mirrored


def test_one_who_walks_past_a_rickshaw_does_not_pull_it() -> None:
    prompt = "景别：全景。场景：大道。人物：老女人。动作：老女人从马路边上突然向车前横截过来。"
    stage = staged(prompt, WOMAN, RICKSHAW)
    (figure,), (cart,) = stage.figures, stage.props
    assert figure.action == "WALK"
    assert abs(figure.x - cart.x) > 0.8


def test_one_who_lies_in_bed_and_speaks_opens_the_mouth() -> None:
    prompt = (
        "Shot: full shot. Scene: home, interior. Characters: wolf (a wolf, lying in bed). "
        "Action: wolf speaks to Little Red-Cap."
    )
    assert staged(prompt, WOLF).figures[0].is_talking
    assert not staged(prompt.replace("speaks to Little Red-Cap", "waits"), WOLF).figures[0].is_talking


def test_one_who_grows_in_the_tellers_eyes_is_a_dark_back_seen_from_below() -> None:
    stage = staged("景别：近景。场景：大道。人物：车夫。动作：车夫满身灰尘的后影，刹时高大了。", PULLER)
    (figure,) = stage.figures
    assert figure.is_from_behind
    assert figure.shade > 0
    assert stage.horizon > 180 * 0.8


def test_hands_alone_are_shown_close() -> None:
    stage = staged("景别：特写。场景：大道。人物：我。动作：我的双手，静静摊开。", NARRATOR)
    assert stage.figures == ()
    assert stage.insert is None
    assert stage.insert_hand == character_look(NARRATOR)


def test_nobody_is_made_up_where_the_view_is_empty() -> None:
    place = DrawnSubject("SCENE", "wood", "wood, exterior")
    for action in ("no one in view, she fancied that she saw a still prettier one", "the grey man ran round the house"):
        assert read(f"Shot: long shot. Scene: wood. Action: {action}.", place).actors == ()


def test_somebody_who_lies_in_a_room_lies_in_bed_and_one_who_fell_on_the_floor() -> None:
    def is_flat(action: str) -> bool:
        stage = staged(f"Shot: full shot. Scene: home, interior. Characters: wolf. Action: {action}.", WOLF)
        return stage.figures[0].pose.flat

    assert is_flat("wolf lay down again in the bed")
    assert not is_flat("the stones were so heavy that wolf fell down at once")


# ---------------------------------------------------------------- animals


@pytest.mark.parametrize(
    ("name", "description", "beast"),
    [
        ("wolf", "a wolf", "WOLF"),
        ("大灰狼", "", "WOLF"),
        ("狐狸", "", "FOX"),
        ("小白兔", "", "RABBIT"),
        ("老虎", "", "TIGER"),
        ("Reynard", "a sly fox with a torn ear", "FOX"),
        ("Fox", "adult male", None),
        ("马大爷", "老年男性", None),
        ("熊老师", "成年男性", None),
        ("Robin", "a young man", None),
        ("huntsman", "adult male", None),
        ("Little Red-Cap", "young female, with a wolf", None),
    ],
)
def test_animals_are_told_from_people_by_their_names(name: str, description: str, beast: str | None) -> None:
    assert beast_of(name, description) == beast


@pytest.mark.parametrize("kind", list(BEASTS))
def test_every_animal_is_drawn_in_its_own_fur(tmp_path: Path, kind: str) -> None:
    animal = DrawnSubject("CHARACTER", kind.lower(), f"a {kind.lower()}")
    picture = drawn(tmp_path, "an animal", animal, purpose="DESIGN")
    assert (np.abs(picture - np.array(BEASTS[kind].fur)).max(axis=2) < 12).mean() > 0.01


def test_the_wolf_wears_the_nightcap_only_where_the_shot_says_so() -> None:
    plain = staged("Shot: medium shot. Scene: home, interior. Characters: wolf (a wolf). Action: wolf waits.", WOLF)
    disguised = staged(
        "Shot: medium shot. Scene: home, interior. Characters: wolf (a wolf, in a nightcap, lying in bed). "
        "Action: wolf speaks.",
        WOLF,
    )
    assert plain.figures[0].look.hat is None
    assert disguised.figures[0].look.hat == "NIGHTCAP"
    assert disguised.figures[0].pose.flat


def test_the_red_cap_is_red_and_the_old_woman_has_another() -> None:
    girl = character_look(GIRL)
    assert (girl.gender, girl.age, girl.hat) == ("FEMALE", "CHILD", "BONNET")
    assert girl.hat_colour[0] > 2 * max(girl.hat_colour[1:])
    grandmother = character_look(DrawnSubject("CHARACTER", "grandmother", "elderly female, with a cap, old"))
    assert (grandmother.age, grandmother.hat) == ("OLD", "NIGHTCAP")


@pytest.mark.parametrize("size", [(320, 180), (180, 320), (200, 200)])
@pytest.mark.parametrize("shot", ["long shot", "full shot", "medium shot", "close-up", "extreme close-up"])
def test_the_main_head_stays_in_the_picture_in_every_ratio(size: tuple[int, int], shot: str) -> None:
    order = DrawingOrder(
        f"Shot: {shot}. Scene: wood. Characters: Little Red-Cap. Action: Little Red-Cap waits.", *size, subjects=(GIRL,)
    )
    stage = stage_shot(read_order(order), *size, random.Random(2))
    (figure,) = stage.figures
    x = stage.vanish_x + figure.x * stage.focal / figure.z
    assert 0.2 * size[0] < x < 0.8 * size[0]
