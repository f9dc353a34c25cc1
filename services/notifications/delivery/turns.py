"""Fair selection of due deliveries: owners take turns, and so do the receivers of each owner.

So neither a hanging receiver nor an owner with many deliveries delays others. Selecting only reads, over the index of
pending deliveries; the rows are claimed afterwards by id.
"""

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.database import execute, now_ms_sql
from services.notifications.delivery.proving import MAX_PER_UNPROVEN, Target, proven
from services.platform.owned import places

MAX_PER_RECEIVER = 8
MAX_PER_OWNER = 16
"Per process: it takes four owners whose receivers all hang to delay everybody else."
MAX_CANDIDATES = 512
MAX_OWNERS = MAX_CANDIDATES // MAX_PER_RECEIVER


@dataclass(frozen=True)
class Waiting:
    """A delivery that is due."""

    id: int
    owner: str
    receiver: str
    due_at_ms: int


def due_sql() -> str:
    return f"status = 'PENDING' AND due_at_ms <= {now_ms_sql()}"


def _due_sql() -> str:
    """The same condition for selecting: only PENDING rows have a due time, and with the status in the condition the
    databases would choose the index on status instead of the one on owner.
    """
    return f"due_at_ms <= {now_ms_sql()}"


async def next_ids(limit: int, in_flight: Mapping[Target, int], resting: Collection[Target] = ()) -> list[int]:
    """Ids of at most `limit` due deliveries, selected by `choose`. in_flight: number of deliveries in progress, by
    target. resting: targets that get none. Returns an empty list only if none can be taken. One statement if nothing is
    due, else at most five.
    """
    if limit <= 0 or not await execute(f"SELECT 1 AS found FROM callback_delivery WHERE {due_sql()} LIMIT 1"):
        return []
    by_owner, by_receiver = _totals(in_flight)
    full = sorted(receiver for receiver, number in by_receiver.items() if number >= MAX_PER_RECEIVER)
    owners = await _owners(full, sorted(owner for owner, number in by_owner.items() if number >= MAX_PER_OWNER))
    if not owners:
        return []
    busy = [target for target, number in in_flight.items() if number >= MAX_PER_UNPROVEN]
    closed = {*resting, *busy} - await proven(busy)
    waiting = await _oldest(owners, full, closed)
    counts = Counter((row.owner, row.receiver) for row in waiting)
    many = [target for target, number in counts.items() if number + in_flight.get(target, 0) > MAX_PER_UNPROVEN]
    return choose(waiting, limit, in_flight, unproven=set(many) - await proven(many))


def choose(
    waiting: Iterable[Waiting], limit: int, in_flight: Mapping[Target, int], unproven: Collection[Target] = ()
) -> list[int]:
    """At most `limit` ids: owners with the fewest deliveries in flight first, within an owner the receivers with the
    fewest, then the oldest delivery. Never exceeds MAX_PER_OWNER and MAX_PER_RECEIVER, and MAX_PER_UNPROVEN of the
    unproven targets, deliveries in flight included.
    """
    by_owner, by_receiver = _totals(in_flight)
    by_unproven = Counter({target: in_flight.get(target, 0) for target in unproven})
    lines: dict[str, list[tuple[int, int, int, str]]] = defaultdict(list)
    places_taken = Counter(by_receiver)
    for row in sorted(waiting, key=lambda row: (row.due_at_ms, row.id)):
        lines[row.owner].append((places_taken[row.receiver], row.due_at_ms, row.id, row.receiver))
        places_taken[row.receiver] += 1
    turns = {owner: deque(sorted(line)) for owner, line in lines.items()}
    heap = [(by_owner[owner], line[0][1], owner) for owner, line in turns.items()]
    heapq.heapify(heap)
    chosen: list[int] = []
    while heap and len(chosen) < limit:
        number, _, owner = heapq.heappop(heap)
        line = turns[owner]
        while line and (
            by_receiver[line[0][3]] >= MAX_PER_RECEIVER or by_unproven.get((owner, line[0][3]), 0) >= MAX_PER_UNPROVEN
        ):
            line.popleft()
        if not line or number >= MAX_PER_OWNER:
            continue
        _, _, delivery_id, receiver = line.popleft()
        chosen.append(delivery_id)
        by_receiver[receiver] += 1
        if (owner, receiver) in by_unproven:
            by_unproven[owner, receiver] += 1
        if line:
            heapq.heappush(heap, (number + 1, line[0][1], owner))
    return chosen


def _totals(in_flight: Mapping[Target, int]) -> tuple[Counter[str], Counter[str]]:
    """The number of deliveries in flight, by owner and by receiver."""
    by_owner, by_receiver = Counter[str](), Counter[str]()
    for (owner, receiver), number in in_flight.items():
        by_owner[owner] += number
        by_receiver[receiver] += number
    return by_owner, by_receiver


async def _owners(full_receivers: Sequence[str], full_owners: Sequence[str]) -> list[str]:
    """Owners with a due delivery that may be sent, longest waiting first.

    The recursive query steps from owner to owner by the index, so it does not read all their pending deliveries.
    """
    one = "SELECT d.owner FROM callback_delivery d WHERE d.due_at_ms IS NOT NULL"
    rows = await execute(
        f"WITH RECURSIVE every(owner) AS (SELECT ({one} ORDER BY d.owner LIMIT 1) UNION ALL SELECT"
        f" ({one} AND d.owner > every.owner ORDER BY d.owner LIMIT 1) FROM every WHERE owner IS NOT NULL),"
        " first AS MATERIALIZED (SELECT every.owner AS owner, (SELECT due_at_ms FROM callback_delivery"
        f" WHERE callback_delivery.owner = every.owner AND {_due_sql()}{_not_in('receiver', full_receivers)}"
        " ORDER BY due_at_ms, id LIMIT 1) AS due FROM every"
        f" WHERE every.owner IS NOT NULL{_not_in('every.owner', full_owners)})"
        f" SELECT owner FROM first WHERE due IS NOT NULL ORDER BY due LIMIT {MAX_OWNERS}",
        *full_receivers,
        *full_owners,
    )
    return [str(row["owner"]) for row in rows]


async def _oldest(owners: Sequence[str], full_receivers: Sequence[str], closed: Collection[Target]) -> list[Waiting]:
    """The oldest due deliveries of each owner, without those to closed targets: equally many per owner, at most
    MAX_CANDIDATES in all.
    """
    lines, values = [], list[str]()
    for owner in owners:
        left_out = sorted({*full_receivers, *(receiver for of, receiver in closed if of == owner)})
        lines.append(
            "SELECT * FROM (SELECT id, owner, receiver, due_at_ms FROM callback_delivery"
            f" WHERE owner = ? AND {_due_sql()}{_not_in('receiver', left_out)}"
            f" ORDER BY due_at_ms, id LIMIT {MAX_CANDIDATES // len(owners)}) AS line"
        )
        values += [owner, *left_out]
    rows = await execute(" UNION ALL ".join(lines), *values)
    return [Waiting(row["id"], row["owner"], row["receiver"], row["due_at_ms"]) for row in rows]


def _not_in(column: str, values: Collection[str]) -> str:
    return f" AND {column} NOT IN ({places(list(values))})" if values else ""
