"""Drafts of clips: from a prompt, a first frame, a first and a last frame, or named references."""

from providers.jimeng.catalogue import VideoModel, catalogue
from providers.jimeng.drafting import (
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
from providers.jimeng.reference_drafts import (
    FEATURES,
    REFERENCES_VERSION,
    material_type,
    reference_metrics,
    unified_edit_input,
)
from providers.pooled import GenerationOrder

CLIP_VERSION = "3.0.5"
DEFAULT_RATIO = "1:1"
FRAMES_PER_SECOND = 24
SEED_END = 2**32
FRAMES = ("first_frame_image", "end_frame_image")


def clip_submission(
    order: GenerationOrder, site: str, submit_id: str, *, draft_version: str, fresh: Fresh
) -> Submission:
    """Raises UpstreamFaultError INVALID_INPUT for values that are not in the catalogue."""
    model, ratio, seconds, resolution = chosen_clip(order, site)
    has_references = bool(order.references)
    sharpness = {"resolution": resolution} if resolution else {}
    mode = reference_metrics(submit_id) if has_references else _frame_metrics(fresh)
    metrics = _metrics(model, seconds, sharpness, mode, [material_type(each.kind) for each in order.references])
    min_version = REFERENCES_VERSION if has_references else CLIP_VERSION
    one_input = fresh.part(
        min_version=min_version,
        prompt="" if has_references else order.prompt,
        video_mode=2,
        fps=FRAMES_PER_SECOND,
        duration_ms=seconds * 1000,
        **sharpness,
        **{name: uploaded_picture(fresh, uri) for name, uri in zip(FRAMES, order.inputs, strict=False)},
        **({"unified_edit_input": unified_edit_input(order, fresh)} if has_references else {}),
        idip_meta_list=[],
    )
    parameters = fresh.part(
        video_gen_inputs=[one_input],
        video_aspect_ratio=ratio,
        seed=fresh.chance.randrange(SEED_END) if order.seed is None else order.seed % SEED_END,
        model_req_key=model.key,
        priority=0,
    )
    made = component(
        fresh,
        "video_base_component",
        min_version="1.0.0",
        generate_type="gen_video",
        abilities={
            "gen_video": fresh.part(text_to_video_params=parameters, video_task_extra=compact(metrics)),
        },
    )
    made["process_type"] = 1
    commerce_info = {
        "benefit_type": model.reference_benefit_type if has_references else model.benefit_type,
        "resource_id": "generate_video",
        "resource_id_type": "str",
        "resource_sub_type": "aigc",
    }
    features = FEATURES if has_references else ()
    whole = draft(fresh, version=draft_version, min_version=min_version, component=made, min_features=features)
    return Submission(model.key, whole, metrics, commerce_info)


def chosen_clip(order: GenerationOrder, site: str) -> tuple[VideoModel, str, int, str | None]:
    """Model, ratio, seconds and resolution (None: not sent) of an order, with defaults filled in. Raises
    UpstreamFaultError INVALID_INPUT for unsupported values.
    """
    known = catalogue()
    model = known.videos.get(order.model)
    if model is None:
        raise invalid(f"Jimeng has no model {order.model!r} for clips.")
    if site not in model.sites:
        raise invalid(f"The model {order.model!r} is not available on the site {site}.")
    ratio, seconds = order.ratio or DEFAULT_RATIO, order.duration_seconds or model.seconds[0]
    resolution = order.resolution or next(iter(model.resolutions), None)
    if ratio not in known.video_ratios:
        raise invalid(f"Jimeng does not support clips with the ratio {ratio}.")
    if seconds not in model.seconds:
        raise invalid(f"The model {order.model!r} does not support clips of {seconds} s.")
    if resolution is not None and resolution not in model.resolutions:
        raise invalid(f"The model {order.model!r} does not support clips at {resolution}.")
    if len(order.inputs) > known.max_video_inputs:
        raise invalid("A clip takes at most two input pictures, the first and the last frame.")
    if order.references and model.reference_benefit_type is None:
        raise invalid(f"The model {order.model!r} takes no references.")
    if order.references and order.inputs:
        raise invalid("A clip takes either input pictures or references.")
    return model, ratio, seconds, resolution


def _metrics(model: VideoModel, seconds: int, sharpness: Json, mode: Json, material_types: list[int]) -> Json:
    """mode: the parts that differ by what the clip is made from."""
    resolution = sharpness.get("resolution")
    scene = {
        "type": "video",
        "scene": "BasicVideoGenerateButton",
        **sharpness,
        "modelReqKey": model.key,
        "videoDuration": seconds,
        "materialTypes": material_types,
        "reportParams": report_parameters(f"{model.key}-{resolution}" if resolution else model.key),
    }
    return {
        **mode,
        "isDefaultSeed": 1,
        "isRegenerate": False,
        "position": "page_bottom_box",
        "sceneOptions": compact([scene]),
    }


def _frame_metrics(fresh: Fresh) -> Json:
    return {
        "promptSource": "custom",
        "originSubmitId": fresh.new_id(),
        "enterFrom": "use_bgimage_prompt",
        "functionMode": "first_last_frames",
    }
