"""What waiting jobs want of a pool, and what they are expected to cost."""

from typing import Any

from models.enums import MediaKind
from models.generation_requests import GenerationRequest
from services.accounts.pool.demands import demand_key, demand_of
from services.platform.providers import pooled_models


def picture(prompt: str = "a paper boat", **values: Any) -> GenerationRequest:
    wanted = {"provider": "jimeng", "model": "jimeng-4.5", "storyboard_id": "s1", "resolution": "2k", **values}
    return GenerationRequest(kind=MediaKind.IMAGE, prompt=prompt, **wanted)


def cost_of(request: GenerationRequest) -> int | None:
    return demand_of(request, pooled_models()).cost


def test_a_prompt_that_wants_more_pictures_costs_more_and_stands_in_a_line_of_its_own() -> None:
    plain, eight = picture(), picture("8张 of a paper boat")
    assert (cost_of(plain), cost_of(eight)) == (16, 32)
    assert demand_key(plain) != demand_key(eight)
    assert demand_key(plain) == demand_key(picture("another boat"))


def test_what_has_no_price_is_taken_to_cost_what_the_model_usually_does_else_one() -> None:
    assert cost_of(picture(resolution="4k")) == 16
    clip = GenerationRequest(
        kind=MediaKind.VIDEO,
        provider="jimeng",
        model="jimeng-video-3.5-pro",
        prompt="a boat",
        storyboard_id="s1",
        duration_seconds=5,
    )
    assert cost_of(clip) == 1
    assert demand_key(picture(resolution="4k")) != demand_key(picture())


def test_a_model_that_is_not_there_any_more_is_on_no_site() -> None:
    demand = demand_of(picture(model="gone"), pooled_models())
    assert (demand.sites, demand.cost) == ((), 1)
