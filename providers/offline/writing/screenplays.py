"""Reads screenplays: Fountain, and common plain Chinese and English layouts."""

import re
from dataclasses import dataclass

from providers.offline.writing import lexicon_en, lexicon_zh
from providers.offline.writing.beats import Beat
from providers.offline.writing.blocks import read_story
from providers.offline.writing.language import is_spoken, split_sentences
from providers.offline.writing.looks import Things, find_things
from providers.offline.writing.people import Cast, Person
from providers.offline.writing.places import Place
from providers.offline.writing.quotes import Span
from providers.offline.writing.scenes import Scene
from providers.offline.writing.setting import Setting

_SLUG_EN = re.compile(
    r"^\.?(?P<where>INT\.?/EXT\.?|EXT\.?/INT\.?|I/E\.?|INT\.?|EXT\.?|EST\.?)\s+(?P<rest>\S.*)$", re.IGNORECASE
)
_SLUG_ZH = re.compile(
    r"^\.?(?:第?\s*[零〇一二三四五六七八九十百0-9\-.]{1,6}\s*[场幕]?[、.：: ]?\s*)?"
    r"(?P<where>内外景|内景|外景|[内外](?=[\s，,.、])|)\s*[：:.，]?\s*(?P<rest>\S.{0,40})$"
)
_SCENE_ZH = re.compile(
    r"^(?:\.(?=\S)|第\s*[零〇一二三四五六七八九十百0-9]{1,6}\s*[场幕]|"
    r"场景\s*[零〇一二三四五六七八九十0-9]*\s*[：: ]|[内外]景[\s：:.，])"
)
_CUE_EN = re.compile(r"^(?P<name>[A-Z][A-Z0-9 .'’-]*[A-Z0-9.])(?:\s*\([^)]*\))*\s*\^?$")
_CUE_FORCED = re.compile(r"^@(?P<name>[^(（]+?)(?:\s*[(（][^)）]*[)）])*\s*\^?$")
_LINE = re.compile(
    r"^(?P<name>[^：:，。,.!?！？\s][^：:，。！？!?]{0,19}?)\s*(?:[（(][^）)]*[）)])?\s*[：:]\s*(?P<text>\S.*)$"
)
_TRANSITION = re.compile(r"^(?:>.*[^<]|.*\bTO:|FADE (?:IN|OUT)[.:]?|淡入|淡出|切至.*|转场.*)$")
_NARRATORS = frozenset(["旁白", "画外音", "narrator", "voice-over", "v.o.", "voiceover"])
_NOTES = re.compile(r"\[\[.*?\]\]|/\*.*?\*/", re.DOTALL)
_TITLE_KEYS = re.compile(
    r"^(?P<key>title|credit|authors?|source|draft date|date|contact|copyright|notes|"
    r"标题|作者|片名|编剧)\s*[：:]\s*(?P<value>.*)$",
    re.IGNORECASE,
)
_TIME_WORDS_EN = {
    "DAWN",
    "MORNING",
    "DAY",
    "AFTERNOON",
    "EVENING",
    "DUSK",
    "SUNSET",
    "NIGHT",
    "NOON",
    "MIDNIGHT",
    "LATER",
    "CONTINUOUS",
}
_TIME_ZH = {
    "晨": "清晨",
    "早": "清晨",
    "日": "日",
    "昼": "日",
    "白天": "日",
    "午": "日",
    "黄昏": "黄昏",
    "傍晚": "黄昏",
    "夜": "夜",
    "晚": "夜",
    "夜晚": "夜",
    "深夜": "夜",
    "清晨": "清晨",
}


@dataclass(frozen=True)
class Play:
    title: str
    author: str | None
    cast: Cast
    things: Things
    scenes: tuple[Scene, ...]


def looks_like_screenplay(text: str) -> bool:
    """Whether a text has at least three scene headings that only screenplays have."""
    return len(re.findall(r"^(?:INT|EXT)\. \S|^\.[内外]景 |^[内外]景[ ：:.]", text[:200_000], re.MULTILINE)) >= 3


