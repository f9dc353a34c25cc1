"""What waiting jobs want of a pool, and what they are expected to cost."""

from typing import Any

import pytest

from models.enums import MediaKind
from models.generation_requests import GenerationRequest
from services.accounts.pool.demands import demand_key, demand_of
from services.platform.providers import pooled_models


def picture(prompt: str = "a paper boat", **values: Any) -> GenerationRequest:
    wanted = {"provider": "jimeng", "model": "jimeng-4.5", "storyboard_id": "s1", "resolution": "2k", **values}
    return GenerationRequest(kind=MediaKind.IMAGE, prompt=prompt, **wanted)


def cost_of(request: GenerationRequest) -> int | None:
    return demand_of(request, pooled_models(), {}).cost


def test_more_pictures_cost_more_and_stand_in_a_line_of_their_own() -> None:
    plain, eight = picture(), picture(count=8)
    assert (cost_of(plain), cost_of(picture(count=1)), cost_of(eight)) == (16, 4, 32)
    assert demand_key(plain) != demand_key(eight)
    assert demand_key(plain) == demand_key(picture("another boat"))


@pytest.mark.parametrize("prompt", ["8张 of a paper boat", "墙上贴着1000张照片", "连续的绘本故事, 15张"])
def test_numbers_and_words_of_a_prompt_change_neither_price_nor_line(prompt: str) -> None:
    assert cost_of(picture(prompt)) == 16
    assert demand_key(picture(prompt)) == demand_key(picture())


def test_what_has_no_price_costs_nobody_knows_how_much() -> None:
    assert cost_of(picture(resolution="4k")) is None
    clip = GenerationRequest(
        kind=MediaKind.VIDEO,
        provider="jimeng",
        model="jimeng-video-3.5-pro",
        prompt="a boat",
        storyboard_id="s1",
        duration_seconds=5,
    )
    assert cost_of(clip) is None
    assert demand_key(picture(resolution="4k")) != demand_key(picture())


def test_a_model_that_is_not_there_any_more_is_on_no_site() -> None:
    demand = demand_of(picture(model="gone"), pooled_models(), {})
    assert (demand.sites, demand.cost) == ((), None)
