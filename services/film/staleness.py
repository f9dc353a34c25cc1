"""Which artifacts of a target were made from other inputs than its present ones."""

from collections.abc import Sequence

from models.base import OwnedRow
from models.enums import ArtifactKind, Stage
from models.films import Animatic, Edit, Video
from models.scripts import Script
from models.storyboards import Storyboard
from services.film.artifacts.graph import Node
from services.film.artifacts.reading import Subject, TargetKey
from services.film.stages.base import NotPreparedError
from services.film.stages.registry import STAGE_WORK

_TARGETS: dict[Stage, type[OwnedRow]] = {
    Stage.ASSETS: Script,
    Stage.STORYBOARD: Storyboard,
    Stage.ANIMATIC: Animatic,
    Stage.VIDEO: Video,
    Stage.EDIT: Edit,
}


async def stale_subjects(owner: str, key: TargetKey) -> frozenset[Subject]:
    """Returns what was built and is out of date; nothing for another owner's target, or one that is not prepared."""
    if not await _TARGETS[key.stage].filter(id=key.id, owner=owner).exists():
        return frozenset()
    try:
        nodes = await STAGE_WORK[key.stage].nodes(key.id)
    except NotPreparedError:
        return frozenset()
    return frozenset((node.kind, node.subject_id) for node in nodes if _is_stale(node))


def _is_stale(node: Node) -> bool:
    """A part whose inputs are not there yet (its time, while speech is missing) may stay as it is; the whole of them
    cannot.
    """
    is_whole = node.kind in (ArtifactKind.ANIMATIC, ArtifactKind.FILM)
    return node.made_fingerprint is not None and not node.is_current and (is_whole or node.inputs is not None)


async def stale_subjects_of_each(owner: str, keys: Sequence[TargetKey]) -> list[frozenset[Subject]]:
    """`stale_subjects` of each key, in order."""
    return [await stale_subjects(owner, key) for key in keys]
