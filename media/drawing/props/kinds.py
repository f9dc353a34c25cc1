"""Kinds of props, recognised by words, and their sizes.

The unit of every drawing is the object's height; (0, 0) is the middle of its foot, y down.
"""

# ruff: noqa: E501  (word tables read better in long lines)

import hashlib
import re
from dataclasses import dataclass

from media.drawing.colour import Colour, named_colours
from media.drawing.reading.vocabulary import Table
from media.drawing.reading.words import first_of, found_in_order, last_of, word_pattern

KINDS: Table = (
    ("RICKSHAW", "人力车 黄包车 洋车 车夫 车把 车子 拉车 rickshaw"),
    ("BICYCLE", "自行车 脚踏车 bicycle bike|"), ("CAR", "汽车 轿车 出租车 car| taxi automobile"),
    ("CART", "马车 牛车 车辆 车 cart| carriage wagon"), ("COINS", "铜元 铜钱 钱 硬币 银元 coin money pence "
        "shilling farthing"),
    ("LETTER", "信 信封 书信 letter envelope mail|"), ("LAMP", "灯 油灯 灯笼 lamp lantern"), ("CANDLE", "蜡烛 "
        "烛 candle"),
    ("SCISSORS", "剪刀 剪子 scissors shears"), ("STONES", "石头 石块 stone boulder rock|"), ("TROUGH", "水槽 石槽 trough basin"), ("CAKE", "蛋糕 cake"), ("SAUSAGE", "香肠 腊肠 sausage"), ("SWORD", "剑 刀 sword blade katana dagger knife"), ("PHONE", "手机 电话 phone"), ("BOOK", "书 册 日记 book "
        "diary notebook"),
    ("CUP", "杯 碗 茶 酒 cup| bowl mug tea| glass~of"), ("UMBRELLA", "伞 umbrella parasol"),
    ("BAG", "包 袋 行李 bag| sack suitcase luggage purse"), ("RING", "戒指 指环 手镯 ring| "
        "bracelet"), ("KEY", "钥匙 key|"),
    ("CLOCK", "钟 表 clock watch|"), ("FLOWER", "花 玫瑰 flower nosegay rose| bouquet"), ("BOAT", "船 舟 boat ship|"),
    ("HORSE", "马 horse pony|"), ("DOG", "狗 犬 dog| hound"), ("CAT", "猫 cat| kitten"), ("BIRD", "鸟 燕 鸽 "
        "bird dove crow|"),
    ("CHAIR", "椅 凳 chair stool"), ("TABLE", "桌 desk table"), ("BOTTLE", "瓶 药 bottle wine| medicine potion"),
    ("STICK", "棍 杖 叉 扫帚 stick| staff| cane| fork|"), ("MIRROR", "镜 mirror"), ("FAN", "扇 fan|"),
    ("SCROLL", "画卷 卷轴 地图 画 scroll map| painting"), ("BASKET", "篮 筐 basket"), ("BREAD", "馒头 面包 饼 "
        "bread bun| pie|"),
    ("TURKEY", "火鸡 鹅 turkey goose"), ("BOX", "箱 盒 礼物 box| chest| gift present| parcel"),
)  # fmt: skip

# Longer words that contain the word for a thing with another meaning.
_NO_THINGS: Table = (
    (
        "NONE",
        "空镜 镜头 车前 车后 车上 车里 上车 下车 停车 马路 马上 马车夫 车夫 人力车夫 花白 花园 花费 画面 表情 表示 外表 书房 书生 读书 相信 信心 迷信 包括 外套袋 口袋 衣袋 衣兜 "
        "灯下 铺子 药铺 茶馆 酒店 酒馆 酒楼 船夫 船长 时钟 分钟 钟头 刀削 马虎 桌上 灯光 路灯 bagged earring flowery "
        "clockwise booked ",
    ),
)
# Clothes are worn, not held; what is part of a building stays where it is.
_NOT_HANDLED: Table = (
    (
        "NONE",
        "皮袍 外套 背心 棉袄 衣 袍 袄 裙 裤 鞋 帽 围巾 斗篷 手套 门 窗 墙 屋顶 床 coat cloak cap| hat| dress apron vest "
        "jacket gloves boots shoes slippers door gate| window curtain latch wall| bed| roof",
    ),
)

