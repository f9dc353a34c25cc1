"""Splits the beats of a scene into shots by speaking time, and selects beats to fit a requested length."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from providers.offline.writing import lexicon_en, lexicon_zh
from providers.offline.writing.beats import Beat
from providers.offline.writing.language import join, speech_seconds, split_clauses, split_long, split_sentences
from providers.offline.writing.scenes import Passed, Scene

VOICE_MARGIN_SECONDS = 0.3
_LOOK_BACK = 24
_IMPERSONAL = re.compile(
    r"[风雨雪云雾]|路上|天色|\bit (?:was|had|rained|snowed)\b|\bthere (?:was|were|lay|stood)\b", re.IGNORECASE
)
_CLAUSE_COST, _SOFT_COST, _PARAGRAPH_COST = 0.9, 2.2, 0.5
_RAGGED_COST = 1.2  # cost of a shot with the end of one sentence and the start of another


@dataclass(frozen=True, slots=True)
class Atom:
    """The smallest spoken unit of a shot, a clause. break_cost: the cost of a cut after it (0 after a sentence)."""

    text: str
    speaker: str | None
    people: tuple[str, ...]
    paragraph: int
    seconds: float
    break_cost: float
    passed: tuple[Passed, ...] = ()


@dataclass(frozen=True, slots=True)
class Take:
    """The words of one shot: narration, then one person's speech. Either may be missing; a silent shot has neither."""

    narration: str
    speech: str
    speaker: str | None
    people: tuple[str, ...]
    seconds: float  # of voice
    passed: tuple[Passed, ...] = ()  # what is left out before it


def find_atoms(scene: Scene, language: str, max_seconds: float, *, is_fine: bool = False) -> list[Atom]:
    """The clauses of a scene's beats, in order; sentences that fit a shot stay whole unless is_fine."""
    atoms: list[Atom] = []
    carried: tuple[str, ...] = ()
    paragraph = -1
    for number, beat in enumerate(scene.beats):
        if beat.paragraph != paragraph:
            carried, paragraph = (), beat.paragraph
        passed = scene.passed[number] if scene.passed else ()
        position = 0
        for sentence in split_sentences(beat.text, language):
            if not is_fine and speech_seconds(sentence, language) <= max_seconds:
                pieces = [(sentence, 0.0)]
            else:
                pieces = []
                for clause in split_clauses(sentence, language):
                    parts = split_long(clause, language, max_seconds)
                    pieces += [(part, _SOFT_COST) for part in parts[:-1]] + [(parts[-1], _CLAUSE_COST)]
                pieces[-1] = (pieces[-1][0], 0.0)
            for text, cost in pieces:
                people = beat.people
                if beat.speaker is None:
                    start = max(beat.text.find(text, position), position)
                    position = start + len(text)
                    people, carried = _people_in(beat, start, position, carried, language)
                seconds = speech_seconds(text, language)
                atoms.append(Atom(text, beat.speaker, people, beat.paragraph, seconds, cost, passed))
                passed = ()
    return atoms