def read_screenplay(text: str, language: str) -> Play:
    """Reads the scenes, speakers and action; parentheticals, transitions and notes are not spoken."""
    title, author, body = _title_page(_NOTES.sub("", text), language)
    default = Setting(
        Place("场景" if language == "zh" else "stage", "field", False), "日" if language == "zh" else "DAY"
    )
    scenes: list[tuple[Setting, list[Beat]]] = []
    names: dict[str, None] = {}
    speaker: str | None = None
    previous_blank = True
    lines = body.split("\n")
    for index, raw in enumerate(lines):
        line = raw.strip()
        if not line:
            speaker, previous_blank = None, True
            continue
        next_line = lines[index + 1].strip() if index + 1 < len(lines) else ""
        setting = _slug(line, language) if previous_blank or _SCENE_ZH.match(line) or _SLUG_EN.match(line) else None
        if setting is not None:
            scenes.append((setting, []))
            speaker = None
        elif _TRANSITION.match(line) or line.startswith(("#", "=")):
            speaker = None
        else:
            if not scenes:
                scenes.append((default, []))
            speaker = _read_line(
                line, next_line, speaker, previous_blank, len(scenes) * 1000 + index, scenes[-1][1], names
            )
        previous_blank = False
    kept = [(setting, beats) for setting, beats in scenes if beats]
    cast = _cast(list(names), language)
    finished = tuple(Scene(setting, tuple(_with_people(beat, cast) for beat in beats)) for setting, beats in kept)
    paragraphs = [[Span(beat.speaker is not None, beat.text)] for scene in finished for beat in scene.beats]
    return Play(title, author, cast, find_things(paragraphs, cast), finished)


def _read_line(
    line: str,
    next_line: str,
    speaker: str | None,
    previous_blank: bool,
    number: int,
    beats: list[Beat],
    names: dict[str, None],
) -> str | None:
    """Adds the beats of the line; returns the speaker whose speech may continue in the next line."""
    if speaker is not None:
        if re.fullmatch(r"[(（].*[)）]", line):
            return speaker
        _add(line.lstrip("\u200b"), speaker, number, beats)
        return speaker
    cue = _CUE_FORCED.match(line) or (_CUE_EN.match(line) if previous_blank and next_line else None)
    if cue:
        name = " ".join(cue.group("name").split())
        if name.casefold() not in _NARRATORS:
            names.setdefault(_cased(name))
        return _cased(name)
    if (
        (spoken := _LINE.match(line))
        and len(spoken.group("name").split()) <= 4
        and not line.startswith(("!", "△", "▲"))
    ):
        name = _cased(spoken.group("name").strip("　 *"))
        if name.casefold() not in _NARRATORS:
            names.setdefault(name)
        _add(re.sub(r"^[（(][^）)]*[）)]\s*", "", spoken.group("text")), name, number, beats)
        return None
    _add(line.lstrip("!△▲>~ ").rstrip("<").strip(), None, number, beats)
    return None


def _cased(name: str) -> str:
    """A cue in capitals as a name: LITTLE RED-CAP is Little Red-Cap; I stays I."""
    return (
        re.sub(r"[A-Z]+", lambda match: match.group().capitalize(), name) if name.isupper() and len(name) > 1 else name
    )


def _add(text: str, speaker: str | None, number: int, beats: list[Beat]) -> None:
    text = re.sub(r"\\([*_\\])", r"\1", re.sub(r"(?<!\\)[*_]{1,3}", "", text)).strip()
    if not is_spoken(text):
        return
    voice = None if speaker is not None and speaker.casefold() in _NARRATORS else speaker
    beats.append(Beat(text, voice, number))


