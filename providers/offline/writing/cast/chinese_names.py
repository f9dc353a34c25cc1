"""Decides which words of a Chinese text are names, by surname, title, dictionary and use."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import rjieba

from providers.offline.writing import lexicon_zh as lexicon
from providers.offline.writing.cast.chinese_evidence import NICKNAME, PERSON_TAGS, Evidence, Uses

MAX_WORDS, MAX_NAMES = 1500, 500
"""Of a text, those that are looked at and those that are names: the most used ones, as each is searched in the text."""
_UNTOLD_TAGS = ("x", "nz")  # of the dictionary, for words that it does not know


@dataclass(frozen=True)
class Candidate:
    """A word that may be a name. count: in the narration; speech, subject: how often it announces one, opens a clause.

    surnamed: how often it follows a surname's use; tags: the dictionary's for its parts.
    """

    word: str
    count: int = 0
    speech: int = 0
    subject: int = 0
    surnamed: int = 0
    tags: tuple[str, ...] = ("x",)

    @property
    def is_person_tag(self) -> bool:
        return len(self.tags) == 1 and self.tags[0] in PERSON_TAGS

    @property
    def is_common_word(self) -> bool:
        return len(self.tags) == 1 and not self.is_person_tag and self.tags[0] not in _UNTOLD_TAGS

    @property
    def has_surname(self) -> bool:
        return self.word[0] in lexicon.SURNAMES or self.word[:2] in lexicon.COMPOUND_SURNAMES

    @property
    def has_title(self) -> bool:
        return self.has_surname and self.word.endswith(tuple(lexicon.TITLE_TAILS))

    @property
    def is_nickname(self) -> bool:
        return len(self.word) == 2 and NICKNAME.match(self.word + "，") is not None


def choose_names(evidence: Evidence) -> list[str]:
    """The words that are names, in the order of the dictionary."""
    words = sorted(_words(evidence), key=lambda word: (-_weight(word, evidence), word))[:MAX_WORDS]
    kept = [word for word in sorted(words) if _is_kept(word, evidence)]
    chosen = _longest_where_it_counts(kept, evidence.whole, evidence.names)
    return sorted(sorted(chosen, key=lambda word: (-_weight(word, evidence), word))[:MAX_NAMES])


def _weight(word: str, evidence: Evidence) -> int:
    """How much the text uses the word as a name."""
    names = evidence.names
    return 3 * names.speech[word] + names.total[word] + evidence.surnamed[word] + evidence.titled[word]


def _words(evidence: Evidence) -> set[str]:
    """All words that may be names."""
    words = set(evidence.names.total) | set(evidence.names.speech)
    words |= {word for word, count in evidence.surnamed.items() if count >= 2}
    words |= {
        word
        for word, count in evidence.titled.items()
        if word[0] in lexicon.SURNAMES and (count >= 2 or len(word) == 3)
    }
    return words


def _is_kept(word: str, evidence: Evidence) -> bool:
    speech = evidence.names.speech[word]
    is_thing_that_speaks = word in lexicon.PROPS and speech > 0
    if not may_be_name(word) and not is_thing_that_speaks:
        return False
    if not speech and not stands_alone(word, evidence.whole):
        return False
    return is_name(
        Candidate(
            word,
            count=evidence.whole.count(word),
            speech=speech,
            subject=evidence.names.subject[word],
            surnamed=evidence.surnamed[word],
            tags=tuple(tag for _, tag in rjieba.tag(word)) or ("x",),
        )
    )


def is_name(candidate: Candidate) -> bool:
    """Whether any rule accepts the word as a name; a dictionary word is a name only if it speaks."""
    if candidate.is_common_word and not candidate.is_nickname and not candidate.has_title:
        return speaks_under_a_word(candidate)
    return any(rule(candidate) for rule in _RULES)


def speaks_under_a_word(candidate: Candidate) -> bool:
    """Whether a dictionary word such as 袭人 or 石头 is a person, because it speaks."""
    return candidate.tags[0] == "n" and candidate.speech > 0 and len(candidate.word) <= 3


def speaks_or_comes_back_with_surname(candidate: Candidate) -> bool:
    comes_back = candidate.count >= 2 and (candidate.is_person_tag or candidate.surnamed >= 2)
    return candidate.has_surname and (candidate.speech > 0 or comes_back)


def acts_under_a_full_name(candidate: Candidate) -> bool:
    is_full_name = candidate.has_surname and candidate.is_person_tag and len(candidate.word) >= 3
    return is_full_name and candidate.subject > 0


def speaks_or_comes_back_with_nickname(candidate: Candidate) -> bool:
    return candidate.is_nickname and (candidate.speech > 0 or candidate.count >= 3)


def speaks_or_acts_by_the_dictionary(candidate: Candidate) -> bool:
    acts = candidate.count >= 3 and candidate.subject >= 2
    return candidate.is_person_tag and (candidate.speech > 0 or acts)


def speaks_or_comes_back_with_title(candidate: Candidate) -> bool:
    return candidate.has_title and (candidate.speech > 0 or candidate.count >= 2)


def speaks_often(candidate: Candidate) -> bool:
    return candidate.speech >= 3


_RULES: tuple[Callable[[Candidate], bool], ...] = (
    speaks_or_comes_back_with_surname,
    acts_under_a_full_name,
    speaks_or_comes_back_with_nickname,
    speaks_or_acts_by_the_dictionary,
    speaks_or_comes_back_with_title,
    speaks_often,
)


def stands_alone(word: str, whole: str) -> bool:
    """Whether different characters follow the word; a tokenizer error is always followed by the same."""
    following = {
        whole[match.end() : match.end() + 2] for match, _ in zip(re.finditer(word, whole), range(60), strict=False)
    }
    if word[0] == "伊" and whole.count("伊") > 2 * whole.count(word):
        return False  # the pronoun of older texts
    return len(following) > 1 or (len(word) == 3 and whole.count(word) == 1)


def may_be_name(word: str) -> bool:
    """Whether the word is no word for a thing, place or time and contains no particle."""
    return len(word) >= 2 and not _is_known_word(word) and not _has_other_parts(word) and _has_stem_of_a_name(word)


def _is_known_word(word: str) -> bool:
    """Whether the lexicon has the word with another meaning."""
    others = (
        lexicon.COMPOUND_SURNAMES,
        lexicon.NOBODY,
        lexicon.NOT_NAMES,
        lexicon.ROLES,
        lexicon.PLACES,
        lexicon.PROPS,
        lexicon.TIMES,
        lexicon.WEATHER,
    )
    return any(word in words for words in others)


def _has_other_parts(word: str) -> bool:
    """Whether the word begins with, ends with or contains characters that names do not have."""
    if word[0] in lexicon.NOT_NAME_HEADS or word[-1] in lexicon.NOT_NAME_TAILS or word[:2] in lexicon.NOT_NAMES:
        return True
    return any(mark in word for mark in "的了着是说道他她们我你这那不没")


def _has_stem_of_a_name(word: str) -> bool:
    """Whether the word without its title is not empty and not a role: 老太太 is no name."""
    stem = word.removesuffix(next((tail for tail in lexicon.TITLE_TAILS if word.endswith(tail)), ""))
    roles = (role for role in lexicon.ROLES if len(role) > 1 and role not in lexicon.TITLE_TAILS)
    return bool(stem) and not any(role in word for role in roles)


def _longest_where_it_counts(kept: list[str], whole: str, names: Uses) -> list[str]:
    """Chooses between 李雷 and 李雷同: the longer one only if the shorter is rare outside of it."""
    counts = {word: whole.count(word) for word in kept}
    dropped: set[str] = set()
    for word in kept:
        for longer in (other for other in kept if other != word and other.startswith(word)):
            if longer.endswith(tuple(lexicon.TITLE_TAILS)):
                continue
            if counts[longer] >= 0.7 * counts[word]:
                dropped.add(word)
            elif not names.speech[longer] or names.speech[word] >= names.speech[longer]:
                dropped.add(longer)
    return [word for word in kept if word not in dropped]