def _people_in(
    beat: Beat, start: int, end: int, carried: tuple[str, ...], language: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The people shown by a clause, and the subject that the next clause continues if it names nobody."""
    marks = [mark for mark in beat.marks if start <= mark[0] < end]
    if marks:
        subjects = tuple(dict.fromkeys(name for _, name, is_subject in marks if is_subject))
        people = tuple(dict.fromkeys(name for _, name, _ in marks))
        if subjects or not carried:
            return people, subjects[-1:] or people[:1]
        return tuple(dict.fromkeys((*carried, *people))), carried
    lexicon = lexicon_zh if language == "zh" else lexicon_en
    has_deed = lexicon.VISIBLE_VERBS.search(beat.text, start, end) or lexicon.INNER_WORDS.search(beat.text, start, end)
    return (carried if has_deed and not _IMPERSONAL.search(beat.text, start, end) else ()), carried


def cut(
    atoms: Sequence[Atom], language: str, min_seconds: float, max_seconds: float, shot_cost: float = 0.0
) -> list[Take]:
    """The cheapest cut by dynamic programming: near the middle of the bounds, at sentence ends, one speaker a shot.

    shot_cost is added for every shot: positive makes fewer and longer ones, negative more and shorter ones. Linear in
    the number of atoms, as a shot holds at most a few.
    """
    count = len(atoms)
    best = [0.0] + [float("inf")] * count
    back = [0] * (count + 1)
    for end in range(1, count + 1):
        seconds = 0.0
        speaker: str | None = None
        has_narration = False
        crossings = 0
        has_end_inside = False
        for start in range(end - 1, max(end - 1 - _LOOK_BACK, -1), -1):
            atom = atoms[start]
            if atom.speaker is not None:
                if has_narration or (speaker is not None and atom.speaker != speaker):
                    break
                speaker = atom.speaker
            else:
                has_narration = True
            has_end_inside = has_end_inside or (start + 1 < end and atom.break_cost == 0)
            if start + 1 < end and atoms[start + 1].paragraph != atom.paragraph:
                crossings += 1
            seconds += atom.seconds + (0.25 if start + 1 < end else 0)
            if seconds > 2.5 * max_seconds and start + 1 < end:
                break
            cost = (
                best[start] + _length_cost(seconds, min_seconds, max_seconds) + crossings * _PARAGRAPH_COST + shot_cost
            )
            if has_end_inside and atoms[end - 1].break_cost:
                cost += _RAGGED_COST
            if start > 0:
                cost += atoms[start - 1].break_cost
            if cost < best[end]:
                best[end], back[end] = cost, start
    cuts: list[tuple[int, int]] = []
    end = count
    while end:
        cuts.append((back[end], end))
        end = back[end]
    return [_take(atoms[start:end], language) for start, end in reversed(cuts)]


def _length_cost(seconds: float, min_seconds: float, max_seconds: float) -> float:
    """The cost of a duration: 0 within the bounds, up to 3 below the minimum, rising steeply above the maximum."""
    needed = seconds + VOICE_MARGIN_SECONDS
    if needed > max_seconds:
        return 1.5 + 14.0 * ((needed - max_seconds) / max_seconds) ** 2 + 4.0 * (needed - max_seconds) / max_seconds
    if needed < min_seconds:
        return 3.0 * (1 - needed / min_seconds)
    return 0.35 * (max_seconds - needed) / max_seconds


def _take(atoms: Sequence[Atom], language: str) -> Take:
    narration = join([atom.text for atom in atoms if atom.speaker is None], language)
    speech = join([atom.text for atom in atoms if atom.speaker is not None], language)
    speaker = next((atom.speaker for atom in atoms if atom.speaker is not None), None)
    people = tuple(dict.fromkeys(itertools.chain.from_iterable(atom.people for atom in atoms)))
    seconds = speech_seconds(narration, language) + speech_seconds(speech, language)
    passed = tuple(itertools.chain.from_iterable(atom.passed for atom in atoms))
    return Take(narration, speech, speaker, people, seconds + (0.25 if narration and speech else 0.0), passed)


def plan_takes(
    scenes: Sequence[Scene], language: str, min_seconds: float, max_seconds: float, target: int | None = None
) -> list[list[Take]]:
    """The takes of each scene. With a target, their total is as close to it as the clauses allow."""
    atoms = [find_atoms(scene, language, max_seconds) for scene in scenes]

    def all_takes(cost: float) -> list[list[Take]]:
        return [cut(part, language, min_seconds, max_seconds, cost) for part in atoms]

    takes = all_takes(0.0)
    if target is None or _near(takes, target):
        return takes
    if sum(map(len, takes)) < target:
        atoms = [find_atoms(scene, language, max(max_seconds * 0.7, 1.0), is_fine=True) for scene in scenes]
    low, high = -40.0, 80.0
    closest = takes
    for _ in range(14):
        middle = (low + high) / 2
        takes = all_takes(middle)
        if abs(_count(takes) - target) < abs(_count(closest) - target):
            closest = takes
        if _count(takes) == target:
            break
        if _count(takes) > target:
            low = middle
        else:
            high = middle
    return _with_silent_shots(closest, target)


def _count(takes: Sequence[Sequence[Take]]) -> int:
    return sum(map(len, takes))


def _near(takes: Sequence[Sequence[Take]], target: int) -> bool:
    return abs(_count(takes) - target) * 10 <= target


def _with_silent_shots(takes: list[list[Take]], target: int) -> list[list[Take]]:
    """Adds silent shots up to the target: an establishing view per scene, then listeners after speeches."""
    missing = target - _count(takes)
    if missing <= 0 or _near(takes, target):
        return takes
    filled = [list(scene) for scene in takes]
    for scene in filled:
        if missing and scene:
            scene.insert(0, Take("", "", None, (), 0.0))
            missing -= 1
    for scene in filled:
        position = 1
        while position < len(scene) and missing:
            take = scene[position]
            listeners = tuple(name for name in take.people if name != take.speaker)
            if take.seconds and (take.speech or take.people):
                position += 1
                scene.insert(position, Take("", "", None, listeners[:1] or take.people[:1], 0.0))
                missing -= 1
            position += 1
    return filled


# ---------------------------------------------------------------- condensing


def natural_seconds(beats: Sequence[Beat], language: str) -> float:
    """How long the whole text takes to speak, with the margins of its shots."""
    return sum(speech_seconds(beat.text, language) + VOICE_MARGIN_SECONDS for beat in beats)


def condense(scenes: Sequence[Scene], language: str, budget_seconds: float, max_seconds: float) -> list[Scene]:
    """The beats and scenes with the highest scores, in order, within the budget; at least one beat per kept scene."""
    scored = [[_score(scene, index, language, max_seconds) for index in range(len(scene.beats))] for scene in scenes]
    room = max(int(budget_seconds / (1.2 * max_seconds)), 1)
    kept_scenes = set(range(len(scenes)))
    if room < len(scenes):
        worth = [
            max(scores) + 0.1 * len(scores) ** 0.5 + (1.5 if index in (0, len(scenes) - 1) else 0)
            for index, scores in enumerate(scored)
        ]
        kept_scenes = set(sorted(range(len(scenes)), key=lambda index: (-worth[index], index))[:room])
    chosen: set[tuple[int, int]] = set()
    spent = 0.0
    ranked: list[tuple[float, int, int, float]] = []
    fair = 1.1 * budget_seconds / max(len(kept_scenes), 1)
    for number in sorted(kept_scenes):
        lengths = [speech_seconds(beat.text, language) + VOICE_MARGIN_SECONDS for beat in scenes[number].beats]
        # Every kept scene gets its highest-scoring beat that leaves the other scenes their share.
        first = max(
            range(len(lengths)),
            key=lambda index: (min(fair / lengths[index], 1.0), scored[number][index], -index),
        )
        for index, seconds in enumerate(lengths):
            bonus = 100.0 if index == first else 0.0
            ranked.append((-(scored[number][index] + bonus), number, index, seconds))
    for negative, number, index, seconds in sorted(ranked):
        if spent + seconds <= budget_seconds * 1.04 or negative < -50:
            chosen.add((number, index))
            spent += seconds
    for number, index in sorted(chosen):
        # "One day her mother said to her," is meaningless without the speech that follows.
        leads_on = scenes[number].beats[index].text.rstrip().endswith((",", ":", "，", "："))
        if leads_on and (number, index + 1) not in chosen and sum(1 for other in chosen if other[0] == number) > 1:
            chosen.discard((number, index))
    result = []
    pending: list[Passed] = []
    for number, scene in enumerate(scenes):
        beats: list[Beat] = []
        passed: list[tuple[Passed, ...]] = []
        for index, beat in enumerate(scene.beats):
            if (number, index) not in chosen:
                pending.append(Passed(beat, scene.place, number))
                continue
            beats.append(beat)
            passed.append(tuple(pending))
            pending = []
        if beats:
            result.append(replace(scene, beats=tuple(beats), passed=tuple(passed), number=number))
    return result


def _score(scene: Scene, index: int, language: str, max_seconds: float) -> float:
    """The importance of a beat: openings, actions, talk and emotion raise it; long reflection does not."""
    beat = scene.beats[index]
    lexicon = lexicon_zh if language == "zh" else lexicon_en
    seconds = speech_seconds(beat.text, language)
    score = 1.4 if index == 0 else 0.5 if index == len(scene.beats) - 1 else 0.0
    score += 0.35 * min(len(beat.people), 2)
    score += 0.3 * sum(1 for mood in lexicon.MOODS.values() if mood.search(beat.text))
    if beat.speaker is not None:
        score += 1.0 + (0.2 if re.search(r"[？！?!]", beat.text) else 0.0)
        score += 0.2 if index and scene.beats[index - 1].speaker not in (None, beat.speaker) else 0.0
    else:
        score += 0.4 * min(len(lexicon.MOODS["tense"].findall(beat.text)), 3)
        score += 0.9 if lexicon.VISIBLE_VERBS.search(beat.text) else 0.0
        score -= 0.4 if lexicon.INNER_WORDS.search(beat.text) else 0.0
    return score - 0.12 * max(seconds / max_seconds - 1, 0.0)
