"""Where and when things happen: beats grouped into scenes with a place, a time of day, a season and the weather."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from providers.offline.writing import lexicon_en, lexicon_zh
from providers.offline.writing.beats import Beat
from providers.offline.writing.changes import CLEAR, DAWN, NIGHTS, UNTIL_DAWN, WET, by_change
from providers.offline.writing.people import Cast

_ZH_PLACE = re.compile("|".join(sorted(map(re.escape, lexicon_zh.PLACES), key=lambda word: (-len(word), word))))
_ZH_BEFORE_PLACE = re.compile(r"(?:巡警|警察|荣国|宁国|[\u3400-\u9fff]{2}(?=寺|庙|客栈|酒楼|茶馆|酒店))$")
_EN_PLACE = re.compile(
    r"(?P<lead>\b(?:(?:in|into|inside|entered|at|to|reached|through|across|along|down|up|near|beside|on|upon|"
    r"towards?|onto|under|by|outside|passing|left|round|around|in front of)\s+))?"
    r"(?:(?P<owner>(?:the|his|her|my|their|our)\s+)?(?P<who>(?<![A-Za-z-])[A-Za-z-]{1,30})[’']s\s+|(?P<article>the|a|an|his|her|my|their|our|this|that)\s+)"
    r"(?P<words>(?:[a-z-]+\s+){0,2}?)(?P<place>"
    + "|".join(sorted(lexicon_en.PLACES, key=len, reverse=True))
    + r")(?![\w’'-])",
    re.IGNORECASE,
)
_OPEN_GROUND = frozenset({"road", "wood", "water", "mountain", "field", "city", "village", "space", "yard", "home"})
_BARE_ZH = re.compile("大道|道路|街道|马路|小路|屋子|房间|房子|院子|树林|林子|村子|小屋")
_HYPOTHETICAL = re.compile(r"\b(?:if|until|till|unless)\b[^,.;]*", re.IGNORECASE)
_STOP_WORDS = frozenset(
    [
        "same",
        "very",
        "whole",
        "other",
        "own",
        "more",
        "most",
        "and",
        "or",
        "of",
        "in",
        "great",
        "little",
        "old",
        "good",
        "public",
        "whole",
        "still",
    ]
)
_EN_WORD = re.compile(r"[A-Za-z-]+")
_ZH_TIME = re.compile("|".join(sorted(lexicon_zh.TIMES, key=lambda word: (-len(word), word))))
_ZH_SEASON = re.compile("|".join(lexicon_zh.SEASONS))
_ZH_WEATHER = re.compile(
    "|".join(word for word in sorted(lexicon_zh.WEATHER, key=len, reverse=True) if len(word) > 1)
    + r"|(?:下着?|飘着?|落着?|冒着|淋着?)[雨雪]|[雨雪](?:中|里|点|声|停|水|花|地|下)|雷声|雾气"
)
_HOME_FAMILY = frozenset(
    [
        "mother",
        "father",
        "grandmother",
        "grandfather",
        "wife",
        "husband",
        "母亲",
        "父亲",
        "妈妈",
        "爸爸",
        "奶奶",
        "爷爷",
        "妻子",
        "丈夫",
        "祖母",
    ]
)


@dataclass(frozen=True, slots=True)
class Place:
    """`name` is the text's own word where it has one. words: every word of the scene for it."""

    name: str
    category: str
    is_inside: bool


@dataclass(frozen=True)
class Setting:
    place: Place | None
    time: str  # DAWN … NIGHT in English, 清晨 … 夜 in Chinese
    season: str | None = None
    weather: str | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """A beat that a shortened script leaves out: it has happened all the same, where and in which scene of the text."""

    beat: Beat
    place: Place
    scene: int


@dataclass(frozen=True)
class Scene:
    """passed: what is left out before each of the beats, empty where nothing is; number: the scene's in the text."""

    setting: Setting
    beats: tuple[Beat, ...]
    chapter: str | None = None
    opens_chapter: bool = False
    passed: tuple[tuple[Passed, ...], ...] = ()
    number: int = 0

    @property
    def place(self) -> Place:
        assert self.setting.place is not None
        return self.setting.place


