"""Batched queries for callback deliveries by subject, their tries, and webhook secrets."""

from collections import defaultdict
from collections.abc import Sequence

from models.callbacks import CallbackDelivery, CallbackTry, WebhookSecret
from services.notifications.callbacks.webhook_secrets import shown_secrets
from services.platform.owned import owned, owned_rows_sql, places

Subject = tuple[str, int]
"The subject of a delivery: its kind (batch, record or workflow) and the row's id."

MAX_LISTED = 100
LISTED = ("id", "created_at", "event", "url", "subject", "subject_id", "status", "due_at_ms", "delivered_at")
"Columns of a list entry, without the body: a body may contain a thousand items."


async def deliveries_by_subject(owner: str, subjects: Sequence[Subject]) -> list[tuple[CallbackDelivery, ...]]:
    """Returns for each subject its newest MAX_LISTED deliveries, newest first, without bodies; two statements."""
    ids_by_kind: dict[str, list[int]] = defaultdict(list)
    for kind, subject_id in subjects:
        ids_by_kind[kind].append(subject_id)
    wanted = " OR ".join(f"(subject = ? AND subject_id IN ({places(ids)}))" for ids in ids_by_kind.values())
    newest = await owned_rows_sql(
        "SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY subject, subject_id ORDER BY id DESC) AS place"
        f" FROM callback_delivery WHERE owner = ? AND ({wanted})) AS listed WHERE place <= {MAX_LISTED}",
        owner,
        *(value for kind, ids in ids_by_kind.items() for value in (kind, *ids)),
    )
    found: dict[Subject, list[CallbackDelivery]] = defaultdict(list)
    rows = owned(CallbackDelivery, owner).filter(id__in=[row["id"] for row in newest]).order_by("-id")
    for row in await rows.only(*LISTED):
        found[row.subject, row.subject_id].append(row)
    return [tuple(found[subject]) for subject in subjects]


async def tries_by_delivery_id(owner: str, delivery_ids: Sequence[int]) -> list[tuple[CallbackTry, ...]]:
    """Returns for each of the owner's deliveries its tries, oldest first; two statements."""
    mine = owned(CallbackDelivery, owner).filter(id__in=list(delivery_ids)).values_list("id", flat=True)
    found: dict[int, list[CallbackTry]] = defaultdict(list)
    for row in await CallbackTry.filter(delivery_id__in=list(await mine)).order_by("delivery_id", "number"):
        found[row.delivery_id].append(row)
    return [tuple(found[delivery_id]) for delivery_id in delivery_ids]


async def webhook_secrets(owner: str, owners: Sequence[str]) -> list[tuple[WebhookSecret, ...]]:
    """Returns the valid secrets of `owner`, newest first, and an empty tuple for every other owner in `owners`."""
    own = await shown_secrets(owner)
    return [own if wanted == owner else () for wanted in owners]
