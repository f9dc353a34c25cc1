"""Texts that the tests of the offline writer read: the two example stories and short original passages."""

# ruff: noqa: E501  (stories have the lines they have)

import functools
import re
from pathlib import Path

from providers.base import DraftShot, ScriptDraft, ScriptOrder
from providers.offline.writing import write_script

EXAMPLES = Path(__file__).parents[3] / "examples"
SMALL_MATTER = (EXAMPLES / "yi-jian-xiao-shi.txt").read_text("utf-8")
RED_CAP = (EXAMPLES / "little-red-cap.txt").read_text("utf-8")


@functools.cache
def script_of(text: str, **wishes: object) -> ScriptDraft:
    return write_script(ScriptOrder(text, **wishes))  # type: ignore[arg-type]


def shots_of(script: ScriptDraft) -> list[DraftShot]:
    return [shot for scene in script.scenes for shot in scene.shots]


def names(script: ScriptDraft, kind: str = "CHARACTER") -> list[str]:
    return [asset.name for asset in script.assets if asset.type == kind]


def talk(script: ScriptDraft) -> list[tuple[str | None, str]]:
    """(speaker, words) with shots in a row by one speaker joined."""
    lines: list[tuple[str | None, str]] = []
    for shot in shots_of(script):
        if not shot.dialogue:
            lines.append((None, ""))
        elif lines and lines[-1][0] == shot.speaker and not shot.narration:
            joint = "" if script.language == "zh" else " "
            lines[-1] = (shot.speaker, lines[-1][1] + joint + shot.dialogue)
        else:
            lines.append((shot.speaker, shot.dialogue))
    return [line for line in lines if line[1]]


def spoken(script: ScriptDraft) -> str:
    """All that is said, letters alone."""
    return letters("".join(f"{shot.narration or ''}{shot.dialogue or ''}" for shot in shots_of(script)))


def letters(text: str) -> str:
    return "".join(re.findall(r"\w", text))


WUXIA = """断桥夜雨

　　夜深了，雨下得正紧。断桥客栈里只点着一盏油灯。
　　令狐云推门进来，一身青衫湿透，腰间悬着一柄长剑。掌柜抬头看了他一眼，连忙迎上去：“客官打尖还是住店？”
　　“住店。”令狐云把斗笠放在桌上，“再烫一壶酒。”
　　角落里坐着一个白发老者，正在擦一把刀。他忽然冷笑道：“年轻人，这剑不错。可惜，今晚要换主人了。”
　　“前辈说笑了。”
　　“我从不说笑。”
　　话音未落，刀光一闪。令狐云侧身避开，拔剑在手，油灯应声而灭。
　　柳青儿从楼上奔下来，急道：“师兄，别动手！他是我爹！”
　　令狐云愣住了，剑尖停在老者喉前三寸。
　　第二天清晨，雨停了。三个人坐在桥头，谁也没有说话。柳青儿低声道：“爹，跟我回家吧。”老者叹了口气，把那把刀扔进了河里。
"""

STARSHIP = """第一章 醒来

林远在休眠舱里睁开眼睛的时候，飞船已经飞行了一百二十年。

“欢迎醒来，林远。”机器人的声音在舱里响起，“舰长在舰桥等您。”

他扶着墙走上舰桥。舰长陈薇站在巨大的屏幕前，背影笔直。

“我们到了？”林远问。

陈薇没有回头。“到了。”她说，“但是那颗星球不见了。”

林远望着屏幕，屏幕上只有一片黑暗。所谓的“新地球”从来就没有存在过。

第二章 信

三天后，林远在实验室里发现了一封信。信封已经发黄，上面写着他的名字。

“这是谁的信？”机器人问道。

林远没有回答。他的手在发抖。
"""

GARDEN = """且说林黛玉自在荣国府以来，贾母万般怜爱。这日，宝玉走进潇湘馆，只见黛玉坐在窗前，手里拿着一卷书，眼睛微微红肿。

宝玉笑道：“妹妹，你又哭了？”

黛玉道：“谁哭了？是风吹的。”

“外面下着雪，你身子弱，别在窗前坐着。”宝玉说着，解下自己的斗篷，披在黛玉身上。

紫鹃端着茶走进来，笑道：“二爷来了，姑娘今儿的药还没有吃呢。”

袭人在门外叫道：“二爷，老太太叫你呢！”

宝玉只好站起来，走到门口，又回头看了黛玉一眼。黛玉望着他的背影，落下泪来。
"""

CLASSROOM = """下午，教室里很安静。李雷坐在窗边，看着操场发呆。

韩梅梅走过来，把一本书放在他的桌上。“你的书。”她说。

“谢谢。”李雷红了脸，“你看完了？”

“看完了。”韩梅梅笑了，“结尾太难过了。”

张三从后面探出头来：“什么书？借我看看！”

王老师走进教室，敲了敲桌子：「上课了。张三，回到你的座位上去。」张三吐了吐舌头。
"""

TEA_PARTY = """'You cannot be serious, Lizzy,' said Mrs. Hartley, putting down her cup.

'I am perfectly serious, Mamma.' Elizabeth did not look up from her letter. 'Mr. Dunmore has left London, and he won't be coming back.'

Mr. Hartley folded his newspaper. 'Good,' he said. 'The boys' dog never liked him.'

Outside, in the garden, it had begun to rain. Captain Ross came up the path, shook the water from his hat and knocked at the door.

'I have brought a message from Mr. Dunmore,' the captain said.

Elizabeth Hartley turned pale. 'From him? Give it to me, Captain Ross!'

'Not before I have had some tea,' he answered, and everybody laughed.

The next morning she walked down to the river alone. In July the water was low, and the old boat lay in the mud. She opened the letter and read it twice.
"""

LANTERN = """THE LAST LANTERN

By A. N. Author

Chapter 1

I was ten years old when the lighthouse went dark. My father kept the lamp, and I kept my father company.

"Tom," he said to me one night, "if the light ever fails, ring the bell."

"I will," I said.

The storm came in November. The wind tore the shutters from the tower, and the lamp went out. I ran up the stairs. My father lay on the floor.

"Father!" I cried.

He opened his eyes. "The bell," he whispered.

I rang it until my hands bled. Toward dawn a policeman came along the beach with a lantern in his hand.

"Was it you who rang?" asked the policeman.

"You saved sixty men, boy," he said.

Chapter 2

Years later, I met one of them in a tavern in Boston. He bought me a drink and said nothing at all.
"""
