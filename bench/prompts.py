"""Generates Chinese and English prompts of films, reproducible by a seed.

The shots of a film share cast and style; some are retakes with a few words changed.
"""

import random
from collections.abc import Iterator

_ZH = {
    "who": "林小雨 陈默 老周 阿珍 少年剑客 白发老人 红衣女子 小男孩 女侦探 机械师",
    "look": "黑色长发 短发 戴圆框眼镜 穿灰色风衣 身披蓑衣 手握长剑 背着书包 满脸皱纹 眼神坚定 嘴角带伤",
    "does": "站在雨中的街角 奔跑穿过竹林 坐在窗边读信 推开破旧的木门 抬头望向夜空 在桥上停下脚步 点燃一盏油灯"
    " 从屋顶一跃而下 伸手接住落叶 转身离开车站",
    "where": "古镇石板路 霓虹闪烁的小巷 雪后的庭院 清晨的码头 废弃工厂 山间寺庙 地铁站台 海边悬崖 图书馆深处 麦田尽头",
    "light": "柔和晨光 逆光剪影 冷色月光 暖黄灯光 阴天漫射光 夕阳余晖 闪电瞬间 烛光摇曳",
    "view": "特写 中景 远景 全景 俯拍 仰拍 过肩镜头",
    "style": "日系动画风格，线条干净，色彩明快，高细节，电影构图 水墨风格，留白，淡彩，宣纸质感，意境悠远"
    " 赛璐璐上色，厚重阴影，九十年代动画质感，胶片颗粒 写实光影，浅景深，电影级调色，超清细节",
    "other": "云 风 雷 山 河 湖 海 花 草 树 金 银 铜 铁 春 夏 秋 冬 东 西 南 北 高 低 明 暗",
}
_EN = {
    "who": "a young woman named Mira|an old fisherman|a boy in a yellow raincoat|the detective|a wandering swordsman"
    "|two sisters|the mechanic|a tall stranger|the librarian|a street musician",
    "look": "with short black hair|wearing a grey trench coat|with round glasses|holding a paper lantern"
    "|with a scar on his cheek|carrying a violin case|in a torn red scarf|with tired eyes|in muddy boots",
    "does": "stands at a street corner in the rain|runs through a bamboo forest|reads a letter by the window"
    "|pushes open a heavy wooden door|looks up at the night sky|stops in the middle of a bridge|lights an oil lamp"
    "|leaps from a rooftop|catches a falling leaf|walks away from the station",
    "where": "cobbled old town|neon lit alley|snowy courtyard|harbour at dawn|abandoned factory|mountain temple"
    "|subway platform|cliff above the sea|deep inside a library|edge of a wheat field",
    "light": "soft morning light|backlit silhouette|cold moonlight|warm lamplight|overcast light|last light of sunset"
    "|a flash of lightning|flickering candlelight",
    "view": "close-up|medium shot|wide shot|full shot|high angle|low angle|over the shoulder",
    "style": "anime style, clean lines, bright colours, high detail, cinematic composition|ink wash painting, empty"
    " space, pale colours, rice paper texture|cel shading, heavy shadows, nineties anime look, film grain"
    "|realistic lighting, shallow depth of field, cinematic grading, ultra detailed",
    "other": "silver|golden|ancient|quiet|broken|storm|river|garden|tower|shadow|velvet|copper|bright|distant|wooden",
}
WORDS = {
    "zh": {name: text.split(" ") for name, text in _ZH.items()},
    "en": {name: text.split("|") for name, text in _EN.items()},
}


class Film:
    """A cast of three people with their looks, and a style."""

    def __init__(self, chance: random.Random) -> None:
        self.language = chance.choice(("zh", "en"))
        words = WORDS[self.language]
        joint = "，" if self.language == "zh" else " "
        self.cast = [joint.join((who, *chance.sample(words["look"], 2))) for who in chance.sample(words["who"], 3)]
        self.style = chance.choice(words["style"])

    def shot(self, chance: random.Random, number: int) -> str:
        words = {name: chance.choice(choices) for name, choices in WORDS[self.language].items()}
        who, age = chance.choice(self.cast), chance.randint(5, 80)
        if self.language == "zh":
            parts = [words["view"], who, words["does"], words["where"], f"第{number}镜", words["light"], f"{age}岁"]
            return "，".join((*parts, self.style))
        return f"{words['view']}, {who} {words['does']}, {words['where']}, {words['light']}, age {age}, {self.style}"


def changed(chance: random.Random, prompt: str, share: float) -> str:
    """The prompt with about that share of its characters replaced, inserted or deleted, in whole words."""
    language = "zh" if any(character > "\u2e7f" for character in prompt) else "en"
    joint = "" if language == "zh" else " "
    units = list(prompt) if language == "zh" else prompt.split(" ")
    left = max(1.0, len(prompt) * share)
    while left > 0 and len(units) > 1:
        place, other = chance.randrange(len(units)), chance.choice(WORDS[language]["other"])
        how = chance.random()
        if how < 0.5:
            units[place] = other
        elif how < 0.75:
            units.insert(place, other)
        else:
            other = units.pop(place)
        left -= len(other) + len(joint)
    return joint.join(units)


def prompts(seed: int) -> Iterator[str]:
    """An endless sequence of prompts, film by film."""
    chance = random.Random(seed)
    while True:
        film = Film(chance)
        for number in range(1, chance.choice((20, 60, 200)) + 1):
            shot = film.shot(chance, number)
            yield shot
            if chance.random() < 0.2:
                yield changed(chance, shot, chance.choice((0.01, 0.03, 0.08)))
