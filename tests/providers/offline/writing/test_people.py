"""Who is in a text, and who speaks what."""

import pytest

from tests.providers.offline import stories
from tests.providers.offline.stories import names, script_of, talk


def test_the_small_matter_has_its_four_people_and_nobody_else() -> None:
    script = script_of(stories.SMALL_MATTER)
    assert names(script) == ["我", "车夫", "老女人", "巡警"]
    aliases = {asset.name: asset.aliases for asset in script.assets}
    assert aliases["老女人"] == ("女人", "伊")


def test_every_speech_of_the_small_matter_has_its_speaker() -> None:
    assert talk(script_of(stories.SMALL_MATTER)) == [
        ("我", "没有什么的。走你的罢！"),
        ("车夫", "你怎么啦？"),
        ("老女人", "我摔坏了。"),
        ("巡警", "你自己雇车罢，他不能拉你了。"),
        ("我", "请你给他……"),
    ]


def test_a_quoted_term_is_no_speech() -> None:
    said = " ".join(words for _, words in talk(script_of(stories.SMALL_MATTER)))
    assert "子曰诗云" not in said
    assert "小" not in said
    assert "新地球" not in " ".join(words for _, words in talk(script_of(stories.STARSHIP)))


def test_red_cap_has_five_people_under_the_texts_own_names() -> None:
    script = script_of(stories.RED_CAP)
    assert sorted(names(script)) == ["Little Red-Cap", "grandmother", "huntsman", "mother", "wolf"]
    assert "Red-Cap" in next(asset.aliases for asset in script.assets if asset.name == "Little Red-Cap")


def test_untagged_turns_alternate_and_the_disguised_wolf_is_found_out() -> None:
    lines = talk(script_of(stories.RED_CAP))
    turns = {words.rstrip(".,!?"): speaker for speaker, words in lines}
    assert turns["Thank you kindly, wolf"] == "Little Red-Cap"
    assert turns["Whither away so early, Little Red-Cap"] == "wolf"
    assert turns["To my grandmother's"] == "Little Red-Cap"
    assert turns["Who is there"] == "grandmother"
    assert turns["But, grandmother, what large hands you have"] == "Little Red-Cap"
    # The text says so only afterwards: "And scarcely had the wolf said this …"
    assert turns["The better to hug you with"] == "wolf"
    assert turns["The better to eat you with"] == "wolf"
    assert turns["Do I find thee here, thou old sinner! I have long sought thee"] == "huntsman"


@pytest.mark.parametrize(
    ("text", "people"),
    [
        (stories.WUXIA, ["令狐云", "掌柜", "老者", "柳青儿"]),
        (stories.STARSHIP, ["林远", "机器人", "陈薇"]),
        (stories.GARDEN, ["黛玉", "宝玉", "紫鹃", "袭人"]),
        (stories.CLASSROOM, ["李雷", "韩梅梅", "张三", "王老师"]),
        (stories.TEA_PARTY, ["Mrs. Hartley", "Elizabeth Hartley", "Mr. Hartley", "Captain Ross"]),
        (stories.LANTERN, ["I", "father", "policeman"]),
    ],
    ids=["wuxia", "science fiction", "classical names", "school", "titles and nicknames", "first person"],
)
def test_people_are_found_in_texts_of_many_kinds(text: str, people: list[str]) -> None:
    assert sorted(names(script_of(text))) == sorted(people)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            stories.WUXIA,
            [
                ("掌柜", "客官打尖还是住店？"),
                ("令狐云", "住店。"),
                ("令狐云", "再烫一壶酒。"),
                ("老者", "年轻人，这剑不错。可惜，今晚要换主人了。"),
                ("令狐云", "前辈说笑了。"),
                ("老者", "我从不说笑。"),
                ("柳青儿", "师兄，别动手！他是我爹！"),
                ("柳青儿", "爹，跟我回家吧。"),
            ],
        ),
        (
            stories.CLASSROOM,
            [
                ("韩梅梅", "你的书。"),
                ("李雷", "谢谢。"),
                ("李雷", "你看完了？"),
                ("韩梅梅", "看完了。"),
                ("韩梅梅", "结尾太难过了。"),
                ("张三", "什么书？借我看看！"),
                ("王老师", "上课了。张三，回到你的座位上去。"),
            ],
        ),
        (
            stories.TEA_PARTY,
            [
                ("Mrs. Hartley", "You cannot be serious, Lizzy."),
                ("Elizabeth Hartley", "I am perfectly serious, Mamma."),
                ("Elizabeth Hartley", "Mr. Dunmore has left London, and he won't be coming back."),
                ("Mr. Hartley", "Good. The boys' dog never liked him."),
                ("Captain Ross", "I have brought a message from Mr. Dunmore."),
                ("Elizabeth Hartley", "From him? Give it to me, Captain Ross!"),
                ("Captain Ross", "Not before I have had some tea."),
            ],
        ),
    ],
    ids=["wuxia", "school", "single quotes"],
)
def test_speeches_before_behind_between_and_without_tags(text: str, expected: list[tuple[str, str]]) -> None:
    assert talk(script_of(text)) == expected