@dataclass
class _Open:
    """A scene that is still being read."""

    setting: Setting
    beats: list[Beat] = field(default_factory=list)
    chapter: str | None = None
    opens_chapter: bool = False
    paragraphs: int = 0


def find_scenes(
    beats: Sequence[Beat], marks: Mapping[int, str], cast: Cast, *, home: Place | None = None
) -> list[Scene]:
    """The scenes in order, each with a place.

    marks: the paragraphs that follow a chapter heading or a break, with the heading ("" for a break).
    home: the place for scenes that name none, where the story as a whole has one.
    """
    language = cast.language
    default_time = "日" if language == "zh" else "DAY"
    known: dict[str, Place] = {}
    scenes: list[_Open] = []
    current = _Open(Setting(None, default_time))
    chapter: str | None = None
    dawns = False
    for number, paragraph in by_change(_by_paragraph(beats), language):
        narration = " ".join(beat.text for beat in paragraph if beat.speaker is None)
        mark = marks.get(number)
        chapter = mark or chapter
        place, is_strong = find_place(narration, language)
        place = _settled(place, known) if place else None
        is_jump = bool(narration) and _is_jump(narration, language)
        first = paragraph[0].text if paragraph[0].speaker is None else ""
        dawns = current.setting.time in NIGHTS and (dawns or bool(DAWN[language].search(first)))
        clears = bool(current.setting.weather and WET.search(current.setting.weather) and CLEAR[language].search(first))
        moves = is_strong and place is not None and current.paragraphs > 0 and not _same(place, current.setting.place)
        if current.beats and (mark is not None or is_jump or moves):
            scenes.append(current)
            keeps_time = not (is_jump or mark is not None)
            before = current.setting
            kept_place = (
                before.place if is_jump and mark is None and not is_strong and not _is_afterthought(narration) else None
            )
            current = _Open(
                Setting(
                    kept_place,
                    before.time if keeps_time else default_time,
                    before.season,
                    before.weather if keeps_time else None,
                )
            )
        elif current.beats and (dawns or clears):
            scenes.append(current)
            current = _Open(current.setting)
        if dawns or clears:
            time = ("清晨" if language == "zh" else "MORNING") if dawns else current.setting.time
            current.setting = replace(current.setting, time=time, weather=None if clears else current.setting.weather)
        if not current.beats:
            current.chapter, current.opens_chapter = chapter, bool(mark)
        if is_strong and place is not None and (current.setting.place is None or not current.beats):
            current.setting = replace(current.setting, place=place)
            known[place.category] = place
        told = CLEAR[language].sub(" ", UNTIL_DAWN[language].sub(" ", narration))
        is_fresh = current.paragraphs == 0 and not dawns
        current.setting = _with_time(current.setting, told, language, is_fresh=is_fresh)
        dawns = bool(UNTIL_DAWN[language].search(narration))
        current.beats.extend(paragraph)
        current.paragraphs += 1
    if current.beats:
        scenes.append(current)
    return _with_places(scenes, cast, home)


def _by_paragraph(beats: Sequence[Beat]) -> list[tuple[int, list[Beat]]]:
    groups: list[tuple[int, list[Beat]]] = []
    for beat in beats:
        if groups and groups[-1][0] == beat.paragraph:
            groups[-1][1].append(beat)
        else:
            groups.append((beat.paragraph, [beat]))
    return groups


def _is_jump(narration: str, language: str) -> bool:
    module = lexicon_zh if language == "zh" else lexicon_en
    head = narration[:60].lstrip('“"—… ')
    return bool(module.TIME_JUMP.match(head) or module.MEANWHILE.match(head))


def _is_afterthought(narration: str) -> bool:
    return bool(re.match(r"(?:这事)?到了?(?:现在|如今)|如今|现在|多年[以之]?后", narration))


