"""Keys of the index."""

import hashlib

import pytest

from services.generation.similarity.comparing import normalise
from services.generation.similarity.minhash import BANDS, keys_of, packed, unpacked

SHAPE = "s" * 64
STREET = normalise("A street at night, rain, neon signs; 一个穿红衣的女子撑伞走过，35mm film look")


def test_keys_are_stored_and_may_never_change() -> None:
    keys = keys_of("mira", SHAPE, STREET)
    assert (
        hashlib.sha256(packed(keys)).hexdigest() == "db13b9a62ca2c72f690f215154100ca933b8f7a8d344de789af3ae6525ffdcdb"
    )
    assert unpacked(packed(keys)) == keys
    assert (len(keys), len(packed(keys))) == (1 + BANDS, 8 * (1 + BANDS))


def test_all_of_an_owner_and_shape_share_one_key_and_nobody_else_any() -> None:
    mine, other = keys_of("mira", SHAPE, STREET), keys_of("mira", SHAPE, "狐狸")
    assert mine[0] == other[0]
    assert not set(mine[1:]) & set(other[1:])
    assert not set(mine) & set(keys_of("noor", SHAPE, STREET))
    assert not set(mine) & set(keys_of("mira", "t" * 64, STREET))


@pytest.mark.parametrize("share", [0.99, 0.95])
def test_long_prompts_that_are_alike_share_most_keys(share: float) -> None:
    text = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(8000))
    changed = text[: int(8000 * share)] + "改" * (8000 - int(8000 * share))
    common = set(keys_of("mira", SHAPE, text)) & set(keys_of("mira", SHAPE, changed))
    assert len(common) > BANDS / 2


@pytest.mark.parametrize("text", ["", "猫", "a", "\ud800", "😀", "x" * 8000])
def test_every_text_has_keys_that_fit_a_column(text: str) -> None:
    keys = keys_of("mira", SHAPE, text)
    assert all(0 <= key < 2**63 - 1 for key in keys)
    assert len(set(keys)) == 1 + BANDS
