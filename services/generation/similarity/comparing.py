"""How alike two prompts are: pure functions of texts.

Prompts are compared as `normalise` leaves them, by the normalised indel similarity: 1 minus the least number of
characters to insert and delete that makes one of the other, over the characters that both have. Replacing a character
counts as two. It is what rapidfuzz.fuzz.ratio gives, divided by 100.
"""

import re
import unicodedata
from collections.abc import Mapping

from rapidfuzz import process
from rapidfuzz.distance import Indel

# Punctuation of both scripts and what cannot be seen, as NFKC leaves it. Symbols such as +, < and emoji stay.
_SEPARATORS = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f!\"#%&'()*,\-./:;?@\[\\\]_{}\u00a1\u00a7\u00ab\u00ad\u00b6\u00b7\u00bb\u00bf"
    r"\u180e\u200b-\u200f\u2010-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u206f"
    r"\u3001-\u3003\u3008-\u3011\u3014-\u301f\u3030\u303d\u30fb\ufe10-\ufe6f\ufeff]+"
)
# Han, kana and what stands among them: scripts that are written without spaces.
_UNSPACED = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31a0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_IDLE_SPACES = re.compile(f"(?<=[{_UNSPACED}]) | (?=[{_UNSPACED}])")

ROUNDING = 1e-9
"A similarity that is below the threshold by less than that reaches it."


def normalise(prompt: str) -> str:
    """The prompt as it is compared: compatibility forms (full-width letters, ligatures), case, punctuation and spaces
    make no difference, and spaces beside Chinese or Japanese characters none at all. Of a prompt of punctuation alone
    the text itself.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", prompt).casefold())
    words = _IDLE_SPACES.sub("", _SEPARATORS.sub(" ", folded).strip())
    return words or folded.strip()


def similarity(prompt: str, other: str) -> float:
    """From 0 (nothing in common) to 1 (the same once normalised)."""
    return float(Indel.normalized_similarity(normalise(prompt), normalise(other)))


def most_similar(normal: str, others: Mapping[int, str], threshold: float, most: int) -> list[tuple[int, float]]:
    """Those of the normalised texts that are alike to at least the threshold, by their keys: (key, similarity), the
    most alike first, of the same the greatest key. Every one of the others is compared.

    By distances, which are whole numbers: rapidfuzz's own cut-off of similarities leaves out some that just reach it.
    """
    # A text that is long enough to be farther away than that is not alike enough for its length alone.
    farthest = None if threshold < 0.01 else int(2 * len(normal) * (1 - threshold) / threshold + 1)
    near = process.extract(normal, others, scorer=Indel.distance, processor=None, limit=None, score_cutoff=farthest)
    scores = [(key, _share(int(distance), len(normal) + len(other))) for other, distance, key in near]
    alike = [pair for pair in scores if pair[1] >= threshold - ROUNDING]
    return sorted(alike, key=lambda pair: (-pair[1], -pair[0]))[:most]


def _share(distance: int, characters: int) -> float:
    return 1 - distance / characters if characters else 1.0


def percentage(share: float) -> str:
    """A similarity as people are told of it: 96.4 %. It is never rounded up, so that 100 % means the same."""
    return f"{int(share * 1000 + ROUNDING) / 10:g} %"