def _same(place: Place, other: Place | None) -> bool:
    if other is None or (place.is_inside and not other.is_inside):
        return False
    return place.name == other.name or (place.category == other.category and place.category in _OPEN_GROUND)


def _settled(place: Place, known: Mapping[str, Place]) -> Place:
    """A bare 路上 or "the room" is the road or house that the story already has."""
    other = known.get(place.category)
    if other is not None and _is_bare(place.name):
        return replace(other, is_inside=place.is_inside)
    return place


def _is_bare(name: str) -> bool:
    """Whether a place's word may mean any such place: 路上, 屋里, room; not 休眠舱, grandmother's house."""
    return name[-1] in "上里中内边" or bool(_BARE_ZH.fullmatch(name)) or (name.isascii() and " " not in name)


def find_place(text: str, language: str) -> tuple[Place | None, bool]:
    """The place a narration puts its people in, and whether it says so (in, into, 到, 在 …) or only mentions it."""
    return _zh_place(text) if language == "zh" else _en_place(text)


def _zh_place(text: str) -> tuple[Place | None, bool]:
    weak: Place | None = None
    strong: Place | None = None
    category_words: dict[str, list[str]] = {}
    for match in _ZH_PLACE.finditer(text):
        word = match.group()
        if len(word) == 1 and (
            not re.match(r"里|上|中|头|道", text[match.end() : match.end() + 1])
            or re.search(r"[\u3400-\u9fff]$", text[: match.start()][-1:]) is None
        ):
            continue
        category, inside = lexicon_zh.PLACES[word]
        prefix = _ZH_BEFORE_PLACE.search(text[max(0, match.start() - 4) : match.start()])
        stem = lexicon_zh.PLACE_STEM.sub("", word)
        name = (prefix.group() if prefix else "") + (stem if len(stem) > 1 or prefix else word)
        category_words.setdefault(category, []).append(name)
        before, after = text[max(0, match.start() - 14) : match.start()], text[match.end() : match.end() + 14]
        if prefix:
            before = before[: len(before) - len(prefix.group())]
        outside_door = inside and bool(lexicon_zh.OUTSIDE_WORDS.search(text))
        place = Place(name, category, inside and not outside_door)
        is_strong = bool(
            lexicon_zh.ARRIVAL_BEFORE.search(before) or lexicon_zh.ARRIVAL_AFTER.match(after)
        ) and not re.search(r"从[^，。]{0,3}$", before)
        if is_strong and strong is None:
            strong = place
        weak = weak or place
    chosen = strong or weak
    if chosen is None:
        return None, False
    names = [name for name in category_words[chosen.category] if name[-1:] not in "上里中边" and len(name) > 1]
    best = max(names, key=len, default=chosen.name) if chosen.name not in names or len(chosen.name) < 2 else chosen.name
    return replace(chosen, name=best), strong is not None


def _en_place(text: str) -> tuple[Place | None, bool]:
    weak: Place | None = None
    text = _HYPOTHETICAL.sub(" ", text)
    for match in _EN_PLACE.finditer(text):
        word = match.group("place").lower()
        category, inside = lexicon_en.PLACES[word]
        adjectives = [
            part
            for part in match.group("words").split()
            if part.lower() not in _STOP_WORDS and not part.lower().endswith("ly")
        ]
        owner = match.group("who")
        name = " ".join([f"{owner}'s"] * bool(owner) + adjectives[-1:] + [word])
        if owner and owner.lower() in ("it", "that", "there", "he", "she", "what"):
            continue
        place = Place(name, category, inside)
        lead = (match.group("lead") or "").strip().lower()
        after = text[match.end() : match.end() + 4]
        if (
            lead
            and lead != "by"
            and not (lead == "to" and re.search(r"\b(?:way|path|road)\s+to\s+$", text[: match.start("lead") + 3][-14:]))
        ):
            is_outside = inside and (
                lead in ("near", "beside", "outside", "towards", "toward")
                or bool(re.search(r"knocked at|before the door|on the roof|round the house|in front of", text))
            )
            return replace(place, is_inside=inside and not is_outside), True
        if weak is None and not after.startswith(" of"):
            weak = place
    return weak, False


