"""The similarity of two prompts: pure functions of texts.

Prompts are compared as `normalise` leaves them, by the normalised indel similarity: 1 minus the least number of
insertions and deletions of characters that turn one text into the other, divided by the sum of both lengths. Replacing
a character counts as two. This equals rapidfuzz.fuzz.ratio divided by 100.
"""

import re
import unicodedata
from collections.abc import Mapping

from rapidfuzz import process
from rapidfuzz.distance import Indel

# Punctuation of both scripts and invisible characters, after NFKC. Symbols such as +, < and emoji are kept.
_SEPARATORS = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f!\"#%&'()*,\-./:;?@\[\\\]_{}\u00a1\u00a7\u00ab\u00ad\u00b6\u00b7\u00bb\u00bf"
    r"\u180e\u200b-\u200f\u2010-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u206f"
    r"\u3001-\u3003\u3008-\u3011\u3014-\u301f\u3030\u303d\u30fb\ufe10-\ufe6f\ufeff]+"
)
# Han, kana and their punctuation: scripts that are written without spaces.
_UNSPACED = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31a0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_IDLE_SPACES = re.compile(f"(?<=[{_UNSPACED}]) | (?=[{_UNSPACED}])")

ROUNDING = 1e-9
"A similarity below the threshold by less than this counts as reaching it."


def normalise(prompt: str) -> str:
    """The prompt in the form that is compared: without differences of compatibility forms (full-width letters,
    ligatures), case, punctuation and white space, and without spaces beside Chinese or Japanese characters. A prompt of
    punctuation alone keeps it.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", prompt).casefold())
    words = _IDLE_SPACES.sub("", _SEPARATORS.sub(" ", folded).strip())
    return words or folded.strip()


def similarity(prompt: str, other: str) -> float:
    """From 0 (nothing in common) to 1 (the same once normalised)."""
    return float(Indel.normalized_similarity(normalise(prompt), normalise(other)))


def most_similar(normal: str, others: Mapping[int, str], threshold: float, limit: int) -> list[tuple[int, float]]:
    """The normalised texts whose similarity reaches the threshold: (key, similarity), the most similar first, of equal
    ones the greatest key first. Compares all of them.

    Uses distances, which are whole numbers: rapidfuzz's cut-off by similarity omits some texts that just reach it.
    """
    # The greatest distance that can reach the threshold, whatever the length of the other text.
    farthest = None if threshold < 0.01 else int(2 * len(normal) * (1 - threshold) / threshold + 1)
    near = process.extract(normal, others, scorer=Indel.distance, processor=None, limit=None, score_cutoff=farthest)
    scores = [(key, _share(int(distance), len(normal) + len(other))) for other, distance, key in near]
    matches = [pair for pair in scores if pair[1] >= threshold - ROUNDING]
    return sorted(matches, key=lambda pair: (-pair[1], -pair[0]))[:limit]


def _share(distance: int, characters: int) -> float:
    return 1 - distance / characters if characters else 1.0


def percentage(share: float) -> str:
    """A similarity for messages, such as 96.4 %. It is rounded down, so that 100 % means equal."""
    return f"{int(share * 1000 + ROUNDING) / 10:g} %"
