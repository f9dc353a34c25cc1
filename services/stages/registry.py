"""All stages by name, and all makers by the kind of artifact that they make."""

from models.enums import ArtifactKind, Stage
from services.build.workbench import Maker
from services.stages.animatic import AnimaticStage
from services.stages.assets import AssetsStage
from services.stages.base import StageWork
from services.stages.edit import EditStage
from services.stages.script import ScriptStage
from services.stages.storyboard import StoryboardStage
from services.stages.video import VideoStage

STAGE_WORK: dict[Stage, StageWork] = {
    Stage.SCRIPT: ScriptStage(),
    Stage.ASSETS: AssetsStage(),
    Stage.STORYBOARD: StoryboardStage(),
    Stage.ANIMATIC: AnimaticStage(),
    Stage.VIDEO: VideoStage(),
    Stage.EDIT: EditStage(),
}

MAKERS: dict[ArtifactKind, Maker] = {kind: make for work in STAGE_WORK.values() for kind, make in work.makers.items()}