def _with_time(setting: Setting, narration: str, language: str, *, is_fresh: bool) -> Setting:
    """The setting with what the narration says of time, season and weather; the latter stay until others come."""
    default = "日" if language == "zh" else "DAY"
    if language == "zh":
        time = next((lexicon_zh.TIMES[match.group()] for match in _ZH_TIME.finditer(narration)), None)
        season = next((lexicon_zh.SEASONS[match.group()] for match in _ZH_SEASON.finditer(narration)), None)
        found = _ZH_WEATHER.search(narration)
        weather = None
        if found:
            word = found.group()
            weather = lexicon_zh.WEATHER.get(word) or (
                "雷雨" if "雷" in word else "雪" if "雪" in word else "雾" if "雾" in word else "雨"
            )
    else:
        words = [word.lower() for word in _EN_WORD.findall(_HYPOTHETICAL.sub(" ", narration))]
        time = next((lexicon_en.TIMES[word] for word in words if word in lexicon_en.TIMES), None)
        season = next((lexicon_en.SEASONS[word] for word in words if word in lexicon_en.SEASONS), None)
        weather = next((lexicon_en.WEATHER[word] for word in words if word in lexicon_en.WEATHER), None)
    if time and (is_fresh or setting.time == default):
        setting = replace(setting, time=time)
    if season:
        setting = replace(setting, season=season)
    if weather and (is_fresh or setting.weather is None or weather == "风停"):
        setting = replace(setting, weather=weather)
    return setting


def _with_places(scenes: list[_Open], cast: Cast, home: Place | None) -> list[Scene]:
    """Each scene with a place: its own, the one it only mentions, a home for a family, else the most used one."""
    counts = Counter(scene.setting.place for scene in scenes if scene.setting.place)
    common = home or (min(counts, key=lambda place: (-counts[place], place.name)) if counts else None)
    first = next((scene.setting.place for scene in scenes if scene.setting.place), None)
    finished: list[Scene] = []
    for scene in scenes:
        setting = scene.setting
        if setting.place is None:
            narration = " ".join(beat.text for beat in scene.beats if beat.speaker is None)
            mentioned, _ = find_place(narration, cast.language)
            place = mentioned
            if place is None and any(name in _HOME_FAMILY for beat in scene.beats for name in beat.people):
                place = Place("家中" if cast.language == "zh" else "home", "home", True)
            if place is None:
                place = first if _is_afterthought(narration) else common
            place = place or Place("户外" if cast.language == "zh" else "outdoors", "field", False)
            setting = replace(setting, place=place)
        finished.append(Scene(setting, tuple(scene.beats), scene.chapter, scene.opens_chapter))
    return finished


def heading(setting: Setting, language: str) -> str:
    """ "EXT. WOOD - DAY", "外景 大道 清晨"."""
    assert setting.place is not None
    if language == "zh":
        return f"{'内景' if setting.place.is_inside else '外景'} {setting.place.name} {setting.time}"
    return f"{'INT.' if setting.place.is_inside else 'EXT.'} {setting.place.name.upper()} - {setting.time}"


def describe(setting: Setting, language: str) -> str:
    """The setting for a picture: "大道，冬天清晨，大北风", "wood, winter morning, snow"."""
    assert setting.place is not None
    place = setting.place
    if language == "zh":
        when = (setting.season or "") + {"日": "白天", "夜": "夜晚"}.get(setting.time, setting.time)
        parts = [
            place.name,
            "室内" if place.is_inside else "室外",
            when,
            setting.weather if not place.is_inside else None,
        ]
        return "，".join(part for part in parts if part)
    when = " ".join(part for part in (setting.season, setting.time.lower()) if part)
    parts = [
        place.name,
        "interior" if place.is_inside else "exterior",
        when,
        setting.weather if not place.is_inside else None,
    ]
    return ", ".join(part for part in parts if part)
