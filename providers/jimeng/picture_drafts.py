"""Drafts of images: from a prompt, or from a prompt and up to ten uploaded pictures (a blend)."""

from providers.jimeng.catalogue import ImageModel, PictureSize, catalogue
from providers.jimeng.drafting import (
    DRAFT_VERSION_OF_COMPONENTS,
    Fresh,
    Json,
    Submission,
    compact,
    component,
    draft,
    report_parameters,
    uploaded_picture,
)
from providers.jimeng.faults import invalid
from providers.pooled import GenerationOrder

BLEND_VERSION = "3.2.9"
DEFAULT_STRENGTH = 0.5
DEFAULT_RATIO = "1:1"
# The range of image seeds, the end excluded.
SEEDS = (2_500_000_000, 2_600_000_000)


def picture_submission(
    order: GenerationOrder, site: str, submit_id: str, *, draft_version: str, fresh: Fresh
) -> Submission:
    """Raises UpstreamFaultError INVALID_INPUT for values that are not in the catalogue."""
    model, size = chosen_size(order, site)
    if not 0 <= _strength(order) <= 1:
        raise invalid("The sample strength must be between 0 and 1.")
    made = _blend(order, model, size, fresh) if order.inputs else _generate(order, model, size, fresh)
    whole = draft(
        fresh,
        version=draft_version,
        min_version=BLEND_VERSION if order.inputs else DRAFT_VERSION_OF_COMPONENTS,
        component=made,
    )
    return Submission(model.key, whole, _metrics(order, model, size, submit_id, fresh))


def chosen_size(order: GenerationOrder, site: str) -> tuple[ImageModel, PictureSize]:
    """Model and size of an order, with defaults filled in. Raises UpstreamFaultError INVALID_INPUT."""
    known = catalogue()
    model = known.images.get(order.model)
    if model is None:
        raise invalid(f"Jimeng has no model {order.model!r} for pictures.")
    if site not in model.sites:
        raise invalid(f"The model {order.model!r} is not available on the site {site}.")
    resolution, ratio = order.resolution or model.resolutions[0], order.ratio or DEFAULT_RATIO
    size = model.size(site, resolution, ratio)
    if size is None:
        raise invalid(f"The model {order.model!r} does not support {ratio} at {resolution} on the site {site}.")
    if order.intelligent_ratio and not model.intelligent_ratio:
        raise invalid(f"The model {order.model!r} does not support intelligentRatio.")
    if order.count is not None and not 1 <= order.count <= model.max_count:
        raise invalid(f"The model {order.model!r} makes 1 to {model.max_count} pictures per task.")
    if len(order.inputs) > known.max_image_inputs:
        raise invalid(f"At most {known.max_image_inputs} input pictures can be given.")
    return model, size


def picture_seed(seed: int | None, fresh: Fresh) -> int:
    """A seed within upstream's range. A seed outside of it is mapped into it, always to the same value."""
    first, end = SEEDS
    if seed is None:
        return fresh.chance.randrange(first, end)
    return seed if first <= seed < end else first + seed % (end - first)


def _strength(order: GenerationOrder) -> float:
    return DEFAULT_STRENGTH if order.sample_strength is None else order.sample_strength


def _generate(order: GenerationOrder, model: ImageModel, size: PictureSize, fresh: Fresh) -> Json:
    chosen = {} if order.intelligent_ratio else {"image_ratio": size.image_ratio}
    core = fresh.part(
        model=model.key,
        prompt=order.prompt,
        negative_prompt=order.negative_prompt,
        seed=picture_seed(order.seed, fresh),
        sample_strength=_strength(order),
        **chosen,
        large_image_info=_large_image_info(size, fresh),
        intelligent_ratio=order.intelligent_ratio,
    )
    if order.count is not None:
        # Upstream honours a number only here, beside the ability.
        generate = fresh.part(core_param=core)
        return _image_component("generate", {"generate": generate, "gen_option": _gen_option(order, fresh)}, fresh)
    generate = fresh.part(core_param=core, gen_option=_gen_option(order, fresh))
    return _image_component("generate", {"generate": generate}, fresh)


def _gen_option(order: GenerationOrder, fresh: Fresh) -> Json:
    count = {} if order.count is None else {"gen_count": order.count}
    return fresh.part(generate_all=False, **count)


def _blend(order: GenerationOrder, model: ImageModel, size: PictureSize, fresh: Fresh) -> Json:
    """The prompt is prefixed with ## for each input picture. Several pictures need a newer version of the blend."""
    core = fresh.part(
        model=model.key,
        prompt="##" * len(order.inputs) + order.prompt,
        negative_prompt=order.negative_prompt,
        sample_strength=_strength(order),
        image_ratio=size.image_ratio,
        large_image_info=_large_image_info(size, fresh),
        intelligent_ratio=False,
    )
    version = {"min_version": BLEND_VERSION} if len(order.inputs) > 1 else {}
    blend = fresh.part(
        **version,
        min_features=[],
        core_param=core,
        ability_list=[
            fresh.part(
                name="byte_edit",
                image_uri_list=[uri],
                image_list=[uploaded_picture(fresh, uri)],
                strength=_strength(order),
            )
            for uri in order.inputs
        ],
        prompt_placeholder_info_list=[fresh.part(ability_index=index) for index in range(len(order.inputs))],
        postedit_param=fresh.part(generate_type=0),
    )
    return _image_component("blend", {"blend": blend, "gen_option": _gen_option(order, fresh)}, fresh)


def _image_component(generate_type: str, abilities: Json, fresh: Fresh) -> Json:
    return component(
        fresh,
        "image_base_component",
        min_version=DRAFT_VERSION_OF_COMPONENTS,
        generate_type=generate_type,
        abilities=abilities,
    )


def _large_image_info(size: PictureSize, fresh: Fresh) -> Json:
    return fresh.part(
        min_version=DRAFT_VERSION_OF_COMPONENTS,
        height=size.height,
        width=size.width,
        resolution_type=size.resolution_type,
    )


def _metrics(order: GenerationOrder, model: ImageModel, size: PictureSize, submit_id: str, fresh: Fresh) -> Json:
    """The metrics of upstream's web page. Its scene for series, which it chooses by words of the prompt, is not used:
    the number of pictures, and so the price, is what the caller asked for.
    """
    scene: Json = {
        "type": "image",
        "scene": "ImageBasicGenerate",
        "modelReqKey": model.key,
        "resolutionType": size.resolution_type,
        "abilityList": [
            {
                "abilityName": "byte_edit",
                "strength": _strength(order),
                "source": {"imageUrl": f"blob:https://dreamina.capcut.com/{fresh.new_id()}"},
            }
            for _ in order.inputs
        ],
        "reportParams": report_parameters(f"{model.key}-{size.resolution_type}"),
        "benefitCount": catalogue().images_per_task if order.count is None else order.count,
    }
    return {
        "promptSource": "custom",
        "generateCount": 1 if order.count is None else order.count,
        "enterFrom": "click",
        "sceneOptions": compact([scene]),
        "generateId": submit_id,
        "isRegenerate": False,
    }
