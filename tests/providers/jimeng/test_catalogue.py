"""The catalogue: complete data for every allowed request."""

import pytest

from providers.jimeng.catalogue import ImageModel, PictureSize, catalogue
from providers.pooled import ModelInfo

SITES = ("CN", "US", "HK", "JP", "SG")


def test_every_model_can_make_what_it_says_on_each_of_its_sites() -> None:
    for model in catalogue().images.values():
        for site in model.sites:
            for resolution in model.resolutions:
                made = [ratio for ratio in catalogue().image_ratios if model.size(site, resolution, ratio)]
                assert made == (["1:1"] if (model.name, site) == ("nanobanana", "US") else [*catalogue().image_ratios])


def test_sizes_have_the_shape_of_their_ratio() -> None:
    for model in catalogue().images.values():
        for sizes in model.sizes.values():
            for ratio, size in sizes.items():
                across, down = map(int, ratio.split(":"))
                assert size.width / size.height == pytest.approx(across / down, rel=0.01)


def test_a_portrait_at_1k_is_a_portrait() -> None:
    assert image("jimeng-4.5").size("CN", "1k", "3:4") == PictureSize(2, 768, 1024, "1k")
    assert image("jimeng-4.5").size("CN", "1k", "4:3") == PictureSize(4, 1024, 768, "1k")


def test_at_4k_ratios_have_codes_of_their_own_except_where_they_have_not() -> None:
    assert image("jimeng-4.5").size("CN", "4k", "16:9") == PictureSize(103, 5120, 2880, "4k")
    assert image("nanobananapro").size("HK", "4k", "16:9") == PictureSize(3, 5404, 3040, "4k")
    assert image("nanobananapro").size("HK", "2k", "16:9") == PictureSize(3, 2560, 1440, "2k")


def test_nanobanana_makes_one_size_in_the_us() -> None:
    assert image("nanobanana").size("US", "1k", "1:1") == PictureSize(1, 1024, 1024, "2k")
    assert image("nanobanana").size("US", "1k", "16:9") is None
    assert image("nanobanana").size("JP", "1k", "16:9") == PictureSize(3, 1024, 576, "1k")
    assert image("nanobanana").size("JP", "2k", "16:9") is None


@pytest.mark.parametrize(
    ("name", "benefit_type"),
    [
        ("jimeng-video-veo3.1", "generate_video_veo3.1"),
        ("jimeng-video-veo3", "generate_video_veo3"),
        ("jimeng-video-sora2", "generate_video_sora2"),
        ("jimeng-video-seedance-2.0", "dreamina_video_seedance_20_pro"),
        ("jimeng-video-seedance-2.0-fast", "dreamina_seedance_20_fast"),
        ("jimeng-video-3.5-pro", "dreamina_video_seedance_15_pro"),
        ("jimeng-video-3.0", "basic_video_operation_vgfm_v_three"),
        ("jimeng-video-2.0-pro", "basic_video_operation_vgfm_v_three"),
        ("jimeng-video-seedance-2.0-vip", "seedance_20_pro_720p_output"),
        ("jimeng-video-seedance-2.0-fast-vip", "seedance_20_fast_720p_output"),
        ("jimeng-video-seedance-2.0-mini", "seedance_20_mini_720p_output"),
    ],
)
def test_the_first_rule_within_a_key_names_the_benefit(name: str, benefit_type: str) -> None:
    assert catalogue().videos[name].benefit_type == benefit_type


@pytest.mark.parametrize(("count", "credits"), [(None, 16), (1, 4), (4, 16), (8, 32)])
def test_the_price_follows_from_the_number_of_pictures(count: int | None, credits: int) -> None:
    assert catalogue().picture_credits(image("jimeng-4.5"), "2k", count) == credits


@pytest.mark.parametrize(("model", "most"), [("jimeng-4.5", 8), ("jimeng-5.0", 8), ("jimeng-5.0-pro", 4)])
def test_a_model_says_how_many_pictures_it_makes_with_its_usual_number_first(model: str, most: int) -> None:
    counts = info(model).counts
    assert (counts[0], sorted(counts)) == (4, list(range(1, most + 1)))
    assert info("jimeng-video-3.0").counts == ()


def test_prices_that_nobody_knows_are_none() -> None:
    assert catalogue().picture_credits(image("jimeng-4.5"), "4k", None) is None
    assert info("jimeng-video-3.0").credits is None
    assert info("jimeng-video-seedance-2.0-mini").credits == 24


def test_models_say_what_they_take_with_the_default_first() -> None:
    video = info("jimeng-video-3.0")
    assert (video.kind, video.provider, video.sites) == ("VIDEO", "jimeng", SITES)
    assert (video.resolutions, video.durations_seconds, video.max_input_images) == (("720p", "1080p"), (5, 10), 2)
    picture = info("jimeng-4.5")
    assert (picture.kind, picture.resolutions[0], picture.max_input_images) == ("IMAGE", "2k", 10)
    assert info("jimeng-video-seedance-2.0").durations_seconds[0] == 5


def test_names_and_keys_are_unique_and_lead_back() -> None:
    models = [*catalogue().images.values(), *catalogue().videos.values()]
    assert len({model.name for model in models}) == len(models)
    for model in models:
        assert catalogue().by_key(model.key) is model
    assert catalogue().by_key("no_such_key") is None


def test_there_is_a_region_for_every_site() -> None:
    assert tuple(catalogue().regions) == SITES
    assert [region.loc for region in catalogue().regions.values()] == [site.lower() for site in SITES]


def image(name: str) -> ImageModel:
    return catalogue().images[name]


def info(name: str) -> ModelInfo:
    return next(model for model in catalogue().models() if model.name == name)
