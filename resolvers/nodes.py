"""Any object of the caller's by its id."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from strawberry.dataloader import DataLoader

from models.ids import parse_global_id
from schema.accounts import Account
from schema.alerts import Alert
from schema.animatics import Animatic, AnimaticShot
from schema.assets import Asset
from schema.attempts import Attempt
from schema.batches import Batch
from schema.callbacks import CallbackDelivery
from schema.context import Info, Loaders
from schema.edits import Edit
from schema.files import MediaFile
from schema.jobs import Job
from schema.links import linked
from schema.paging import Node
from schema.records import RecordVersion, record_from_row
from schema.scripts import Script, ScriptScene, ScriptShot
from schema.storyboards import Shot, Storyboard
from schema.videos import Video, VideoSegment
from schema.workflows import StageProgress, Workflow

N = TypeVar("N", bound=Node)

# By model name: the loader of its rows, and the function that builds the type from a row. The type has the model's name
# where a query of its own or an input reads it (`kind` of load_node).
NODES: dict[str, tuple[Callable[[Loaders], DataLoader[int, Any]], Callable[[Any], Node]]] = {
    "Workflow": (lambda loaders: loaders.workflow_by_id, Workflow.from_row),
    "WorkflowStage": (lambda loaders: loaders.workflow_stage_by_id, StageProgress.from_row),
    "Script": (lambda loaders: loaders.script_by_id, Script.from_row),
    "ScriptScene": (lambda loaders: loaders.script_scene_by_id, ScriptScene.from_row),
    "ScriptShot": (lambda loaders: loaders.script_shot_by_id, ScriptShot.from_row),
    "Asset": (lambda loaders: loaders.asset_by_id, Asset.from_row),
    "Storyboard": (lambda loaders: loaders.storyboard_by_id, Storyboard.from_row),
    "Shot": (lambda loaders: loaders.shot_by_id, Shot.from_row),
    "Animatic": (lambda loaders: loaders.animatic_by_id, Animatic.from_row),
    "AnimaticPart": (lambda loaders: loaders.animatic_part_by_id, AnimaticShot.from_row),
    "Video": (lambda loaders: loaders.video_by_id, Video.from_row),
    "VideoSegment": (lambda loaders: loaders.video_segment_by_id, VideoSegment.from_row),
    "Edit": (lambda loaders: loaders.edit_by_id, Edit.from_row),
    "GenerationRecord": (lambda loaders: loaders.record_by_id, record_from_row),
    "RecordVersion": (lambda loaders: loaders.record_version_by_id, RecordVersion.from_row),
    "Attempt": (lambda loaders: loaders.attempt_by_id, Attempt.from_row),
    "Job": (lambda loaders: loaders.job_by_id, Job.from_row),
    "Batch": (lambda loaders: loaders.batch_by_id, Batch.from_row),
    "Account": (lambda loaders: loaders.account_by_id, Account.from_row),
    "CallbackDelivery": (lambda loaders: loaders.callback_delivery_by_id, CallbackDelivery.from_row),
    "StoredFile": (lambda loaders: loaders.file_by_id, MediaFile.from_row),
    "Alert": (lambda loaders: loaders.alert_by_id, Alert.from_row),
}


async def load_node(info: Info, global_id: str, kind: type[N]) -> N | None:
    """The caller's object of that type (Node: any type); None where the id is invalid, of another type, missing, or of
    another owner's object.
    """
    parsed = parse_global_id(global_id)
    if parsed is None or parsed[0] not in NODES or kind.__name__ not in ("Node", parsed[0]):
        return None
    loader_of, build = NODES[parsed[0]]
    return cast("N | None", await linked(loader_of(info.context.loaders), parsed[1], build))
