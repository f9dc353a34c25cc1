"""Callbacks as callers see them: deliveries by what they tell of, and their tries. Batched."""

from collections import defaultdict
from collections.abc import Sequence

from tortoise.expressions import Q

from models.callbacks import CallbackDelivery, CallbackTry
from services.callbacks.webhook_secrets import valid_secrets
from services.reading.owned import owned

Subject = tuple[str, int]
"What a delivery tells of: batch, record or workflow, and the row's id."


async def deliveries_by_subject(owner: str, subjects: Sequence[Subject]) -> list[tuple[CallbackDelivery, ...]]:
    """For each subject its deliveries, newest first; one statement."""
    ids_by_kind: dict[str, list[int]] = defaultdict(list)
    for kind, subject_id in subjects:
        ids_by_kind[kind].append(subject_id)
    wanted = Q(*(Q(subject=kind, subject_id__in=ids) for kind, ids in ids_by_kind.items()), join_type=Q.OR)
    found: dict[Subject, list[CallbackDelivery]] = defaultdict(list)
    for row in await owned(CallbackDelivery, owner).filter(wanted).order_by("-id"):
        found[row.subject, row.subject_id].append(row)
    return [tuple(found[subject]) for subject in subjects]


async def tries_by_delivery_id(owner: str, delivery_ids: Sequence[int]) -> list[tuple[CallbackTry, ...]]:
    """For each of the owner's deliveries its tries, oldest first; two statements."""
    mine = owned(CallbackDelivery, owner).filter(id__in=list(delivery_ids)).values_list("id", flat=True)
    found: dict[int, list[CallbackTry]] = defaultdict(list)
    for row in await CallbackTry.filter(delivery_id__in=list(await mine)).order_by("delivery_id", "number"):
        found[row.delivery_id].append(row)
    return [tuple(found[delivery_id]) for delivery_id in delivery_ids]


async def webhook_secrets(owner: str, owners: Sequence[str]) -> list[tuple[str, ...]]:
    """The caller's own secrets, newest first; nobody else's."""
    own = await valid_secrets(owner)
    return [own if wanted == owner else () for wanted in owners]
