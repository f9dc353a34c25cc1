"""How a take becomes a shot: what is in view, from how near, what happens, in which mood and under which title."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from providers.base import DraftShot
from providers.offline.writing import lexicon_en, lexicon_zh
from providers.offline.writing.continuity import Continuity, reflect
from providers.offline.writing.language import split_clauses
from providers.offline.writing.looks import bearing, props_in
from providers.offline.writing.pacing import VOICE_MARGIN_SECONDS, Take
from providers.offline.writing.people import Cast
from providers.offline.writing.scenes import Scene, describe
from providers.prompts import SHOT_TYPE_WORDS, PromptParts, compose_prompt

_MAX_IN_VIEW = 3
_MAX_PROPS = 2
_MOOD_WINDOW = 2
_TALKING_VIEWS = ("MEDIUM", "OVER_THE_SHOULDER", "CLOSE_UP", "OVER_THE_SHOULDER")
_ACTING_VIEWS = ("MEDIUM", "FULL", "MEDIUM", "LONG")
_STYLE = {"zh": "日式动画，线条干净，色彩饱满", "en": "anime, clean lines, rich colours"}
_GESTURES = {
    "zh": ("面向对方", "微微侧身", "抬起手", "身体前倾", "停下脚步", "直视前方", "低下头", "转过脸"),
    "en": ("facing the other", "half turned away", "one hand raised", "leaning forward", "standing still",
           "looking straight ahead",
           "head bowed", "turning round"),
}  # fmt: skip
_MOTION = {
    "zh": re.compile(r"走|跑|追|逃|冲|骑|飞|过来|上路|前进"),
    "en": re.compile(
        r"\b(?:walk\w*|ran|run\w*|rode|fled|chas\w*|journey\w*|went|set out|carried|flew|drove)\b", re.IGNORECASE
    ),
}
_ZH_LEAD = re.compile(
    r"^(?:但是|但|却|而且|而|可是|于是|便是|便|就|所以|因为|幸而|仍然|不一会|忽而|只见|后来|又|倘|也)+"
)
_EN_LEAD = re.compile(r"^(?:and|but|so|then|for|or|yet|meanwhile|however|,|\s)+", re.IGNORECASE)


@dataclass(frozen=True)
class Design:
    """What all shots of a script share: cast, looks by person, props, the style in words."""

    cast: Cast
    looks: Mapping[str, tuple[str, ...]]
    props: tuple[str, ...]
    style: str | None
    tone: str | None
    min_seconds: float
    max_seconds: float


def direct(
    scene: Scene, takes: Sequence[Take], design: Design, state: Continuity, *, number: int
) -> tuple[DraftShot, ...]:
    """The shots of one scene. number: the scene's, from 1; state: what the shots before left, and is led on."""
    state.open_scene()
    moods = _moods(takes, design)
    shots: list[DraftShot] = []
    present: tuple[str, ...] = ()
    views: list[str] = []
    for index, take in enumerate(takes):
        previous = takes[index - 1] if index else None
        state.pass_over(take.passed, scene.number)
        state.enter(take, scene.place)
        view = _view(take, previous, index, number, views, scene, design)
        in_view = state.seen(_in_view(take, view, present, design))
        view, in_view = _with_vehicle(take, view, in_view, state)
        action = None
        if index and in_view and _is_inner(take, design):
            thinker = _thinker(in_view, design)
            image = reflect(state, thinker, scene.place, scene.place.name, views, scene.setting.weather)
            view, in_view, action = image.view, image.in_view, image.action
        views.append(view)
        present = in_view or present
        words = f"{take.narration} {take.speech}"
        props = props_in(take.narration, design.props, design.cast.language)[:_MAX_PROPS]
        props = state.things(take.narration, props)
        if state.vehicle in props and view == "MEDIUM":
            view = "FULL"
        parts = _parts(take, view, in_view, props, scene, design, index, state, action)
        if state.rider in in_view and state.vehicle:
            props = tuple(dict.fromkeys((*props, state.vehicle)))
        prompt = compose_prompt(parts, design.cast.language)
        state.leave(take, scene.place.name, in_view)
        needed = take.seconds + VOICE_MARGIN_SECONDS if take.seconds else design.min_seconds
        shots.append(
            DraftShot(
                title=_title(take, scene, design)
                if words.strip()
                else _silent_title(in_view, scene, design.cast.language),
                prompt=prompt,
                shot_type=view,
                duration_seconds=round(max(needed, design.min_seconds), 2),
                narration=take.narration or None,
                dialogue=take.speech or None,
                speaker=take.speaker if take.speech else None,
                bgm_hint=moods[index],
                asset_names=tuple(dict.fromkeys((scene.place.name, *in_view, *props))),
            )
        )
    return tuple(shots)


