"""Writes the tables animatic, animatic_part, video, video_segment and edit, each in the caller's transaction."""

from collections.abc import Collection
from typing import Any

from models.films import Animatic, AnimaticPart, Edit, Video, VideoSegment
from services.stores.updates import Sql, delete, id_in, update

ROWS_PER_STATEMENT = 500


async def create_animatic(**values: Any) -> Animatic:
    """Inserts an animatic without parts; `values` are columns of models.films.Animatic."""
    return await Animatic.create(**values)


async def add_parts(animatic: Animatic, shot_ids: Collection[int]) -> None:
    """Adds a part for each of these shots, which must not have one yet."""
    parts = [AnimaticPart(owner=animatic.owner, animatic_id=animatic.id, shot_id=shot_id) for shot_id in shot_ids]
    await AnimaticPart.bulk_create(parts, batch_size=ROWS_PER_STATEMENT)


async def change_part(part_id: int, **values: Any) -> None:
    await update(AnimaticPart, values, Sql("id = ?", (part_id,)))


async def create_video(**values: Any) -> Video:
    """Inserts a video without segments; `values` are columns of models.films.Video."""
    return await Video.create(**values)


async def add_segments(video: Video, shot_ids: Collection[int]) -> None:
    """Adds a segment for each of these shots, which must not have one yet."""
    segments = [VideoSegment(owner=video.owner, video_id=video.id, shot_id=shot_id) for shot_id in shot_ids]
    await VideoSegment.bulk_create(segments, batch_size=ROWS_PER_STATEMENT)


async def create_edit(**values: Any) -> Edit:
    """Inserts an edit; `values` are columns of models.films.Edit."""
    return await Edit.create(**values)


async def set_music(edit_id: int, settings: dict[str, Any]) -> None:
    """Writes how to mix the music that the user uploaded; see models.films.Edit.music."""
    await update(Edit, {"music": settings}, Sql("id = ?", (edit_id,)))


async def remove(*, animatic_ids: Collection[int], video_ids: Collection[int], edit_ids: Collection[int]) -> None:
    """Removes animatics with their parts, videos with their segments, and edits."""
    await delete("edit", id_in("id", edit_ids))
    await delete("video_segment", id_in("video_id", video_ids))
    await delete("video", id_in("id", video_ids))
    await delete("animatic_part", id_in("animatic_id", animatic_ids))
    await delete("animatic", id_in("id", animatic_ids))
