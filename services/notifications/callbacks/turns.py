"""Which of the due deliveries are next. Owners take turns, and each owner's receivers do: neither a receiver that
hangs, nor an owner with ever so many of them, holds anybody else up.

Looking only reads, and no more rows than the index of what waits needs: the rows are claimed afterwards, by their ids.
"""

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.database import execute, now_ms_sql
from services.platform.owned import places

MAX_PER_RECEIVER = 8
MAX_PER_OWNER = 16
"Of one process: so that four owners of whom nobody answers are needed to keep all others waiting."
MAX_LOOKED_AT = 512
MAX_OWNERS = MAX_LOOKED_AT // MAX_PER_RECEIVER

Target = tuple[str, str]
"Whose delivery it is, and its receiver."


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
    """The same for a look: only what is PENDING has a time at all, and with the state in it the databases would prefer
    an index of states to that of owners.
    """
    return f"due_at_ms <= {now_ms_sql()}"


async def next_ids(room: int, going: Mapping[Target, int]) -> list[int]:
    """Ids of at most `room` due deliveries, as `choose` has it; going: how many are on their way, by target. Without
    any although some can be taken: never. One statement where nothing is due, else three.
    """
    if room <= 0 or not await execute(f"SELECT 1 AS found FROM callback_delivery WHERE {due_sql()} LIMIT 1"):
        return []
    by_owner, by_receiver = _sums(going)
    full = sorted(receiver for receiver, number in by_receiver.items() if number >= MAX_PER_RECEIVER)
    owners = await _owners(full, sorted(owner for owner, number in by_owner.items() if number >= MAX_PER_OWNER))
    return choose(await _oldest(owners, full), room, going) if owners else []


def choose(waiting: Iterable[Waiting], room: int, going: Mapping[Target, int]) -> list[int]:
    """At most `room` of them: first those of owners who have least on its way, and of an owner's those of receivers
    that have; the oldest first where that is the same. With what is going at most so many of an owner and to a
    receiver.
    """
    by_owner, by_receiver = _sums(going)
    lines: dict[str, list[tuple[int, int, int, str]]] = defaultdict(list)
    places_taken = Counter(by_receiver)
    for row in sorted(waiting, key=lambda row: (row.due_at_ms, row.id)):
        lines[row.owner].append((places_taken[row.receiver], row.due_at_ms, row.id, row.receiver))
        places_taken[row.receiver] += 1
    turns = {owner: deque(sorted(line)) for owner, line in lines.items()}
    heap = [(by_owner[owner], line[0][1], owner) for owner, line in turns.items()]
    heapq.heapify(heap)
    chosen: list[int] = []
    while heap and len(chosen) < room:
        number, _, owner = heapq.heappop(heap)
        line = turns[owner]
        while line and by_receiver[line[0][3]] >= MAX_PER_RECEIVER:
            line.popleft()
        if not line or number >= MAX_PER_OWNER:
            continue
        _, _, delivery_id, receiver = line.popleft()
        chosen.append(delivery_id)
        by_receiver[receiver] += 1
        if line:
            heapq.heappush(heap, (number + 1, line[0][1], owner))
    return chosen


def _sums(going: Mapping[Target, int]) -> tuple[Counter[str], Counter[str]]:
    """How many are on their way, by owner and by receiver."""
    by_owner, by_receiver = Counter[str](), Counter[str]()
    for (owner, receiver), number in going.items():
        by_owner[owner] += number
        by_receiver[receiver] += number
    return by_owner, by_receiver


async def _owners(full_receivers: Sequence[str], full_owners: Sequence[str]) -> list[str]:
    """Owners of whom something is due that can be sent, those who wait longest first.

    From each owner the next one is found by the index, so that what they all have waiting is not read.
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


async def _oldest(owners: Sequence[str], full_receivers: Sequence[str]) -> list[Waiting]:
    """Of each owner the oldest that are due: equally many, and MOST_LOOKED_AT in all."""
    line = (
        "SELECT * FROM (SELECT id, owner, receiver, due_at_ms FROM callback_delivery"
        f" WHERE owner = ? AND {_due_sql()}{_not_in('receiver', full_receivers)}"
        f" ORDER BY due_at_ms, id LIMIT {MAX_LOOKED_AT // len(owners)}) AS line"
    )
    values = [value for owner in owners for value in (owner, *full_receivers)]
    rows = await execute(" UNION ALL ".join([line] * len(owners)), *values)
    return [Waiting(row["id"], row["owner"], row["receiver"], row["due_at_ms"]) for row in rows]


def _not_in(column: str, values: Collection[str]) -> str:
    return f" AND {column} NOT IN ({places(list(values))})" if values else ""