# Heights in metres as they stand in a shot; hand-held ones are held, the others stand on the ground.
_METRES: dict[str, float] = {
    "RICKSHAW": 1.75,
    "BICYCLE": 1.05,
    "CAR": 1.5,
    "CART": 1.7,
    "BOAT": 2.2,
    "HORSE": 1.9,
    "DOG": 0.6,
    "CAT": 0.34,
    "CHAIR": 0.95,
    "TABLE": 0.78,
    "COINS": 0.16,
    "LETTER": 0.13,
    "LAMP": 0.4,
    "CANDLE": 0.26,
    "SWORD": 0.95,
    "PHONE": 0.17,
    "BOOK": 0.26,
    "CUP": 0.1,
    "UMBRELLA": 0.95,
    "BAG": 0.42,
    "RING": 0.1,
    "KEY": 0.15,
    "CLOCK": 0.3,
    "FLOWER": 0.36,
    "BIRD": 0.2,
    "BOTTLE": 0.28,
    "STICK": 1.3,
    "MIRROR": 0.35,
    "FAN": 0.28,
    "SCROLL": 0.3,
    "BASKET": 0.36,
    "BREAD": 0.14,
    "TURKEY": 0.2,
    "BOX": 0.34,
    "BUNDLE": 0.34,
    "SCISSORS": 0.22,
    "STONES": 0.5,
    "TROUGH": 0.7,
    "SAUSAGE": 0.16,
    "CAKE": 0.2,
}
_HELD = {
    "COINS",
    "LETTER",
    "LAMP",
    "CANDLE",
    "SWORD",
    "PHONE",
    "BOOK",
    "CUP",
    "UMBRELLA",
    "BAG",
    "RING",
    "KEY",
    "CLOCK",
    "FLOWER",
    "BOTTLE",
    "STICK",
    "MIRROR",
    "FAN",
    "SCROLL",
    "BASKET",
    "BREAD",
    "BOX",
    "TURKEY",
    "BUNDLE",
    "SCISSORS",
    "SAUSAGE",
    "CAKE",
}


@dataclass(frozen=True)
class Prop:
    """A prop. colour: named by the words, if any; seed: from the name, for unspecified details."""

    kind: str
    colour: Colour | None
    seed: int

    @property
    def metres(self) -> float:
        return _METRES[self.kind]

    @property
    def is_held(self) -> bool:
        return self.kind in _HELD

    @property
    def wide(self) -> float:
        """Width in heights, about."""
        return {
            "RICKSHAW": 1.5,
            "BICYCLE": 1.7,
            "CAR": 2.6,
            "CART": 1.6,
            "BOAT": 1.6,
            "HORSE": 1.3,
            "TABLE": 1.7,
            "DOG": 1.4,
            "TROUGH": 1.9,
            "STONES": 2.2,
            "BREAD": 1.7,
            "SAUSAGE": 1.9,
            "CAKE": 1.4,
        }.get(self.kind, 0.8)


def recognise_prop(name: str, description: str = "") -> Prop:
    """The prop of a name; clothes and unknown things are a bundle of plain cloth."""
    text = f"{name} {description}".lower()
    named = named_colours(text)
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
    # The last kind named is the present one: an umbrella, though its name is still lantern.
    kind = _kind_in(_WITH.sub(" ", description.lower())) or _kind_in(name.lower())
    if kind is None and first_of(_NOT_HANDLED, name.lower()) is None:
        kind = _kind_in(description.lower())
    return Prop(kind or "BUNDLE", named[-1][2] if named else None, seed)


# What a thing holds or stands by, up to the next thing: a bottle "of wine", a lantern "with a brass handle".
_WITH = re.compile(
    r"\b(?:of|with|that|which|in|on|at|from|by|for|under|near|beside|full of)\s+(?:(?:a|an|the|his|her)\s+)?[a-z]+"
    r"(?:\s(?!(?:an?|the)\b)[a-z]+)*"
)


def _kind_in(text: str) -> str | None:
    """The kind that the words name last, once words that mean something else are taken out."""
    return last_of(KINDS, _plain(text))


def _plain(text: str) -> str:
    return word_pattern(_NO_THINGS[0][1]).sub(" ", text)


def is_recognised(prop: Prop) -> bool:
    """Whether the prop may be shown in a shot; a bundle is meaningless there."""
    return prop.kind != "BUNDLE"


def props_in(text: str) -> list[Prop]:
    """The props that free words name, in order."""
    return [Prop(kind, None, 0) for kind in found_in_order(KINDS, _plain(text))]