def _with_vehicle(take: Take, view: str, in_view: tuple[str, ...], state: Continuity) -> tuple[str, tuple[str, ...]]:
    """One who rides and the one who pulls are seen together with the cart, a bed with those beside it, from afar."""
    if state.is_inside and state.abed in in_view and len(in_view) > 1 and view in ("MEDIUM", "CLOSE_UP"):
        return "FULL", in_view
    if state.rider is None or state.rider not in in_view or take.speech:
        return view, in_view
    if state.puller and state.puller not in in_view and re.search(r"拉", take.narration):
        in_view = (*in_view, state.puller)
    if len(in_view) > 1 and view in ("MEDIUM", "CLOSE_UP"):
        view = "FULL"
    return view, in_view


def _is_inner(take: Take, design: Design) -> bool:
    """Whether a take tells of thoughts alone, with nothing that a camera sees."""
    lexicon = lexicon_zh if design.cast.language == "zh" else lexicon_en
    if take.speech or not take.narration or props_in(take.narration, design.props, design.cast.language):
        return False
    return bool(lexicon.INNER_WORDS.search(take.narration)) and not _visible(take, design)


def _thinker(in_view: Sequence[str], design: Design) -> str:
    """Whose thoughts they are: those of the one who tells the story, where somebody does."""
    return design.cast.narrator.name if design.cast.narrator else in_view[0]


def _in_view(take: Take, view: str, present: tuple[str, ...], design: Design) -> tuple[str, ...]:
    narrator = design.cast.narrator.name if design.cast.narrator else None
    people = [name for name in take.people if name in design.cast.by_name]
    if view == "POINT_OF_VIEW":
        looker = _looker(take, design)
        return tuple(name for name in people if name not in (narrator, looker))[:_MAX_IN_VIEW]
    if view == "EXTREME_CLOSE_UP":
        return tuple(people[:1])
    if take.speaker and view == "CLOSE_UP":
        return (take.speaker,)
    if (
        not people
        and take.narration
        and present
        and design.cast.language == "en"
        and re.search(r"\b(?:they|all three|both)\b", take.narration)
    ):
        return present
    return tuple(people[:_MAX_IN_VIEW])


def _looker(take: Take, design: Design) -> str | None:
    """Whose eyes a point-of-view shot has: who is named before the looking, else who is mentioned first."""
    lexicon = lexicon_zh if design.cast.language == "zh" else lexicon_en
    look = lexicon.LOOKING.search(take.narration)
    if look is None or not take.people:
        return None
    before = design.cast.mentions(take.narration[: look.start()])
    if not before:
        return None
    named = [mention.person for mention in before if mention.person]
    if named:
        return named[-1]
    return next((name for name in take.people if design.cast.fits(name, before[-1].pronoun or "")), None)


