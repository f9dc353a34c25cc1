"""The setting of a scene (place, time of day, season, weather): read from the text, and written in a script."""

import re
from dataclasses import dataclass, replace

from providers.offline.writing import lexicon_en, lexicon_zh
from providers.offline.writing.places import HYPOTHETICAL, Place

_EN_WORD = re.compile(r"[A-Za-z-]+")
_ZH_TIME = re.compile("|".join(sorted(lexicon_zh.TIMES, key=lambda word: (-len(word), word))))
_ZH_SEASON = re.compile("|".join(lexicon_zh.SEASONS))
_ZH_WEATHER = re.compile(
    "|".join(word for word in sorted(lexicon_zh.WEATHER, key=len, reverse=True) if len(word) > 1)
    + r"|(?:下着?|飘着?|落着?|冒着|淋着?)[雨雪]|[雨雪](?:中|里|点|声|停|水|花|地|下)|雷声|雾气"
)

DAY = {"zh": "日", "en": "DAY"}
MORNING = {"zh": "清晨", "en": "MORNING"}


@dataclass(frozen=True)
class Setting:
    place: Place | None
    time: str  # DAWN … NIGHT in English, 清晨 … 夜 in Chinese
    season: str | None = None
    weather: str | None = None


@dataclass(frozen=True)
class Told:
    """The time, season and weather that a narration names; None: not named."""

    time: str | None = None
    season: str | None = None
    weather: str | None = None


def with_told(setting: Setting, narration: str, language: str, *, is_fresh: bool) -> Setting:
    """The setting updated by the narration; season and weather persist until others are named.

    is_fresh: the scene has just started, so its time may still change.
    """
    told = _zh_told(narration) if language == "zh" else _en_told(narration)
    if told.time and (is_fresh or setting.time == DAY[language]):
        setting = replace(setting, time=told.time)
    if told.season:
        setting = replace(setting, season=told.season)
    if told.weather and (is_fresh or setting.weather is None or told.weather == "风停"):
        setting = replace(setting, weather=told.weather)
    return setting


def _zh_told(narration: str) -> Told:
    weather = _ZH_WEATHER.search(narration)
    return Told(
        next((lexicon_zh.TIMES[match.group()] for match in _ZH_TIME.finditer(narration)), None),
        next((lexicon_zh.SEASONS[match.group()] for match in _ZH_SEASON.finditer(narration)), None),
        _zh_weather(weather.group()) if weather else None,
    )


def _zh_weather(words: str) -> str:
    """The weather that the words imply: 雨声 is rain."""
    known = lexicon_zh.WEATHER.get(words)
    if known:
        return known
    return "雷雨" if "雷" in words else "雪" if "雪" in words else "雾" if "雾" in words else "雨"


def _en_told(narration: str) -> Told:
    words = [word.lower() for word in _EN_WORD.findall(HYPOTHETICAL.sub(" ", narration))]
    return Told(
        next((lexicon_en.TIMES[word] for word in words if word in lexicon_en.TIMES), None),
        next((lexicon_en.SEASONS[word] for word in words if word in lexicon_en.SEASONS), None),
        next((lexicon_en.WEATHER[word] for word in words if word in lexicon_en.WEATHER), None),
    )


def heading(setting: Setting, language: str) -> str:
    """The scene heading: "EXT. WOOD - DAY", "外景 大道 清晨"."""
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
