"""All stages by name, and all builders by artifact kind."""

from models.enums import ArtifactKind, Stage
from services.film.artifacts.context import Builder
from services.film.stages.animatic import AnimaticStage
from services.film.stages.assets import AssetsStage
from services.film.stages.base import StageWork
from services.film.stages.edit import EditStage
from services.film.stages.script import ScriptStage
from services.film.stages.storyboard import StoryboardStage
from services.film.stages.video import VideoStage

STAGE_WORK: dict[Stage, StageWork] = {
    Stage.SCRIPT: ScriptStage(),
    Stage.ASSETS: AssetsStage(),
    Stage.STORYBOARD: StoryboardStage(),
    Stage.ANIMATIC: AnimaticStage(),
    Stage.VIDEO: VideoStage(),
    Stage.EDIT: EditStage(),
}

BUILDERS: dict[ArtifactKind, Builder] = {
    kind: build for work in STAGE_WORK.values() for kind, build in work.builders.items()
}
