"""Drafts of clips: from a prompt, a first frame, or a first and a last frame."""

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
from providers.pooled import GenerationOrder

CLIP_VERSION = "3.0.5"
DEFAULT_RATIO = "1:1"
FRAMES_PER_SECOND = 24
SEED_END = 2**32
FRAMES = ("first_frame_image", "end_frame_image")


def clip_submission(order: GenerationOrder, site: str, *, draft_version: str, fresh: Fresh) -> Submission:
    """Raises UpstreamFaultError INVALID_INPUT for values that are not in the catalogue."""
    model, ratio, seconds, resolution = chosen_clip(order, site)
    metrics = _metrics(model, seconds, resolution, fresh)
    sharpness = {"resolution": resolution} if resolution else {}
    one_input = fresh.part(
        min_version=CLIP_VERSION,
        prompt=order.prompt,
        video_mode=2,
        fps=FRAMES_PER_SECOND,
        duration_ms=seconds * 1000,
        **sharpness,
        **{name: uploaded_picture(fresh, uri) for name, uri in zip(FRAMES, order.inputs, strict=False)},
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
        "benefit_type": model.benefit_type,
        "resource_id": "generate_video",
        "resource_id_type": "str",
        "resource_sub_type": "aigc",
    }
    whole = draft(fresh, version=draft_version, min_version=CLIP_VERSION, component=made)
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
    return model, ratio, seconds, resolution


def _metrics(model: VideoModel, seconds: int, resolution: str | None, fresh: Fresh) -> Json:
    sharpness = {"resolution": resolution} if resolution else {}
    scene = {
        "type": "video",
        "scene": "BasicVideoGenerateButton",
        **sharpness,
        "modelReqKey": model.key,
        "videoDuration": seconds,
        "materialTypes": [],
        "reportParams": report_parameters(f"{model.key}-{resolution}" if resolution else model.key),
    }
    return {
        "promptSource": "custom",
        "isDefaultSeed": 1,
        "originSubmitId": fresh.new_id(),
        "isRegenerate": False,
        "enterFrom": "use_bgimage_prompt",
        "position": "page_bottom_box",
        "functionMode": "first_last_frames",
        "sceneOptions": compact([scene]),
    }
