"""The parts of a clip's draft with references: upstream's mode "omni_reference", from named pictures and films."""

from providers.jimeng.drafting import Fresh, Json, uploaded_picture
from providers.pooled import GenerationOrder, OrderedReference

REFERENCES_VERSION = "3.3.9"
"""The oldest version that a draft with references asks for."""
FEATURES = ("AIGC_Video_UnifiedEdit",)
FUNCTION_MODE = "omni_reference"
MATERIAL_TYPES = {"IMAGE": 1, "VIDEO": 2}
_NAMES = {"IMAGE": "image", "VIDEO": "video"}


def material_type(kind: str) -> int:
    """Upstream's number in the metrics."""
    return MATERIAL_TYPES[kind]


def reference_metrics(submit_id: str) -> Json:
    return {"originSubmitId": submit_id, "enterFrom": "click", "functionMode": FUNCTION_MODE}


def unified_edit_input(order: GenerationOrder, fresh: Fresh) -> Json:
    """The materials, in the order of the references, and the prompt as texts and materials."""
    return fresh.part(
        material_list=[_material(reference, fresh) for reference in order.references],
        meta_list=[_meta(part, order) for part in order.prompt_parts],
    )


def _material(reference: OrderedReference, fresh: Fresh) -> Json:
    file = reference.file
    if reference.kind == "IMAGE":
        picture = uploaded_picture(fresh, file.uri, file.width, file.height, file.format)
        return fresh.part(material_type="image", image_info=picture)
    film = {
        "type": "video",
        "id": fresh.new_id(),
        "source_from": "upload",
        "name": "",
        "vid": file.uri,
        "fps": 0,
        "width": file.width,
        "height": file.height,
        "duration": file.duration_ms or 0,
    }
    return fresh.part(material_type="video", video_info=film)


def _meta(part: str | int, order: GenerationOrder) -> Json:
    if isinstance(part, str):
        return {"meta_type": "text", "text": part}
    return {"meta_type": _NAMES[order.references[part].kind], "text": "", "material_ref": {"material_idx": part}}
