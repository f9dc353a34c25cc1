"""Groups beats into scenes at changes of place or time, at chapters and at the end of a night."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from providers.offline.writing import lexicon_en, lexicon_zh
from providers.offline.writing.beats import Beat
from providers.offline.writing.changes import CLEAR, DAWN, NIGHTS, UNTIL_DAWN, WET, by_change
from providers.offline.writing.people import Cast
from providers.offline.writing.places import Place, find_place, is_same, settled
from providers.offline.writing.setting import DAY, MORNING, Setting, with_told

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
class Passed:
    """A beat that a shortened script omits, with its place and scene: it still affects the story's state."""

    beat: Beat
    place: Place
    scene: int


@dataclass(frozen=True)
class Scene:
    """A scene. passed: the beats omitted before each beat; number: of the scene in the text."""

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
    """A scene that is still being built."""

    setting: Setting
    beats: list[Beat] = field(default_factory=list)
    chapter: str | None = None
    opens_chapter: bool = False
    paragraphs: int = 0


@dataclass(frozen=True)
class Passage:
    """A paragraph, or a part of one that is split where a night ends.

    mark: the chapter heading before it, "" for a break, None for neither. place: the place that its words name;
    is_strong: whether they say that the people are there. is_jump: they name another time.
    """

    beats: Sequence[Beat]
    mark: str | None = None
    place: Place | None = None
    is_strong: bool = False
    is_jump: bool = False

    @property
    def narration(self) -> str:
        return " ".join(beat.text for beat in self.beats if beat.speaker is None)

    @property
    def first_words(self) -> str:
        """The narration at its start; none where it starts with a speech."""
        return self.beats[0].text if self.beats[0].speaker is None else ""

    @property
    def arrival(self) -> Place | None:
        """The place that its people are said to be at."""
        return self.place if self.is_strong else None


def find_scenes(
    beats: Sequence[Beat], marks: Mapping[int, str], cast: Cast, *, home: Place | None = None
) -> list[Scene]:
    """The scenes in order, each with a place.

    marks: the paragraphs that follow a chapter heading or a break, with the heading ("" for a break).
    home: the place for scenes that name none, where the story as a whole has one.
    """
    reader = _Reader(cast.language)
    for number, paragraph in by_change(_by_paragraph(beats), cast.language):
        reader.read(reader.passage(paragraph, marks.get(number)))
    return _with_places(reader.finished(), cast, home)


class _Reader:
    """Reads passages one by one. known: the last place of each kind; dawns: the night ends with the next passage."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.scenes: list[_Open] = []
        self.current = _Open(Setting(None, DAY[language]))
        self.known: dict[str, Place] = {}
        self.chapter: str | None = None
        self.dawns = False

    def passage(self, beats: Sequence[Beat], mark: str | None) -> Passage:
        """The beats as a passage, with the place and time that their narration names."""
        narration = Passage(beats).narration
        place, is_strong = find_place(narration, self.language)
        place = settled(place, self.known) if place else None
        return Passage(beats, mark, place, is_strong, bool(narration) and _is_jump(narration, self.language))

    def read(self, passage: Passage) -> None:
        """Adds the passage to the current scene or starts a new one."""
        self.chapter = passage.mark or self.chapter
        is_day, is_clear = self._night_ends(passage), self._rain_ends(passage)
        if self._cuts(passage):
            self._open(self._setting_after(passage))
        elif self.current.beats and (is_day or is_clear):
            self._open(self.current.setting)
        if is_day:
            self._change(time=MORNING[self.language])
        if is_clear:
            self._change(weather=None)
        if not self.current.beats:
            self.current.chapter, self.current.opens_chapter = self.chapter, bool(passage.mark)
        self._arrive(passage)
        self._tell(passage, is_fresh=self.current.paragraphs == 0 and not is_day)
        self.dawns = bool(UNTIL_DAWN[self.language].search(passage.narration))
        self.current.beats.extend(passage.beats)
        self.current.paragraphs += 1

    def finished(self) -> list[_Open]:
        """All scenes, including the last."""
        return [*self.scenes, self.current] if self.current.beats else self.scenes

    def _night_ends(self, passage: Passage) -> bool:
        is_told = self.dawns or DAWN[self.language].search(passage.first_words) is not None
        return self.current.setting.time in NIGHTS and is_told

    def _rain_ends(self, passage: Passage) -> bool:
        weather = self.current.setting.weather
        return bool(weather and WET.search(weather) and CLEAR[self.language].search(passage.first_words))

    def _cuts(self, passage: Passage) -> bool:
        """Whether a scene ends before the passage: at a mark, a jump in time or a change of place."""
        place, current = passage.arrival, self.current
        moves = place is not None and current.paragraphs > 0 and not is_same(place, current.setting.place)
        return bool(current.beats) and (passage.mark is not None or passage.is_jump or moves)

    def _setting_after(self, passage: Passage) -> Setting:
        """The setting that a new scene inherits: the season, the place after a jump in time, else time and weather."""
        before = self.current.setting
        stays = passage.is_jump and passage.mark is None and not passage.is_strong
        place = before.place if stays and not _is_afterthought(passage.narration) else None
        if passage.is_jump or passage.mark is not None:
            return Setting(place, DAY[self.language], before.season, None)
        return Setting(place, before.time, before.season, before.weather)

    def _open(self, setting: Setting) -> None:
        self.scenes.append(self.current)
        self.current = _Open(setting)

    def _arrive(self, passage: Passage) -> None:
        place, current = passage.arrival, self.current
        if place is not None and (current.setting.place is None or not current.beats):
            self._change(place=place)
            self.known[place.category] = place

    def _tell(self, passage: Passage, *, is_fresh: bool) -> None:
        """Records time, season and weather, except those that the passage ends."""
        told = CLEAR[self.language].sub(" ", UNTIL_DAWN[self.language].sub(" ", passage.narration))
        self.current.setting = with_told(self.current.setting, told, self.language, is_fresh=is_fresh)

    def _change(self, **values: object) -> None:
        self.current.setting = replace(self.current.setting, **values)  # type: ignore[arg-type]


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


def _with_places(scenes: list[_Open], cast: Cast, home: Place | None) -> list[Scene]:
    """Gives each scene a place: its own, one that it mentions, a home for a family, else the most used place."""
    used = [scene.setting.place for scene in scenes if scene.setting.place]
    counts = Counter(used)
    usual = home or (min(counts, key=lambda place: (-counts[place], place.name)) if counts else None)
    first = used[0] if used else None
    finished: list[Scene] = []
    for scene in scenes:
        setting = scene.setting
        if setting.place is None:
            setting = replace(setting, place=_place_for(scene, cast, first, usual))
        finished.append(Scene(setting, tuple(scene.beats), scene.chapter, scene.opens_chapter))
    return finished


def _place_for(scene: _Open, cast: Cast, first: Place | None, usual: Place | None) -> Place:
    """A place for a scene without one. first: the story's first place, used for afterthoughts; usual: the most used."""
    narration = " ".join(beat.text for beat in scene.beats if beat.speaker is None)
    mentioned, _ = find_place(narration, cast.language)
    if mentioned is not None:
        return mentioned
    if any(name in _HOME_FAMILY for beat in scene.beats for name in beat.people):
        return Place("家中" if cast.language == "zh" else "home", "home", True)
    place = first if _is_afterthought(narration) else usual
    return place or Place("户外" if cast.language == "zh" else "outdoors", "field", False)
