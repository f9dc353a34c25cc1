"""The context of an operation: the caller, and dataloaders that batch and cache within that operation."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import strawberry
from strawberry.dataloader import DataLoader

from models.accounts import Account
from models.alerts import Alert
from models.batches import Batch
from models.callbacks import CallbackDelivery, CallbackTry, WebhookSecret
from models.files import StoredFile
from models.films import Animatic, AnimaticPart, Edit, Video, VideoSegment
from models.generation import Attempt, GenerationRecord, RecordVersion
from models.jobs import Job
from models.scripts import Asset, Script, ScriptScene, ScriptShot
from models.storyboards import Shot, Storyboard
from models.workflows import Workflow, WorkflowStage
from services.accounts.pool.health import Health
from services.film.artifacts.reading import ArtifactKey, ArtifactView, Subject, TargetKey
from services.generation.batches.end_states import Counts
from services.platform.identity import Viewer
from services.platform.paging import Page
from services.queries.accounts import AccountStanding, CoolingDown
from services.queries.attempts import RouteEntry
from services.queries.children import ChildList, ChildrenKey, Only
from services.queries.credits import SpentCredits
from services.queries.film_length import ScriptLength
from services.queries.limits import OwnerLimit
from services.queries.pool_forecast import PoolForecast


@dataclass(frozen=True)
class ChildLoaders:
    """Loaders of the pages and counts of one kind of child list. The key of a count is (parent id, only)."""

    page_by_key: DataLoader[ChildrenKey, Page[Any]]
    count_by_key: DataLoader[tuple[int, Only], int]


class Loaders:
    """Dataloaders bound to the caller: keys of other owners' rows give None or an empty result.

    make: makes the loader of that name, at its first use. make_children: makes the loaders of a child list.
    """

    workflow_by_id: DataLoader[int, Workflow | None]
    job_by_id: DataLoader[int, Job | None]
    workflow_stage_by_id: DataLoader[int, WorkflowStage | None]
    script_by_id: DataLoader[int, Script | None]
    script_scene_by_id: DataLoader[int, ScriptScene | None]
    script_shot_by_id: DataLoader[int, ScriptShot | None]
    asset_by_id: DataLoader[int, Asset | None]
    storyboard_by_id: DataLoader[int, Storyboard | None]
    shot_by_id: DataLoader[int, Shot | None]
    animatic_by_id: DataLoader[int, Animatic | None]
    animatic_part_by_id: DataLoader[int, AnimaticPart | None]
    video_by_id: DataLoader[int, Video | None]
    video_segment_by_id: DataLoader[int, VideoSegment | None]
    edit_by_id: DataLoader[int, Edit | None]
    file_by_id: DataLoader[int, StoredFile | None]
    account_by_id: DataLoader[int, Account | None]
    past_account_by_id: DataLoader[int, Account | None]
    "Accounts that attempts ran on, including deleted ones."
    alert_by_id: DataLoader[int, Alert | None]

    script_by_workflow_id: DataLoader[int, Script | None]
    storyboard_by_workflow_id: DataLoader[int, Storyboard | None]
    animatic_by_workflow_id: DataLoader[int, Animatic | None]
    video_by_workflow_id: DataLoader[int, Video | None]
    edit_by_workflow_id: DataLoader[int, Edit | None]
    stages_by_workflow_id: DataLoader[int, tuple[WorkflowStage, ...]]

    length_by_script_id: DataLoader[int, ScriptLength]
    shots_by_scene: DataLoader[tuple[int, int], tuple[ScriptShot, ...]]
    assets_by_script_id: DataLoader[int, tuple[Asset, ...]]
    newest_job_by_target_id: DataLoader[int, Job | None]
    files_by_job_id: DataLoader[int, tuple[StoredFile, ...]]
    made_by_key: DataLoader[ArtifactKey, ArtifactView]
    grid_files_by_storyboard_id: DataLoader[int, tuple[StoredFile, ...]]
    made_pictures_by_storyboard_id: DataLoader[int, int]
    made_clips_by_video_id: DataLoader[int, int]
    planned_seconds_by_animatic_id: DataLoader[int, tuple[tuple[int, float], ...]]
    stale_shots_by_storyboard_id: DataLoader[int, frozenset[int]]
    stale_by_target: DataLoader[TargetKey, frozenset[Subject]]
    "What of a stage's target was made from other inputs than its present ones."
    attempt_by_id: DataLoader[int, Attempt | None]
    picture_record_by_shot_id: DataLoader[int, GenerationRecord | None]
    credits_by_workflow_id: DataLoader[int, SpentCredits]
    seconds_left_by_workflow_id: DataLoader[int, float | None]
    source_by_workflow_id: DataLoader[int, StoredFile | None]
    text_by_file: DataLoader[StoredFile, str | None]
    record_by_id: DataLoader[int, GenerationRecord | None]
    record_version_by_id: DataLoader[int, RecordVersion | None]
    credits_by_record_id: DataLoader[int, SpentCredits]
    attempts_by_job_id: DataLoader[int, tuple[Attempt, ...]]
    route_by_id: DataLoader[int, tuple[RouteEntry, ...]]
    waiting_by_job_id: DataLoader[int, str | None]
    "The waiting reason of a job that waits for an account."
    position_by_job_id: DataLoader[int, int | None]
    standing_by_account_id: DataLoader[int, AccountStanding]
    health_by_account_id: DataLoader[int, Health]
    cooldowns_by_account_id: DataLoader[int, tuple[CoolingDown, ...]]
    batch_by_id: DataLoader[int, Batch | None]
    counts_by_batch_id: DataLoader[int, Counts]
    credits_by_batch_id: DataLoader[int, SpentCredits]
    seconds_left_by_batch_id: DataLoader[int, float | None]
    callback_delivery_by_id: DataLoader[int, CallbackDelivery | None]
    callback_deliveries_by_subject: DataLoader[tuple[str, int], tuple[CallbackDelivery, ...]]
    callback_tries_by_delivery_id: DataLoader[int, tuple[CallbackTry, ...]]
    forecast_by_owner: DataLoader[str, PoolForecast]
    limits_by_owner: DataLoader[str, tuple[OwnerLimit, ...]]
    webhook_secrets_by_owner: DataLoader[str, tuple[WebhookSecret, ...]]

    def __init__(
        self, make: Callable[[str], DataLoader[Any, Any]], make_children: Callable[[ChildList], ChildLoaders]
    ) -> None:
        self._make = make
        self._make_children = make_children
        self._children: dict[ChildList, ChildLoaders] = {}

    def __getattr__(self, name: str) -> DataLoader[Any, Any]:
        """Makes the loader at its first use: an event of a subscription starts with no loaders and needs only a few."""
        if name.startswith("_"):
            raise AttributeError(name)
        loader = self._make(name)
        setattr(self, name, loader)
        return loader

    def children(self, child_list: ChildList) -> ChildLoaders:
        if child_list not in self._children:
            self._children[child_list] = self._make_children(child_list)
        return self._children[child_list]


@dataclass
class Context:
    viewer: Viewer
    request_id: str
    idempotency_key: str | None
    new_loaders: Callable[[], Loaders]
    file_url: Callable[[StoredFile], str]
    quota_reset_at: Callable[[], datetime]
    "When the accounts' daily counts are reset next."

    def __post_init__(self) -> None:
        self.loaders = self.new_loaders()

    @property
    def owner(self) -> str:
        return self.viewer.id

    def clear_loaders(self) -> None:
        """Drops all loaders and their caches. Called after a mutation and before each event of a subscription."""
        self.loaders = self.new_loaders()


Info = strawberry.Info[Context, None]