def _slug(line: str, language: str) -> Setting | None:
    if found := _SLUG_EN.match(line):
        pieces = [piece.strip() for piece in re.split(r"\s+[-–—]\s+", found.group("rest"))]
        time = "DAY"
        if len(pieces) > 1 and pieces[-1].upper().split()[-1] in _TIME_WORDS_EN:
            time = pieces.pop().upper().split()[-1]
        name = " - ".join(pieces).lower() if " - ".join(pieces).isupper() else " - ".join(pieces)
        inside = found.group("where").upper().startswith(("INT", "I/E"))
        times = {
            "AFTERNOON": "DAY",
            "NOON": "DAY",
            "DUSK": "EVENING",
            "SUNSET": "EVENING",
            "MIDNIGHT": "NIGHT",
            "LATER": "DAY",
            "CONTINUOUS": "DAY",
        }
        return Setting(Place(name, _category(name, "en"), inside), times.get(time, time))
    if not _SCENE_ZH.match(line):
        return None
    found = _SLUG_ZH.match(re.sub(r"^场景\s*[零〇一二三四五六七八九十0-9]*\s*[：: ]\s*", ".", line))
    if found is None:
        return None
    words = [word for word in re.split(r"[\s　·，,、\-—/]+", found.group("rest")) if word]
    where = found.group("where")
    time = "日"
    name_words: list[str] = []
    for word in words:
        if word in _TIME_ZH:
            time = _TIME_ZH[word]
        elif word in ("内", "外", "内景", "外景"):
            where = word
        else:
            name_words.append(word)
    name = " ".join(name_words) or "场景"
    return Setting(Place(name, _category(name, "zh"), where.startswith("内")), time)


def _category(name: str, language: str) -> str:
    places = lexicon_zh.PLACES if language == "zh" else lexicon_en.PLACES
    return next((key[0] for word, key in places.items() if word in name.lower()), "other")


def _title_page(text: str, language: str) -> tuple[str, str | None, str]:
    lines = text.lstrip("\n").split("\n")
    title = author = None
    if lines and _TITLE_KEYS.match(lines[0].strip()):
        position = 0
        key = ""
        while position < len(lines) and lines[position].strip():
            if found := _TITLE_KEYS.match(lines[position].strip()):
                key, value = found.group("key").lower(), found.group("value").strip(" _*")
            else:
                value = lines[position].strip(" _*")
            if key in ("title", "标题", "片名"):
                title = f"{title} {value}".strip() if title else value
            elif key in ("author", "authors", "作者", "编剧"):
                author = f"{author} {value}".strip() if author else value
            position += 1
        return title or ("未命名" if language == "zh" else "Untitled"), author, "\n".join(lines[position:])
    story = read_story(text, language)
    first = next((line.strip() for line in lines if line.strip()), "")
    if first and first.strip("《》") == story.title and not _slug(first, language) and not _LINE.match(first):
        return story.title, story.author, text.replace(first, "", 1)
    return story.title, None, text


def _cast(names: list[str], language: str) -> Cast:
    people: list[Person] = []
    for name in names:
        if language == "zh":
            gender, age = lexicon_zh.ROLES.get(name, (None, None))
            people.append(
                Person(name, (name,), gender, age, is_narrator=name == "我", is_named=name not in lexicon_zh.ROLES)
            )
            continue
        words = name.split()
        gender, age = lexicon_en.ROLES.get(words[-1].lower(), (None, None))
        if gender is None:
            gender = "m" if words[0] in lexicon_en.MALE_NAMES | lexicon_en.MALE_TITLES else None
            gender = "f" if words[0] in lexicon_en.FEMALE_NAMES | lexicon_en.FEMALE_TITLES else gender
        people.append(Person(name, (name,), gender, age, is_narrator=name == "I", is_named=True))
    return Cast(language, tuple(people))


def _with_people(beat: Beat, cast: Cast) -> Beat:
    mentioned = [
        mention.person for sentence in split_sentences(beat.text, cast.language) for mention in cast.mentions(sentence)
    ]
    named = [beat.speaker] if beat.speaker else [name for name in mentioned if name]
    people = tuple(dict.fromkeys(name for name in named if name in cast.by_name))
    return Beat(beat.text, beat.speaker, beat.paragraph, people)