def _view(
    take: Take, previous: Take | None, index: int, number: int, views: Sequence[str], scene: Scene, design: Design
) -> str:
    """The shot type: a new scene is shown from afar, talk goes over shoulders, feeling comes near, a look is seen."""
    lexicon = lexicon_zh if design.cast.language == "zh" else lexicon_en
    if index == 0 and (not take.speech or take.narration):
        if scene.place.is_inside:
            return "FULL"
        return "EXTREME_LONG" if number == 1 or scene.opens_chapter else "LONG"
    choices: tuple[str, ...]
    if take.speech:
        turns = sum(1 for view in views if view in _TALKING_VIEWS)
        exchange = previous is not None and previous.speaker not in (None, take.speaker)
        if re.search(r"[！!]", take.speech) or len(take.people) < 2:
            choices = ("CLOSE_UP", "MEDIUM")
        elif exchange:
            choices = ("OVER_THE_SHOULDER", "CLOSE_UP", "MEDIUM")
        else:
            choices = (_TALKING_VIEWS[turns % len(_TALKING_VIEWS)], "MEDIUM", "CLOSE_UP")
    elif not take.narration:
        choices = ("CLOSE_UP", "MEDIUM") if take.people else ("LONG", "FULL")
    elif lexicon.LOOKING.search(take.narration):
        choices = ("POINT_OF_VIEW", "MEDIUM")
    elif not take.people:
        has_prop = bool(props_in(take.narration, design.props, design.cast.language))
        choices = ("EXTREME_CLOSE_UP", "FULL") if has_prop else ("LONG", "FULL")
    elif lexicon.EMOTION_WORDS.search(take.narration):
        choices = ("CLOSE_UP", "MEDIUM")
    elif len(take.people) == 1 and lexicon.INNER_WORDS.search(take.narration):
        choices = ("CLOSE_UP", "EXTREME_CLOSE_UP", "MEDIUM")
    elif _MOTION[design.cast.language].search(take.narration):
        choices = ("FULL", "LONG", "MEDIUM")
    else:
        choices = (_ACTING_VIEWS[index % len(_ACTING_VIEWS)], "MEDIUM", "FULL")
    recent = views[-1:] if take.speech else views[-2:]
    return next(
        (view for view in choices if view not in recent),
        choices[0] if not views or views[-1] != choices[0] else "MEDIUM" if choices[0] != "MEDIUM" else "FULL",
    )


def _parts(
    take: Take,
    view: str,
    in_view: tuple[str, ...],
    props: tuple[str, ...],
    scene: Scene,
    design: Design,
    index: int,
    state: Continuity,
    given_action: str | None,
) -> PromptParts:
    language = design.cast.language
    is_chinese = language == "zh"
    characters = ("；" if is_chinese else "; ").join(_character(name, design, state) for name in in_view)
    action = given_action or _action(take, view, in_view, design, index)
    if added := state.added_action(in_view, action):
        # First, so that what follows without a subject is not taken for theirs.
        action = f"{added}，{action}" if is_chinese else f"{added}, {action}"
    shown = [prop for prop in props if prop not in action]
    if shown:
        action += ("，画面中有" + "、".join(shown)) if is_chinese else ", with " + ", ".join(shown) + " in view"
    style = design.style or _STYLE[language]
    if design.tone:
        style += ("，" if is_chinese else ", ") + design.tone
    setting = scene.setting
    if state.inside is not None and setting.place is not None:
        setting = replace(setting, place=replace(setting.place, is_inside=True))
    return PromptParts(SHOT_TYPE_WORDS[view][language], describe(setting, language), characters, action, style)


def _character(name: str, design: Design, state: Continuity) -> str:
    person = design.cast.by_name[name]
    looks = design.looks.get(name, ())[:2]
    if now := state.words_for(name):
        looks = (*(looks or (bearing(person, design.cast.language),)), *now)
    if design.cast.language == "zh":
        return f"{name}（{'，'.join(looks) if looks else bearing(person, 'zh')}）"
    return f"{name} ({', '.join(looks) if looks else bearing(person, 'en')})"