def test_looks_come_from_the_text() -> None:
    descriptions = {asset.name: asset.description for asset in script_of(stories.SMALL_MATTER).assets}
    assert "花白头发" in descriptions["老女人"]
    assert "破烂" in descriptions["老女人"]
    assert "满身灰尘" in descriptions["车夫"]
    assert "velvet" in next(a.description for a in script_of(stories.RED_CAP).assets if a.name == "Little Red-Cap")


def test_places_months_and_sentence_starters_are_nobody() -> None:
    text = (
        "However, the train left Paris in March. Suddenly Clara stood up. Nothing moved. Clara looked at the Thames "
        "and thought of Monday. London was far away. Clara sighed."
    )
    assert names(script_of(text)) == ["Clara"]


def test_props_are_things_that_the_text_names() -> None:
    props = names(script_of(stories.SMALL_MATTER), "PROP")
    assert {"人力车", "铜元"} <= set(props)
    assert all(prop in stories.SMALL_MATTER for prop in props)
    assert {"cake", "wine", "flowers"} <= set(names(script_of(stories.RED_CAP), "PROP"))


def test_clothes_that_somebody_wears_and_parts_of_houses_are_no_props() -> None:
    assert not {"皮袍", "背心", "外套", "车把"} & set(names(script_of(stories.SMALL_MATTER), "PROP"))
    assert not {"cap", "apron", "latch", "curtains"} & set(names(script_of(stories.RED_CAP), "PROP"))


def test_clothes_that_somebody_hands_over_are_a_prop() -> None:
    script = script_of("王掌柜走进店里。王掌柜递给李老板一件大衣。李老板说：“谢谢。”王掌柜走了。")
    assert "大衣" in names(script, "PROP")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'The train came in. "You are late," said Anna. "The snow," said Tom, and put down his bag.',
            [("Anna", "You are late."), ("Tom", "The snow.")],
        ),
        (
            "火车进站。“你迟到了。”安娜说。“雪太大。”汤姆说着，放下了包。",
            [("安娜", "你迟到了。"), ("汤姆", "雪太大。")],
        ),
        (
            '"Come in," said Anna. "I am cold," said Tom, "and I am tired."',
            [("Anna", "Come in."), ("Tom", "I am cold, and I am tired.")],
        ),
    ],
)
def test_two_people_who_speak_in_one_paragraph_keep_their_own_words(text: str, expected: list[tuple[str, str]]) -> None:
    assert talk(script_of(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'Jack ran home. "I am wet," said Jack. "Sit down," said Anna. The fire burned in the old house.',
            [("Jack", "I am wet."), ("Anna", "Sit down.")],
        ),
        (
            'The rain fell. "Come in," said Élodie. "No," answered Zorblax. "Why not?" Xochitl asked.',
            [("Élodie", "Come in."), ("Zorblax", "No."), ("Xochitl", "Why not?")],
        ),
        (
            '"Come in," said Mrs. Quill. "No," Dr. J. Watson answered.',
            [("Mrs. Quill", "Come in."), ("Dr. J. Watson", "No.")],
        ),
        ('The rain fell. "Come in," said Will. "No," May answered.', [("Will", "Come in."), ("May", "No.")]),
        ("“我淋湿了。”杰克说。“坐下。”安娜说。老屋里火烧得正旺。", [("杰克", "我淋湿了。"), ("安娜", "坐下。")]),
        ("“快进来！”小满喊道。“等等我。”石头说。", [("小满", "快进来！"), ("石头", "等等我。")]),
        ("老张说：“今晚有风。”秀英答道：“那就关上门。”", [("老张", "今晚有风。"), ("秀英", "那就关上门。")]),
    ],
    ids=["said Anna", "rare names", "titles and initials", "names that are words too", "安娜说", "石头说", "two tags"],
)  # fmt: skip
def test_whoever_is_said_to_speak_is_a_character_and_speaks(text: str, expected: list[tuple[str, str]]) -> None:
    script = script_of(text)
    assert talk(script) == expected
    assert names(script) == [speaker for speaker, _ in expected]


def test_a_name_ends_at_the_full_stop() -> None:
    script = script_of('"I have lost my cat," said Mina. Thomas lifted his lantern and smiled.')
    assert names(script) == ["Mina", "Thomas"]


def test_who_acts_right_behind_a_speech_has_spoken() -> None:
    script = script_of("小满推开门。“我好冷。”小满说。“别怕，快进来烤火。”阿海站起来，往炉子里添了柴。")
    assert talk(script) == [("小满", "我好冷。"), ("阿海", "别怕，快进来烤火。")]
    heard = script_of("小满推开门。阿海坐在火边。“我好冷，”小满说，“有人吗？”阿海听了站起来。")
    assert {speaker for speaker, _ in talk(heard)} == {"小满"}


def test_the_old_keeper_is_a_character_and_the_storm_is_none() -> None:
    script = script_of(
        "暴风雨的夜里，小满敲响了灯塔的门。\n老守塔人阿海打开门。\n“我找不到家了。”小满哭着说。\n"
        "“别怕，快进来烤火。”阿海站起来，给她倒了一杯热茶。\n小满坐在火边。“谢谢您，爷爷。”她说。"
    )
    assert names(script) == ["小满", "阿海"]
    assert [speaker for speaker, _ in talk(script)] == ["小满", "阿海", "小满"]
