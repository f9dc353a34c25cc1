"""Where the results of a task are: their links in one of many places, or only the ids and URIs to ask for them by."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from providers.jimeng.wire_values import mapping, mappings, text, whole_number

# Of one rendition of a clip, and of a clip itself, in the order of preference.
_RENDITION_LINKS = ("video_url", "url", "main_url", "play_url", "download_url")
_CLIP_LINKS = ("play_url", "download_url", "url", "video_url", "main_url", "origin_url")
_PICTURE_LINKS = ("image_url", "url", "download_url", "origin_url")
_PICTURE_URIS = ("image_uri", "uri")
_RENDITION_LISTS = ("transcoded_video", "video_list", "origin_video", "play_addr")
BEST_RENDITION = "origin"
_SMALL_PICTURE = re.compile(r"cover|poster|thumb|avatar|icon|logo|watermark|frame|image|picture|gif|webp", re.I)
MAX_DEPTH = 8
"How deep unknown objects are searched for links."


def link_of(item: Mapping[str, Any], kind: str) -> str | None:
    """The link of a result: the best one of a clip, else the picture's. None if the item has none. kind: what was asked
    for, which decides about an item that does not show what it is: a clip's cover is no result.
    """
    common, video = mapping(item.get("common_attr")), mapping(item.get("video"))
    if is_clip(item) or (kind == "VIDEO" and not item.get("image")):
        places = (common, video, mapping(common.get("video")), item)
        return next(_links(candidate for place in places for candidate in _clip_candidates(place)), None) or next(
            _links(_nested([video, common.get("video"), common.get("transcoded_video")])), None
        )
    return next(_links(_picture_candidates(item, common)), None)


def is_clip(item: Mapping[str, Any]) -> bool:
    """Clips have a cover image too, so fields of clips decide."""
    common = mapping(item.get("common_attr"))
    return any((item.get("video"), *(holder.get(name) for holder in (item, common) for name in _CLIP_FIELDS)))


_CLIP_FIELDS = ("video", "transcoded_video", "video_url")


def item_id(item: Mapping[str, Any]) -> str:
    names = [item.get(name) for name in ("item_id", "id", "local_item_id")]
    names.append(mapping(item.get("common_attr")).get("id"))
    return next((text(name) for name in names if name), "")


def uri_of(item: Mapping[str, Any]) -> str:
    """The URI of a picture, by which a link can be asked for; empty if the item names none."""
    picture = mapping(item.get("image")) or mapping(mapping(item.get("common_attr")).get("image"))
    holders = [*mappings(picture.get("large_images")), picture]
    return next((uri for holder in holders for name in _PICTURE_URIS if (uri := text(holder.get(name)))), "")


def items_of(record: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """The results of a record. One that has no link in item_list, and one in origin_item_list, is taken from there."""
    items, origins = mappings(record.get("item_list")), mappings(record.get("origin_item_list"))
    if not items:
        return origins
    by_id = {name: origin for origin in origins if (name := item_id(origin)) and link_of(origin, kind) is not None}
    return [by_id.get(item_id(item), item) if link_of(item, kind) is None else item for item in items]


def links_by_uri(data: object, uris: Sequence[str]) -> tuple[str, ...]:
    """The links of a response about URIs, in the order of the URIs: an object by URI, or a list whose elements name
    theirs.
    """
    found: dict[str, str] = {}
    for holder in _objects(data):
        for uri in uris:
            is_named = uri in (text(holder.get(name)) for name in _PICTURE_URIS)
            told = [holder.get(uri), *(mapping(holder.get(uri)).get(name) for name in _PICTURE_LINKS)]
            told += [holder.get(name) for name in _PICTURE_LINKS] if is_named else []
            if (link := next(_links(told), None)) is not None:
                found.setdefault(uri, link)
    return tuple(found[uri] for uri in uris if uri in found)


def _clip_candidates(holder: Mapping[str, Any]) -> Iterator[object]:
    for name in _RENDITION_LISTS:
        for rendition in _renditions(holder.get(name)):
            yield rendition
            yield from (mapping(rendition).get(link) for link in _RENDITION_LINKS)
    yield from (holder.get(name) for name in _CLIP_LINKS)


def _renditions(value: object) -> list[object]:
    """The renditions of a clip, the original first, then the tallest: an object by name ("origin", "720p"), a list, or
    a single one.
    """
    if isinstance(value, list):
        named = [(text(mapping(one).get("definition")), one) for one in value]
    elif isinstance(value, Mapping):
        named = [("", value), *((str(name), one) for name, one in value.items() if isinstance(one, Mapping | str))]
        named = [(name, one) for name, one in named if isinstance(one, Mapping) or re.fullmatch(r"origin|\d+p", name)]
    else:
        return []
    return [one for _, one in sorted(named, key=lambda pair: (pair[0] != BEST_RENDITION, -_height(*pair)))]


def _height(name: str, rendition: object) -> int:
    by_name = re.fullmatch(r"(\d{2,5})p", name, re.I)
    sides = [whole_number(mapping(rendition).get(side), 0) for side in ("width", "height")]
    return int(by_name[1]) if by_name else min(sides)


def _picture_candidates(item: Mapping[str, Any], common: Mapping[str, Any]) -> Iterator[object]:
    pictures = [mapping(item.get("image")), mapping(common.get("image"))]
    for picture in pictures:
        for large in mappings(picture.get("large_images")):
            yield from (large.get(name) for name in _PICTURE_LINKS)
    for holder in (*pictures, item, common):
        yield from (holder.get(name) for name in _PICTURE_LINKS)
    for holder in (common, *pictures, item):
        covers = mapping(holder.get("cover_url_map"))
        yield from (covers[name] for name in sorted(covers, key=_width, reverse=True) if _width(name))
    yield from (holder.get("cover_url") for holder in (common, *pictures, item))


def _width(name: str) -> int:
    """The width that a key of cover_url_map names, which may be a size that is cut out: that one is no result."""
    return int(name) if str(name).isdecimal() else 0


def _nested(values: Iterable[object]) -> Iterator[object]:
    """The links at any depth under a name that is not about a small picture."""
    for holder in (found for value in values for found in _objects(value, is_hidden=_SMALL_PICTURE.search)):
        yield from (
            value for name, value in holder.items() if str(name).endswith("url") and not _SMALL_PICTURE.search(name)
        )


def _objects(value: object, depth: int = 0, *, is_hidden: Any = None) -> Iterator[Mapping[str, Any]]:
    """The objects in a value, the outer ones first. is_hidden: a function of the names of those to leave out."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for one in value:
            yield from _objects(one, depth + 1, is_hidden=is_hidden)
    elif isinstance(value, Mapping):
        yield value
        for name, one in value.items():
            if is_hidden is None or not is_hidden(str(name)):
                yield from _objects(one, depth + 1, is_hidden=is_hidden)


def _links(values: Iterable[object]) -> Iterator[str]:
    """Those of the values that are links. Some contain & as the six characters of its JSON escape; some lack the
    scheme of their page.
    """
    for value in values:
        if isinstance(value, str):
            link = value.strip().replace("\\u0026", "&")
            link = f"https:{link}" if link.startswith("//") else link
            if re.match(r"https?://[^\s/]", link, re.I):
                yield link