def _action(take: Take, view: str, in_view: tuple[str, ...], design: Design, index: int) -> str:
    language = design.cast.language
    is_chinese = language == "zh"
    gesture = _GESTURES[language][(index * 3 + len(take.speech or take.narration)) % len(_GESTURES[language])]
    visible = _visible(take, design) if take.narration else ""
    if take.speech and take.speaker:
        heard = next((name for name in take.people if name != take.speaker), None)
        manner = _manner(take.speech, language)
        if is_chinese:
            talk = f"{take.speaker}{f'对{heard}' if heard else ''}说话，{manner}{gesture}"
        else:
            talk = f"{take.speaker} speaks{f' to {heard}' if heard else ''}, {manner}{gesture}"
        return f"{visible}{'；' if is_chinese else '; '}{talk}" if visible else talk
    if visible:
        return visible
    if not take.narration and not in_view:
        return "空镜，场景全貌" if is_chinese else "an empty view of the place"
    if not in_view:
        return ("空镜，" if is_chinese else "no one in view, ") + (
            _first_clause(take.narration, language) or ("静止" if is_chinese else "stillness")
        )
    who = ("、" if is_chinese else " and ").join(in_view)
    if not take.narration:
        return f"{who}静静听着，{gesture}" if is_chinese else f"{who} listening, {gesture}"
    lexicon = lexicon_zh if is_chinese else lexicon_en
    if not lexicon.INNER_WORDS.search(take.narration):
        return _named(_bare(take.narration, language), take, design)
    thinker = _thinker(in_view, design)
    return f"{thinker}沉思，{gesture}" if is_chinese else f"{thinker} lost in thought, {gesture}"


def _manner(speech: str, language: str) -> str:
    if re.search(r"[？?]", speech):
        return "神情疑问，" if language == "zh" else "with a questioning look, "
    if re.search(r"[！!]", speech):
        return "神情激动，" if language == "zh" else "with strong feeling, "
    if re.search(r"…|\.\.\.", speech):
        return "欲言又止，" if language == "zh" else "hesitating, "
    return ""


def _visible(take: Take, design: Design) -> str:
    """The clauses that a camera can see, with pronouns made names where only one person can be meant."""
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


def _first_clause(text: str, language: str) -> str:
    clauses = split_clauses(text, language)
    return re.sub(r"[“”\"]", "", clauses[0]).strip("，。；：、！？—…,.;:!? ") if clauses else ""


def _title(take: Take, scene: Scene, design: Design) -> str:
    language = design.cast.language
    text = take.speech if take.speech and not take.narration else take.narration or take.speech
    short = _first_clause(text, language)
    if language == "zh":
        short = short[:14] + ("…" if len(short) > 14 else "")
        return f"{take.speaker}：{short}" if take.speech and not take.narration else short
    words = short.split()
    short = " ".join(words[:7]) + ("…" if len(words) > 7 else "")
    if take.speech and not take.narration and take.speaker:
        return f"{take.speaker[0].upper()}{take.speaker[1:]}: {short}"
    return short[:1].upper() + short[1:]


def _silent_title(in_view: tuple[str, ...], scene: Scene, language: str) -> str:
    if in_view:
        return f"{in_view[0]}倾听" if language == "zh" else f"{in_view[0][0].upper()}{in_view[0][1:]} listens"
    return f"{scene.place.name}全景" if language == "zh" else f"View of {scene.place.name}"


def _moods(takes: Sequence[Take], design: Design) -> list[str]:
    """One mood word per shot (tense, sad, joyful, warm, mysterious, solemn, calm), steady over neighbouring shots."""
    lexicon = lexicon_zh if design.cast.language == "zh" else lexicon_en
    counts = [
        {mood: len(pattern.findall(f"{take.narration} {take.speech}")) for mood, pattern in lexicon.MOODS.items()}
        for take in takes
    ]
    moods: list[str] = []
    for index in range(len(takes)):
        near = range(max(index - _MOOD_WINDOW, 0), min(index + _MOOD_WINDOW + 1, len(takes)))
        totals = {
            mood: sum(counts[other][mood] * (2 if other == index else 1) for other in near) for mood in lexicon.MOODS
        }
        mood = max(totals, key=lambda name: totals[name])
        last = moods[-1] if moods else None
        if last in totals and totals[mood] - totals[last] < 2 and totals[last] > 0:
            mood = last
        moods.append(mood if totals[mood] >= 2 else "calm")
    return moods
