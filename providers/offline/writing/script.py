"""Writes a script from a text, part by part: reads it, finds cast and speakers, cuts scenes and shots."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from errors import BadInputError
from media.documents import clean_text
from providers.base import DraftScene, DraftShot, Progress, ScriptDraft, ScriptOrder, ignore_progress
from providers.offline.writing.assets import make_assets
from providers.offline.writing.beats import Beat, find_beats
from providers.offline.writing.blocks import BREAK, HEADING, Story, mend_outline, read_story
from providers.offline.writing.cast import chinese, english
from providers.offline.writing.continuity import Continuity
from providers.offline.writing.design import Design
from providers.offline.writing.directing import direct
from providers.offline.writing.fountain import screenplay, shot_list
from providers.offline.writing.language import detect_language, is_spoken
from providers.offline.writing.looks import Things, find_things
from providers.offline.writing.pacing import Take, condense, natural_seconds, plan_takes
from providers.offline.writing.people import Cast
from providers.offline.writing.quotes import Span, split_paragraph, uses_single_quotes
from providers.offline.writing.scenes import Scene, find_scenes
from providers.offline.writing.screenplays import looks_like_screenplay, read_screenplay
from providers.offline.writing.setting import heading

# An unbroken run of Latin or similar letters and digits, longer than any word, which cannot be spoken.
_NO_WORD = re.compile(r"[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af\u0e00-\u0eff]{201,}")
_PART_CHARACTERS = 20_000


@dataclass(frozen=True)
class Plan:
    """Facts about the whole text, known before its parts are written."""

    title: str
    author: str | None
    cast: Cast
    things: Things
    parts: tuple[tuple[Scene, ...], ...]


def write_script(order: ScriptOrder, progress: Progress = ignore_progress) -> ScriptDraft:
    """The script of order.text. Every sentence is spoken once, unless target_shots or duration_hint_seconds need less.

    Raises BadInputError where the text has no words. The same order gives the same script.
    """
    text = _NO_WORD.sub(" ", clean_text(order.text))
    if not is_spoken(text):
        raise BadInputError("The text has no words.", path=("text",))
    language = _language(order, text)
    if order.input_type == "SCREENPLAY" or looks_like_screenplay(text):
        plan = _plan_screenplay(text, language)
    else:
        plan = _plan_prose(mend_outline(text) if order.input_type == "OUTLINE" else text, language, progress)
    progress(0.4)
    low, high = _bounds(order)
    style = order.style
    design = Design(plan.cast, plan.things.looks, tuple(plan.things.props), style, order.tone, low, high)
    state = Continuity(plan.cast, design.props)
    drafts: list[DraftScene] = []
    scenes: list[Scene] = []
    total_seconds = [sum(natural_seconds(scene.beats, language) for scene in part) for part in plan.parts]
    budget, target = _aims(order, sum(total_seconds), high)
    done = 0.0
    for index, part in enumerate(plan.parts):
        part_budget, part_target = _share(budget, target, total_seconds, index)
        for scene, takes in _cut_part(part, language, low, high, part_budget, part_target):
            shots = direct(scene, takes, design, state, number=len(drafts) + 1)
            if shots:
                drafts.append(_draft_scene(scene, shots, len(drafts) + 1, plan.cast))
                scenes.append(scene)
        done += total_seconds[index]
        progress(0.4 + 0.5 * done / max(sum(total_seconds), 1e-9))
    drafts = _stretched(drafts, order, low, high)
    assets = make_assets(zip(scenes, drafts, strict=True), plan.cast, plan.things, style)
    names = {asset.name for asset in assets}
    drafts = [_with_known_assets(draft, names) for draft in drafts]
    script = ScriptDraft(
        plan.title,
        language,
        tuple(drafts),
        assets,
        screenplay(plan.title, plan.author, drafts, language),
        shot_list(plan.title, drafts, language),
    )
    progress(1.0)
    return script


def _language(order: ScriptOrder, text: str) -> str:
    if order.language:
        return "zh" if order.language.lower().startswith("zh") else "en"
    return detect_language(text)


def _bounds(order: ScriptOrder) -> tuple[float, float]:
    low = max(order.shot_seconds_min, 0.5)
    return low, max(order.shot_seconds_max, low)


# ---------------------------------------------------------------- reading


def _plan_prose(text: str, language: str, progress: Progress) -> Plan:
    story = read_story(text, language)
    paragraphs, marks = _paragraphs(story, text, language)
    progress(0.05)
    cast = (chinese if language == "zh" else english).find_cast(paragraphs)
    progress(0.15)
    things = find_things(paragraphs, cast)
    progress(0.25)
    parts = tuple(
        tuple(find_scenes(find_beats(paragraphs[start:end], cast, start), marks, cast))
        for start, end in _parts(paragraphs, marks)
    )
    return Plan(story.title, story.author, cast, things, parts)


def _paragraphs(story: Story, text: str, language: str) -> tuple[list[list[Span]], dict[int, str]]:
    """The paragraphs as spans, and which of them follow a heading or a break."""
    single = language == "en" and uses_single_quotes(text)
    paragraphs: list[list[Span]] = []
    marks: dict[int, str] = {}
    for block in story.blocks:
        if block.kind == HEADING:
            marks[len(paragraphs)] = block.text
        elif block.kind == BREAK:
            marks.setdefault(len(paragraphs), "")
        elif spans := split_paragraph(block.text, language, has_single_quotes=single):
            paragraphs.append(spans)
    if not paragraphs:
        paragraphs = [[Span(False, text_of)] for text_of in marks.values() if text_of] or [[Span(False, text)]]
        marks = {}
    return paragraphs, marks


def _parts(paragraphs: Sequence[Sequence[Span]], marks: dict[int, str]) -> Iterator[tuple[int, int]]:
    """Ranges of paragraphs of about _PART_CHARACTERS, ending at a chapter if possible, else at any paragraph."""
    start = size = 0
    for index, spans in enumerate(paragraphs):
        if index > start and (size > 2 * _PART_CHARACTERS or (size > _PART_CHARACTERS and index in marks)):
            yield start, index
            start, size = index, 0
        size += sum(len(span.text) for span in spans)
    if start < len(paragraphs):
        yield start, len(paragraphs)


def _plan_screenplay(text: str, language: str) -> Plan:
    play = read_screenplay(text, language)
    return Plan(play.title, play.author, play.cast, play.things, (play.scenes,))


# ---------------------------------------------------------------- lengths


def _aims(order: ScriptOrder, natural: float, high: float) -> tuple[float | None, int | None]:
    """The requested seconds of voice and number of shots; None: no limit."""
    target = order.target_shots
    budget = order.duration_hint_seconds
    if target is not None:
        room = target * high * 0.92
        budget = min(budget, room) if budget else room
    if budget is not None and budget >= natural * 0.98:
        budget = None
    return budget, target


def _share(
    budget: float | None, target: int | None, seconds: Sequence[float], index: int
) -> tuple[float | None, int | None]:
    """A part's share of both targets by its length, rounded so that the shares add up."""
    total = sum(seconds) or 1.0
    before, after = sum(seconds[:index]) / total, sum(seconds[: index + 1]) / total
    part_budget = None if budget is None else budget * (after - before)
    part_target = None if target is None else round(target * after) - round(target * before)
    return part_budget, part_target


