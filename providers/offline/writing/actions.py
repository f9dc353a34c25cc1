"""Describes the visible action of a take for its picture: visible clauses, talk, silence or thought."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from providers.offline.writing import lexicon_en, lexicon_zh
from providers.offline.writing.design import Design
from providers.offline.writing.language import split_clauses
from providers.offline.writing.looks import props_in
from providers.offline.writing.pacing import Take

_GESTURES = {
    "zh": ("面向对方", "微微侧身", "抬起手", "身体前倾", "停下脚步", "直视前方", "低下头", "转过脸"),
    "en": ("facing the other", "half turned away", "one hand raised", "leaning forward", "standing still",
           "looking straight ahead",
           "head bowed", "turning round"),
}  # fmt: skip
_ZH_LEAD = re.compile(
    r"^(?:但是|但|却|而且|而|可是|于是|便是|便|就|所以|因为|幸而|仍然|不一会|忽而|只见|后来|又|倘|也)+"
)
_EN_LEAD = re.compile(r"^(?:and|but|so|then|for|or|yet|meanwhile|however|,|\s)+", re.IGNORECASE)


@dataclass(frozen=True)
class Pictured:
    """A take to describe. in_view: the names shown; index: of the take in its scene, which varies the gestures."""

    take: Take
    in_view: tuple[str, ...]
    design: Design
    index: int

    @property
    def is_chinese(self) -> bool:
        return self.design.cast.language == "zh"

    @property
    def gesture(self) -> str:
        gestures = _GESTURES[self.design.cast.language]
        return gestures[(self.index * 3 + len(self.take.speech or self.take.narration)) % len(gestures)]


def action_of(pictured: Pictured) -> str:
    """The action: what is visible and who speaks; else an empty view, or who listens or thinks."""
    take = pictured.take
    seen = visible(take, pictured.design) if take.narration else ""
    if take.speech and take.speaker:
        talk = talk_of(pictured)
        return f"{seen}{'；' if pictured.is_chinese else '; '}{talk}" if seen else talk
    if seen:
        return seen
    if not pictured.in_view:
        return empty_view(pictured)
    return thought_of(pictured) if take.narration else listening(pictured)


def talk_of(pictured: Pictured) -> str:
    """Describes who speaks to whom, and how."""
    take = pictured.take
    heard = next((name for name in take.people if name != take.speaker), None)
    manner = _manner(take.speech, pictured.design.cast.language)
    if pictured.is_chinese:
        return f"{take.speaker}{f'对{heard}' if heard else ''}说话，{manner}{pictured.gesture}"
    return f"{take.speaker} speaks{f' to {heard}' if heard else ''}, {manner}{pictured.gesture}"


def empty_view(pictured: Pictured) -> str:
    """Describes a picture without people: the place, or the first clause."""
    if not pictured.take.narration:
        return "空镜，场景全貌" if pictured.is_chinese else "an empty view of the place"
    clause = first_clause(pictured.take.narration, pictured.design.cast.language)
    if pictured.is_chinese:
        return "空镜，" + (clause or "静止")
    return "no one in view, " + (clause or "stillness")


def listening(pictured: Pictured) -> str:
    """Describes the people in view listening."""
    if pictured.is_chinese:
        return f"{'、'.join(pictured.in_view)}静静听着，{pictured.gesture}"
    return f"{' and '.join(pictured.in_view)} listening, {pictured.gesture}"


def thought_of(pictured: Pictured) -> str:
    """Describes a person lost in thought if the words are thoughts; else the words."""
    take, design = pictured.take, pictured.design
    lexicon = lexicon_zh if pictured.is_chinese else lexicon_en
    if not lexicon.INNER_WORDS.search(take.narration):
        return _named(_bare(take.narration, design.cast.language), take, design)
    who = thinker(pictured.in_view, design)
    return f"{who}沉思，{pictured.gesture}" if pictured.is_chinese else f"{who} lost in thought, {pictured.gesture}"


def thinker(in_view: Sequence[str], design: Design) -> str:
    """The person whose thoughts they are: the first-person narrator, if there is one."""
    return design.cast.narrator.name if design.cast.narrator else in_view[0]


def is_inner(take: Take, design: Design) -> bool:
    """Whether a take contains only thoughts and nothing visible."""
    lexicon = lexicon_zh if design.cast.language == "zh" else lexicon_en
    if take.speech or not take.narration or props_in(take.narration, design.props, design.cast.language):
        return False
    return bool(lexicon.INNER_WORDS.search(take.narration)) and not visible(take, design)


def _manner(speech: str, language: str) -> str:
    if re.search(r"[？?]", speech):
        return "神情疑问，" if language == "zh" else "with a questioning look, "
    if re.search(r"[！!]", speech):
        return "神情激动，" if language == "zh" else "with strong feeling, "
    if re.search(r"…|\.\.\.", speech):
        return "欲言又止，" if language == "zh" else "hesitating, "
    return ""


def visible(take: Take, design: Design) -> str:
    """The visible clauses, with pronouns replaced by names where unambiguous."""
    language = design.cast.language
    lexicon = lexicon_zh if language == "zh" else lexicon_en
    kept: list[str] = []
    for clause in split_clauses(take.narration, language):
        bare = re.sub(r"[“”\"「」『』]", "", clause).strip("，。；：、！？—…,.;:!? ")
        bare = (_ZH_LEAD if language == "zh" else _EN_LEAD).sub("", bare)
        if not bare or (lexicon.INNER_WORDS.search(bare) and not lexicon.LOOK_WORDS.search(bare)):
            continue
        if (
            lexicon.VISIBLE_VERBS.search(bare)
            or lexicon.LOOK_WORDS.search(bare)
            or props_in(bare, design.props, language)
            or _is_weather(bare, language)
        ):
            kept.append(_named(bare, take, design))
    if language == "zh":
        return "，".join(kept)[:80]
    return " ".join(", ".join(kept).split()[:36])


def _bare(text: str, language: str) -> str:
    """The words without quotation marks, connectives and the last stop, short enough for a picture."""
    plain = re.sub(r"[“”\"「」『』]", "", text).strip("，。；：、！？—…,.;:!? ")
    plain = (_ZH_LEAD if language == "zh" else _EN_LEAD).sub("", plain)
    return plain[:60] if language == "zh" else " ".join(plain.split()[:30])


def _is_weather(clause: str, language: str) -> bool:
    if language == "zh":
        return bool(re.search(r"[风雨雪雾雷]|月光|阳光|夕阳|灯", clause))
    return bool(re.search(r"\b(?:wind|rain|snow|fog|storm|moon|sun|light|dark)\w*\b", clause, re.IGNORECASE))


def _named(clause: str, take: Take, design: Design) -> str:
    cast = design.cast
    pieces: list[str] = []
    position = 0
    for mention in cast.mentions(clause):
        if mention.person is not None or mention.pronoun is None:
            continue
        fitting = [name for name in take.people if name in cast.by_name and cast.fits(name, mention.pronoun)]
        if len(fitting) == 1 and mention.pronoun not in ("her", "him", "his"):
            pieces += [clause[position : mention.start], fitting[0]]
            position = mention.end
    return "".join(pieces) + clause[position:]


def first_clause(text: str, language: str) -> str:
    """The first clause without quotation marks and the stop; "" where there is none."""
    clauses = split_clauses(text, language)
    return re.sub(r"[“”\"]", "", clauses[0]).strip("，。；：、！？—…,.;:!? ") if clauses else ""
