"""Unusual forms of a finished task's record, as upstream may send them: where its links are, or are not."""

from collections.abc import Mapping
from typing import Any

SHAPES = ("renditions", "item_id", "uri", "cover_map", "origin_list", "common_attr", "text_numbers")
"""renditions: a clip's links stand under 360p to 1080p, without the original. item_id: items have an id and nothing
else; item_list knows their links. uri: pictures have a URI and no link; get_image_by_uri knows it. cover_map: a
picture's links stand in cover_url_map. origin_list: items stand in origin_item_list. common_attr: an item's links stand
in common_attr. text_numbers: status, counts and times are text.
"""
_HEIGHTS = (360, 480, 720, 1080)
_NUMBERS = ("status", "total_image_count", "finished_image_count", "created_time")


def shaped(record: dict[str, Any], shape: str | None) -> dict[str, Any]:
    """The record in that form; unchanged without one."""
    if shape == "origin_list":
        return {**record, "item_list": [], "origin_item_list": record["item_list"]}
    if shape == "text_numbers":
        task = {**record["task"], "finish_time": str(record["task"]["finish_time"])}
        return {**record, "task": task, **{name: str(record[name]) for name in _NUMBERS}}
    return {**record, "item_list": [shaped_item(item, shape) for item in record["item_list"]]}


def shaped_item(item: Mapping[str, Any], shape: str | None) -> dict[str, Any]:
    """One item in that form."""
    common, video, image = dict(item["common_attr"]), dict(item.get("video") or {}), dict(item.get("image") or {})
    if shape == "item_id":
        return {"common_attr": {"id": common["id"], "status": common["status"]}}
    if shape == "renditions" and "transcoded_video" in video:
        link = video.pop("play_url")
        video["transcoded_video"] = {f"{height}p": {"video_url": link, "height": height} for height in _HEIGHTS}
        return {"common_attr": common, "video": video}
    if shape == "common_attr":
        return {"common_attr": {**common, **({"video": video} if video else {"image": image})}}
    if shape in ("uri", "cover_map") and image:
        large = [{name: value for name, value in one.items() if name != "image_url"} for one in image["large_images"]]
        if shape == "cover_map":
            return {"common_attr": common, "image": {**image, "large_images": []}}
        common = {name: value for name, value in common.items() if not name.startswith("cover_")}
        return {"common_attr": common, "image": {**image, "large_images": large}}
    return dict(item)
