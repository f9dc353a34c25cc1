"""Makes the dataloaders of one operation, bound to its caller."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from strawberry.dataloader import DataLoader

from models.accounts import Account
from models.base import OwnedRow
from models.callbacks import CallbackDelivery
from models.files import StoredFile
from models.films import Animatic, AnimaticPart, Edit, Video, VideoSegment
from models.generation import Attempt
from models.jobs import Job
from models.scripts import Asset, Script
from models.storyboards import Shot, Storyboard
from models.workflows import Workflow
from schema.context import ChildLoaders, Loaders
from services.film.artifacts.reading import grid_files, made_clip_counts, made_picture_counts, read_artifacts
from services.film.impact import stale_shot_ids
from services.film.staleness import stale_subjects_of_each
from services.platform.files import ready_files
from services.platform.owned import newest_by_workflow_id, rows_in_order
from services.queries.account_health import health_by_account_id
from services.queries.accounts import cooldowns, live_accounts_in_order, standings
from services.queries.alerts import alerts_in_order
from services.queries.attempts import attempts_by_job_id, routes_by_id
from services.queries.batches import (
    batches_in_order,
    counts_by_batch_id,
    credits_by_batch_id,
    seconds_left_by_batch_id,
)
from services.queries.callbacks import deliveries_by_subject, tries_by_delivery_id, webhook_secrets
from services.queries.children import (
    ChildList,
    child_counts,
    child_pages,
)
from services.queries.film_length import script_lengths
from services.queries.limits import limits_by_owner
from services.queries.parts import (
    assets_by_script_id,
    files_by_job_id,
    newest_stage_jobs,
    planned_seconds,
    scenes_in_order,
    script_shots_in_order,
    shots_by_scene,
    stages_by_workflow_id,
    stages_in_order,
)
from services.queries.pool_forecast import pool_forecasts
from services.queries.queue_positions import positions_by_job_id
from services.queries.records import (
    credits_by_record_id,
    credits_by_workflow_id,
    picture_records_by_shot_id,
    records_in_order,
    versions_in_order,
)
from services.queries.sources import source_files_by_workflow_id, texts_by_file
from services.queries.waiting import waiting_by_job_id
from services.queries.workflow_estimates import seconds_left_by_workflow_id

# Each key takes one or two parameters of a statement; SQLite accepts 32,766 and PostgreSQL 32,767.
MAX_BATCH_KEYS = 10_000

Read = Callable[[str, Sequence[Any]], Awaitable[list[Any]]]


async def _files_in_order(owner: str, ids: Sequence[int]) -> list[StoredFile | None]:
    files = await ready_files(owner, ids)
    return [files.get(file_id) for file_id in ids]


async def _stale_shots(owner: str, storyboard_ids: Sequence[int]) -> list[frozenset[int]]:
    return [frozenset(await stale_shot_ids(owner, storyboard_id)) for storyboard_id in storyboard_ids]


def _by_id(model: type[OwnedRow]) -> Read:
    return lambda owner, ids: rows_in_order(model, owner, ids)


def _by_workflow_id(model: type[OwnedRow]) -> Read:
    return lambda owner, ids: newest_by_workflow_id(model, owner, ids)


# The batch function of each loader of schema.context.Loaders: values for keys, in the order of the keys.
READS: dict[str, Read] = {
    "workflow_by_id": _by_id(Workflow),
    "workflow_stage_by_id": stages_in_order,
    "job_by_id": _by_id(Job),
    "script_by_id": _by_id(Script),
    "script_scene_by_id": scenes_in_order,
    "script_shot_by_id": script_shots_in_order,
    "asset_by_id": _by_id(Asset),
    "storyboard_by_id": _by_id(Storyboard),
    "shot_by_id": _by_id(Shot),
    "animatic_by_id": _by_id(Animatic),
    "animatic_part_by_id": _by_id(AnimaticPart),
    "video_by_id": _by_id(Video),
    "video_segment_by_id": _by_id(VideoSegment),
    "edit_by_id": _by_id(Edit),
    "file_by_id": _files_in_order,
    "account_by_id": live_accounts_in_order,
    "past_account_by_id": _by_id(Account),
    "alert_by_id": alerts_in_order,
    "script_by_workflow_id": _by_workflow_id(Script),
    "storyboard_by_workflow_id": _by_workflow_id(Storyboard),
    "animatic_by_workflow_id": _by_workflow_id(Animatic),
    "video_by_workflow_id": _by_workflow_id(Video),
    "edit_by_workflow_id": _by_workflow_id(Edit),
    "stages_by_workflow_id": stages_by_workflow_id,
    "length_by_script_id": script_lengths,
    "shots_by_scene": shots_by_scene,
    "assets_by_script_id": assets_by_script_id,
    "newest_job_by_target_id": newest_stage_jobs,
    "files_by_job_id": files_by_job_id,
    "made_by_key": read_artifacts,
    "grid_files_by_storyboard_id": grid_files,
    "made_pictures_by_storyboard_id": made_picture_counts,
    "made_clips_by_video_id": made_clip_counts,
    "planned_seconds_by_animatic_id": planned_seconds,
    "stale_shots_by_storyboard_id": _stale_shots,
    "stale_by_target": stale_subjects_of_each,
    "attempt_by_id": _by_id(Attempt),
    "picture_record_by_shot_id": picture_records_by_shot_id,
    "credits_by_workflow_id": credits_by_workflow_id,
    "seconds_left_by_workflow_id": seconds_left_by_workflow_id,
    "source_by_workflow_id": source_files_by_workflow_id,
    "text_by_file": lambda _, files: texts_by_file(files),
    "record_by_id": records_in_order,
    "record_version_by_id": versions_in_order,
    "credits_by_record_id": credits_by_record_id,
    "attempts_by_job_id": attempts_by_job_id,
    "route_by_id": routes_by_id,
    "waiting_by_job_id": waiting_by_job_id,
    "position_by_job_id": positions_by_job_id,
    "standing_by_account_id": standings,
    "health_by_account_id": health_by_account_id,
    "cooldowns_by_account_id": cooldowns,
    "batch_by_id": batches_in_order,
    "counts_by_batch_id": counts_by_batch_id,
    "credits_by_batch_id": credits_by_batch_id,
    "seconds_left_by_batch_id": seconds_left_by_batch_id,
    "callback_delivery_by_id": _by_id(CallbackDelivery),
    "callback_deliveries_by_subject": deliveries_by_subject,
    "callback_tries_by_delivery_id": tries_by_delivery_id,
    "forecast_by_owner": pool_forecasts,
    "limits_by_owner": limits_by_owner,
    "webhook_secrets_by_owner": webhook_secrets,
}


def build_loaders(owner: str) -> Loaders:
    def bound(read: Read) -> DataLoader[Any, Any]:
        async def load(keys: list[Any]) -> list[Any]:
            return await read(owner, keys)

        return DataLoader(load_fn=load, max_batch_size=MAX_BATCH_KEYS)

    def children(child_list: ChildList) -> ChildLoaders:
        return ChildLoaders(
            page_by_key=bound(lambda owner, keys: child_pages(child_list, owner, keys)),
            count_by_key=bound(lambda owner, keys: child_counts(child_list, owner, keys)),
        )

    return Loaders(lambda name: bound(READS[name]), children)
