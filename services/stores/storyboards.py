"""Writes the tables storyboard and shot. Each function belongs in the caller's transaction."""

from collections.abc import Collection, Sequence
from typing import Any

from models.storyboards import Shot, Storyboard
from services.stores.updates import Sql, delete, id_in, update

ROWS_PER_STATEMENT = 500


async def create(**values: Any) -> Storyboard:
    """Inserts a storyboard without shots; `values` are columns of models.storyboards.Storyboard."""
    return await Storyboard.create(**values)


async def insert_shots(shots: Sequence[Shot]) -> None:
    await Shot.bulk_create(shots, batch_size=ROWS_PER_STATEMENT)


async def change_shot(shot_id: int, **values: Any) -> None:
    await update(Shot, values, Sql("id = ?", (shot_id,)))


async def remove(storyboard_ids: Collection[int]) -> None:
    """Removes storyboards with their shots."""
    await delete("shot", id_in("storyboard_id", storyboard_ids))
    await delete("storyboard", id_in("id", storyboard_ids))
