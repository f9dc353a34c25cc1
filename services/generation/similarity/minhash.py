"""The keys of prompts in the index: pure functions of texts.

MinHash with banding. A normalised prompt is the set of its character trigrams (bigrams where they begin with a Chinese
or Japanese character, which carries more information). For each of 80 hash functions the least value over the set is
taken; the probability that two prompts have the same least value is the Jaccard similarity of their sets. Four least
values make a band, and two prompts that share any of the 20 bands are candidates to be compared exactly (A. Broder, On
the resemblance and containment of documents, 1997; the banding of Mining of Massive Datasets, section 3.4).

Keys are stored: the same prompt must have the same keys in every version of this program. A change of this module needs
a migration that empties the index, which is then rebuilt.
"""

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

BANDS = 20
ROWS = 4
"Least values per band: more of them yield fewer candidates, and miss more of the less similar prompts."
MAX_GRAMS = 1024
"A longer prompt is represented by its grams with the least hashes: a uniform sample, the same for every prompt."
PREFIX_BITS = 24
"Hash of owner and shape, so that the keys of records that can be reused for one another are adjacent in the index."
BAND_BITS = 39

_Hashes = npt.NDArray[np.uint64]

_UNSPACED = ((0x2E80, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_PLACES = tuple(np.uint64(factor) for factor in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))


def _mixed(values: _Hashes) -> _Hashes:
    """Every bit of the result depends on every bit of the value (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


# The hash functions gram -> (gram * factor + summand) >> 32; factors are odd.
_FACTORS = _mixed(np.arange(1, BANDS * ROWS + 1, dtype=np.uint64)) | np.uint64(1)
_SUMMANDS = _mixed(np.arange(1001, BANDS * ROWS + 1001, dtype=np.uint64))
_BAND_NUMBERS = np.arange(1, BANDS + 1, dtype=np.uint64)


def keys_of(owner: str, shape_sha256: str, normal: str) -> list[int]:
    """The keys of a normalised prompt of that owner and shape: first the key that all prompts of these share, then
    those of the bands. Each is between 0 and 2^63.
    """
    group = hashlib.sha256(f"{owner}\n{shape_sha256}".encode()).digest()
    prefix = int.from_bytes(group[:8]) >> (64 - PREFIX_BITS)
    common = int.from_bytes(group[8:16]) >> (64 - BAND_BITS)
    bands = _bands(_least_values(_grams(normal)))
    return [prefix << BAND_BITS | part for part in (common, *(int(band) >> (64 - BAND_BITS) for band in bands))]


def _grams(normal: str) -> _Hashes:
    """The distinct hashes of the grams, sorted. A space is added before and after the text, so that every text has
    grams.
    """
    codes = np.frombuffer(f" {normal or ' '} ".encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    first, second, third = codes[:-2], codes[1:-1], codes[2:]
    is_unspaced = np.zeros(first.shape, dtype=bool)
    for start, end in _UNSPACED:
        is_unspaced |= (first >= start) & (first <= end)
    third = np.where(is_unspaced, np.uint64(0), third)
    hashes: Any = _mixed(first * _PLACES[0] + second * _PLACES[1] + third * _PLACES[2])
    return np.unique(hashes)[:MAX_GRAMS]


def _least_values(grams: _Hashes) -> _Hashes:
    """The MinHash signature; shape (BANDS * ROWS,)."""
    hashed: _Hashes = (grams[:, None] * _FACTORS + _SUMMANDS) >> np.uint64(32)
    least: _Hashes = hashed.min(axis=0)
    return least


def _bands(least: _Hashes) -> _Hashes:
    """One hash for each band of the signature; shape (BANDS,)."""
    rows = least.reshape(BANDS, ROWS)
    hashed = _BAND_NUMBERS
    for row in range(ROWS):
        hashed = _mixed(hashed * np.uint64(31) + rows[:, row])
    return hashed


def packed(keys: list[int]) -> bytes:
    """Keys as stored in a record: eight bytes each."""
    return np.array(keys, dtype="<i8").tobytes()


def unpacked(stored: bytes) -> list[int]:
    return [int(key) for key in np.frombuffer(stored, dtype="<i8")]
