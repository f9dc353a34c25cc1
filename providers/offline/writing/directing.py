"""Turns takes into shots: people in view, shot type, action, mood and title."""

import re
from collections.abc import Sequence
from dataclasses import replace

from providers.base import DraftShot
from providers.offline.writing import lexicon_en, lexicon_zh
from providers.offline.writing.actions import Pictured, action_of, first_clause, is_inner, thinker
from providers.offline.writing.continuity import Continuity, reflect
from providers.offline.writing.design import Design
from providers.offline.writing.looks import bearing, props_in
from providers.offline.writing.pacing import VOICE_MARGIN_SECONDS, Take
from providers.offline.writing.scenes import Scene
from providers.offline.writing.setting import describe
from providers.offline.writing.views import Moment, in_view, view_of
from providers.prompts import SHOT_TYPE_WORDS, PromptParts, compose_prompt

_MAX_PROPS = 2
_MOOD_WINDOW = 2
_STYLE = {"zh": "日式动画，线条干净，色彩饱满", "en": "anime, clean lines, rich colours"}


def direct(
    scene: Scene, takes: Sequence[Take], design: Design, state: Continuity, *, number: int
) -> tuple[DraftShot, ...]:
    """The shots of one scene. number: of the scene, from 1; state: left by the previous shots, and updated."""
    state.open_scene()
    moods = _moods(takes, design)
    shots: list[DraftShot] = []
    present: tuple[str, ...] = ()
    views: list[str] = []
    for index, take in enumerate(takes):
        previous = takes[index - 1] if index else None
        state.pass_over(take.passed, scene.number)
        state.enter(take, scene.place)
        view = view_of(Moment(take, scene, design, index, number, previous, views))
        shown = state.seen(in_view(take, view, present, design))
        view, shown = _with_vehicle(take, view, shown, state)
        action: str | None = None
        if index and shown and is_inner(take, design):
            image = reflect(state, thinker(shown, design), scene.place, scene.place.name, views, scene.setting.weather)
            view, shown, action = image.view, image.in_view, image.action
        views.append(view)
        present = shown or present
        words = f"{take.narration} {take.speech}"
        props = props_in(take.narration, design.props, design.cast.language)[:_MAX_PROPS]
        props = state.things(take.narration, props)
        if state.vehicle in props and view == "MEDIUM":
            view = "FULL"
        action = _shown_action(action or action_of(Pictured(take, shown, design, index)), shown, props, design, state)
        parts = _parts(view, shown, action, scene, design, state)
        if state.rider in shown and state.vehicle:
            props = tuple(dict.fromkeys((*props, state.vehicle)))
        prompt = compose_prompt(parts, design.cast.language)
        state.leave(take, scene.place.name, shown)
        needed = take.seconds + VOICE_MARGIN_SECONDS if take.seconds else design.min_seconds
        shots.append(
            DraftShot(
                title=_title(take, scene, design)
                if words.strip()
                else _silent_title(shown, scene, design.cast.language),
                prompt=prompt,
                shot_type=view,
                duration_seconds=round(max(needed, design.min_seconds), 2),
                narration=take.narration or None,
                dialogue=take.speech or None,
                speaker=take.speaker if take.speech else None,
                bgm_hint=moods[index],
                asset_names=tuple(dict.fromkeys((scene.place.name, *shown, *props))),
            )
        )
    return tuple(shots)


def _with_vehicle(take: Take, view: str, in_view: tuple[str, ...], state: Continuity) -> tuple[str, tuple[str, ...]]:
    """Widens the shot so that rider, puller and cart, or a bed and the people beside it, are shown together."""
    if state.is_inside and state.abed in in_view and len(in_view) > 1 and view in ("MEDIUM", "CLOSE_UP"):
        return "FULL", in_view
    if state.rider is None or state.rider not in in_view or take.speech:
        return view, in_view
    if state.puller and state.puller not in in_view and re.search(r"拉", take.narration):
        in_view = (*in_view, state.puller)
    if len(in_view) > 1 and view in ("MEDIUM", "CLOSE_UP"):
        view = "FULL"
    return view, in_view


def _shown_action(
    action: str, in_view: tuple[str, ...], props: tuple[str, ...], design: Design, state: Continuity
) -> str:
    """The action, plus continuing actions of others in view and props that it does not name."""
    is_chinese = design.cast.language == "zh"
    if added := state.added_action(in_view, action):
        # Placed first, so that a following clause without a subject is not attributed to them.
        action = f"{added}，{action}" if is_chinese else f"{added}, {action}"
    shown = [prop for prop in props if prop not in action]
    if shown:
        action += ("，画面中有" + "、".join(shown)) if is_chinese else ", with " + ", ".join(shown) + " in view"
    return action


def _parts(
    view: str, in_view: tuple[str, ...], action: str, scene: Scene, design: Design, state: Continuity
) -> PromptParts:
    language = design.cast.language
    is_chinese = language == "zh"
    characters = ("；" if is_chinese else "; ").join(_character(name, design, state) for name in in_view)
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


def _title(take: Take, scene: Scene, design: Design) -> str:
    language = design.cast.language
    text = take.speech if take.speech and not take.narration else take.narration or take.speech
    short = first_clause(text, language)
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
    """One mood word per shot (tense, sad, joyful, warm, mysterious, solemn, calm), smoothed over neighbouring shots."""
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
