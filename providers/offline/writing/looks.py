"""Extracts the text's own descriptions of people, props and places for the drawing prompts."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import rjieba

from providers.offline.writing import lexicon_en, lexicon_zh, tags
from providers.offline.writing.beats import Beat, find_beats
from providers.offline.writing.language import split_clauses
from providers.offline.writing.people import Cast, Person
from providers.offline.writing.quotes import Span

_MAX_LOOKS = 4
_SAME_THING = (
    (("车子", "车把"), ("人力车", "马车", "汽车", "自行车")),
    (("船",), ("小船", "飞船")),
    (("coins",), ("coin",)),
)
_ZH_GARMENT = re.compile(r"皮袍|外套|长袍|长衫|大衣|棉袄|斗篷|毡帽|围巾|眼镜")
_GARMENT = re.compile(
    r"皮袍|长袍|长衫|外套|大衣|棉袄|背心|斗篷|帽子|毡帽|围巾|眼镜|耳环|项链|头盔|cap|cloak|coat|hat|gloves|boots|shoes|slippers|"
    r"dress|apron|spectacles|helmet|crown|badge"
)
_ZH_PROP = re.compile("|".join(map(re.escape, lexicon_zh.PROPS)))
_ZH_MEASURED = re.compile(rf"[一两几三][大小]?[{lexicon_zh.CONCRETE_MEASURES}]([\u3400-\u9fff]{{2,6}})")
_EN_PROP = re.compile(
    r"(?<![\w-])(" + "|".join(sorted(map(re.escape, lexicon_en.PROPS), key=len, reverse=True)) + r")(?![\w-])",
    re.IGNORECASE,
)
_ZH_STRIP = re.compile(
    r"^(?:但|却|而且|而|又|只见|所以|因为|觉得|看见|见|于是|便|就|都|是|有|他|她|伊|我|的|一个|一位|那个?|这个?|，)+"
)
_EN_PHRASE = re.compile(
    r"\b(?:wore|wearing|with|in|had|gave (?:him|her)|dressed in|dressed (?:himself|herself) in)\s+"
    r"((?:(?:a|an|his|her|the|very|long|little|big|large|old|white|grey|gray|black|red|blue|green|brown|thin|round|pale|dark|golden|torn|fine|bright|sharp|two)\s+){1,5}"
    r"(?:hair|beard|eyes|face|cap|hat|cloak|coat|dress|robe|gown|boots|scar|spectacles|uniform|teeth|skin|apron|jacket|scarf|shawl|gloves|veil)"
    r"(?:\s+of\s+(?:[a-z]+\s+)?[a-z]+)?)",
    re.IGNORECASE,
)
_EN_ADJECTIVE = re.compile(
    r"\b(tall|short|thin|fat|stout|slender|pale|old|aged|young|wrinkled|ragged|white-haired|grey-haired|pretty|beautiful|ugly|ill|weak|sick|poor|dear|wicked|bald|handsome|blind|lame|tired)\s+(?:and\s+[a-z]+\s+)?(?:[a-z]+\s+)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Things:
    """The results of the survey besides people: looks by person, and props with a description."""

    looks: dict[str, tuple[str, ...]]
    props: dict[str, str]


def find_things(paragraphs: Sequence[Sequence[Span]], cast: Cast) -> Things:
    looks = _find_looks(paragraphs, cast)
    return Things(looks, _find_props(paragraphs, cast, " ".join(look for found in looks.values() for look in found)))


def _find_looks(paragraphs: Sequence[Sequence[Span]], cast: Cast) -> dict[str, tuple[str, ...]]:
    lexicon = lexicon_zh if cast.language == "zh" else lexicon_en
    found: dict[str, list[str]] = defaultdict(list)
    for index, spans in enumerate(paragraphs):
        if not any(not span.is_speech and lexicon.LOOK_WORDS.search(span.text) for span in spans):
            continue
        # A pronoun may refer to a person of the previous paragraph.
        for beat in find_beats(paragraphs[max(index - 1, 0) : index + 1], cast, max(index - 1, 0)):
            if beat.paragraph == index and beat.speaker is None and lexicon.LOOK_WORDS.search(beat.text):
                seen = _zh_looks(beat, cast) if cast.language == "zh" else _en_looks(beat, cast)
                for name, look in seen:
                    if len(found[name]) < _MAX_LOOKS and look not in found[name]:
                        found[name].append(look)
    return {name: tuple(looks) for name, looks in found.items()}


def _person(beat: Beat, cast: Cast, name: str | None, pronoun: str | None) -> str | None:
    if name is not None:
        return name
    fitting = [other for other in beat.people if cast.fits(other, pronoun or "")]
    return fitting[0] if len(fitting) == 1 else None


def _zh_looks(beat: Beat, cast: Cast) -> Iterable[tuple[str, str]]:
    current: str | None = None
    for clause in split_clauses(beat.text, "zh"):
        start = 0
        for mention in cast.mentions(clause):
            name = _person(beat, cast, mention.person, mention.pronoun)
            if name is not None and not tags.ZH_OBJECT_BEFORE.search(clause[: mention.start][-3:]):
                current, start = name, mention.end
        if current and cast.by_name[current].is_narrator and (worn := _ZH_GARMENT.search(clause)):
            yield current, f"{'戴' if worn.group() in ('毡帽', '围巾', '眼镜') else '穿'}{worn.group()}"
            continue
        look = _ZH_STRIP.sub("", clause[start:]).strip("，。；：、！？—… ")
        if (
            current
            and lexicon_zh.LOOK_WORDS.search(look)
            and 3 <= len(look) <= 13
            and not re.search(r"[“”？]|什么|怎么|时候|自己|睁|闭|擦|解下", look)
            and not lexicon_zh.INNER_WORDS.search(look)
            and not re.search(r"^(?:[也还]?不|没|把|向|对|从|刹时)", look)
        ):
            yield current, look


def _en_looks(beat: Beat, cast: Cast) -> Iterable[tuple[str, str]]:
    mentions = cast.mentions(beat.text)
    for mention in mentions:
        if mention.person is None or cast.by_name[mention.person].is_narrator:
            continue
        adjective = _EN_ADJECTIVE.search(beat.text[max(0, mention.start - 30) : mention.start])
        if adjective and not mention.pronoun:
            yield mention.person, adjective.group(1).lower()
    for match in _EN_PHRASE.finditer(beat.text):
        before = [m for m in mentions if m.end <= match.start(1) and m.pronoun != "his"]
        if before:
            name = _person(beat, cast, before[-1].person, before[-1].pronoun)
            if name is not None:
                look = re.sub(r"^(?:his|her|the)\s+", "", match.group(1))
                yield name, look if " " in look else f"with a {look}"


def _find_props(paragraphs: Sequence[Sequence[Span]], cast: Cast, worn: str) -> dict[str, str]:
    """The props with descriptions. worn: the looks of all people, because worn things are not props."""
    counts: Counter[str] = Counter()
    narrated: set[str] = set()
    words: dict[str, str] = {}
    length = 0
    for spans in paragraphs:
        for span in spans:
            length += len(span.text)
            for name, phrase in _props_in(span.text, cast.language):
                # Chinese looks are whole clauses, which also describe handing over; English looks are garments only.
                is_worn = cast.language == "en" and name in worn
                if _GARMENT.fullmatch(name) and (is_worn or not _is_handled(name, span.text)):
                    continue
                counts[name] += 1
                words.setdefault(name, phrase)
                if not span.is_speech:
                    narrated.add(name)
    room = 6 if length < 3_000 else 14 if length < 20_000 else 40
    # A thing only mentioned in talk is no prop; a word within a longer one (车 in 人力车) counts for the longer.
    # In a long text, things named only once or twice are ignored.
    floor = 1 if length < 4_000 else 2 if length < 60_000 else 5
    kept = [name for name in counts if name in narrated and counts[name] >= floor]
    order = {name: index for index, name in enumerate(counts)}
    kept.sort(key=lambda name: (-counts[name], order[name]))
    # 车子 is the 人力车 named before, not a second thing.
    kept = [
        name
        for name in kept
        if not any(name in generic and set(kept) & set(specific) for generic, specific in _SAME_THING)
    ]
    return {name: words[name] for name in kept[:room]}


def _is_handled(name: str, text: str) -> bool:
    """Whether somebody takes, gives or folds the garment, so that it is a prop."""
    before = r"(?:拿|递|脱下?|披|解下|抱着?|捡|送|取)[^，。]{0,10}"
    before_en = r"\b(?:took|gave|brought|bought|sold|folded|found|dropped|picked up|handed)\b[^.,;]{0,24}\b"
    return bool(re.search(rf"(?:{before}|{before_en}){re.escape(name)}", text, re.IGNORECASE))


def _props_in(text: str, language: str) -> Iterable[tuple[str, str]]:
    if language != "zh":
        for match in _EN_PROP.finditer(text):
            name = match.group(1).lower()
            if name in lexicon_en.NOT_PROPS_ALONE:
                continue
            phrase = re.search(
                r"(?:\b(?:a|an|the|some|his|her|my)\s+)((?:[a-z-]+\s+){0,2})$",
                text[max(0, match.start() - 40) : match.start()],
                re.IGNORECASE,
            )
            after = re.match(r"\s+of\s+(?:red\s+|white\s+|black\s+)?[a-z]+", text[match.end() :])
            yield name, ((phrase.group(1) if phrase else "") + name + (after.group() if after else "")).strip()
        return
    for match in _ZH_PROP.finditer(text):
        word = match.group()
        if len(word) == 1 and not re.search(
            rf"[一两几三这那][大小]?[{lexicon_zh.CONCRETE_MEASURES}]$", text[: match.start()][-4:]
        ):
            continue
        clause = re.split(r"[，。！？；：“”]", text[: match.start()])[-1]
        lead = re.search(r"(?:[一两几][^，]{0,4}?的|破|旧|新|大|小|红|白|黑|长|厚|薄|朱红的|明晃晃的)+$", clause)
        yield word, (lead.group() if lead else "") + word
    for match in _ZH_MEASURED.finditer(text):
        tokens = rjieba.tag(match.group(1))
        if tokens and tokens[0][1] == "n" and len(tokens[0][0]) >= 2 and tokens[0][0] not in lexicon_zh.NOT_PROPS:
            word = tokens[0][0]
            if word not in lexicon_zh.ROLES and word not in lexicon_zh.PLACES:
                yield word, match.group()[: match.group().index(match.group(1))] + word


def props_in(text: str, props: Iterable[str], language: str) -> tuple[str, ...]:
    """The props of the story that the text names."""
    if language == "zh":
        return tuple(name for name in props if name in text)
    lowered = text.lower()
    return tuple(
        name for name in props if name in lowered and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", lowered)
    )


def bearing(person: Person, language: str) -> str:
    """Age and sex in a few words, as far as known: 老年女性, "an old woman"; for the narrator just that."""
    if language == "zh":
        if person.is_narrator:
            return "第一人称叙述者"
        if person.age == "young":
            return {"f": "年轻女性", "m": "年轻男性", None: "年轻人"}[person.gender]
        if person.age == "old":
            return {"f": "老年女性", "m": "老年男性", None: "老人"}[person.gender]
        return {"f": "成年女性", "m": "成年男性", None: "人物"}[person.gender]
    if person.is_narrator:
        return "the first-person narrator"
    age = {"old": "elderly ", "young": "young ", None: "adult "}[person.age]
    head = person.name.split()[-1]
    if head in _ANIMALS:
        return f"a {head}"
    return {"f": f"{age}female", "m": f"{age}male", None: person.age or "character"}[person.gender].strip()


_ANIMALS = frozenset(
    [
        "wolf",
        "lion",
        "fox",
        "bear",
        "ass",
        "ox",
        "bull",
        "dragon",
        "mouse",
        "cat",
        "dog",
        "hound",
        "donkey",
        "horse",
        "goat",
        "sheep",
        "lamb",
        "pig",
        "crow",
        "raven",
        "crane",
        "stork",
        "hare",
        "rabbit",
        "tortoise",
        "frog",
        "swallow",
        "nightingale",
        "sparrow",
        "eagle",
        "owl",
        "snake",
        "serpent",
        "crab",
        "ant",
        "grasshopper",
        "fish",
        "monkey",
        "rat",
        "bird",
        "hen",
        "cow",
        "goose",
        "cock",
        "rooster",
        "robot",
    ]
)