def _cut_part(
    part: tuple[Scene, ...], language: str, low: float, high: float, budget: float | None, target: int | None
) -> Iterator[tuple[Scene, list[Take]]]:
    if target == 0:
        return
    scenes: Sequence[Scene] = part if budget is None else condense(part, language, budget, high)
    takes = plan_takes(scenes, language, low, high, target)
    yield from zip(scenes, takes, strict=True)


def _stretched(drafts: list[DraftScene], order: ScriptOrder, low: float, high: float) -> list[DraftScene]:
    """Lengthens shots, up to the maximum, where the voice is shorter than the requested length."""
    wish = order.duration_hint_seconds
    total = sum(shot.duration_seconds for draft in drafts for shot in draft.shots)
    if not wish or total >= wish * 0.97:
        return drafts
    room = sum(max(high - shot.duration_seconds, 0.0) for draft in drafts for shot in draft.shots)
    share = min((wish - total) / room, 1.0) if room > 0 else 0.0

    def held(shot: DraftShot) -> DraftShot:
        longer = shot.duration_seconds + share * max(high - shot.duration_seconds, 0.0)
        return replace(shot, duration_seconds=round(longer, 2))

    return [replace(draft, shots=tuple(map(held, draft.shots))) for draft in drafts]


# ---------------------------------------------------------------- drafts


def _draft_scene(scene: Scene, shots: tuple[DraftShot, ...], number: int, cast: Cast) -> DraftScene:
    shown = dict.fromkeys(
        name for shot in shots for name in (*shot.asset_names, *((shot.speaker,) if shot.speaker else ()))
    )
    characters = tuple(person.name for person in cast.people if person.name in shown)
    return DraftScene(number, heading(scene.setting, cast.language), _summary(scene, cast.language), characters, shots)


def _summary(scene: Scene, language: str) -> str:
    """The first sentence and the last action of the scene, in the words of the text."""
    told = [beat for beat in scene.beats if beat.speaker is None]
    first = (told or list(scene.beats))[0]
    words = first.text if first.speaker is None else _quoted(first, language)
    last = next((beat for beat in reversed(told) if beat is not first and beat.people), None)
    joined = f"{words}{'' if language == 'zh' else ' '}{last.text}" if last else words
    limit = 90 if language == "zh" else 260
    joined = re.sub(r"\s+", " ", joined)
    return joined if len(joined) <= limit else joined[: limit - 1].rstrip() + "…"


def _quoted(beat: Beat, language: str) -> str:
    return f"{beat.speaker}：{beat.text}" if language == "zh" else f"{beat.speaker}: {beat.text}"


def _with_known_assets(draft: DraftScene, names: set[str]) -> DraftScene:
    shots = tuple(
        replace(shot, asset_names=tuple(name for name in shot.asset_names if name in names)) for shot in draft.shots
    )
    return replace(draft, shots=shots)
