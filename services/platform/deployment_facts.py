"""Facts that all processes of a deployment share, by name: the only reader and writer of the table deployment_fact."""

from models.database import execute
from services.platform.leases import NamedLeases

_TURNS = NamedLeases("deployment_fact", "name", holder=None, until="value", is_text=True)


async def fact(name: str) -> str | None:
    rows = await execute("SELECT value FROM deployment_fact WHERE name = ?", name)
    return str(rows[0]["value"]) if rows else None


async def add_fact(name: str, value: str) -> bool:
    """Adds a fact unless it exists; returns whether this call added it."""
    rows = await execute(
        "INSERT INTO deployment_fact (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING RETURNING name",
        name,
        value,
    )
    return bool(rows)


async def set_fact(name: str, value: str) -> None:
    """Changes a fact's value; does nothing if the fact does not exist."""
    await execute("UPDATE deployment_fact SET value = ? WHERE name = ? RETURNING name", value, name)


async def remove_fact(name: str) -> None:
    await execute("DELETE FROM deployment_fact WHERE name = ? RETURNING name", name)


async def lock_fact(name: str) -> str | None:
    """Returns the value, locked until the end of the caller's transaction; None if the fact does not exist."""
    rows = await execute("UPDATE deployment_fact SET value = value WHERE name = ? RETURNING value", name)
    return str(rows[0]["value"]) if rows else None


async def lock_or_add_fact(name: str) -> None:
    """Locks the fact until the end of the caller's transaction; adds it first if it does not exist."""
    await execute(
        "INSERT INTO deployment_fact (name, value) VALUES (?, '')"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value RETURNING name",
        name,
    )


async def claim_turn(name: str, seconds: float) -> bool:
    """Returns True to one of all processes in each period of `seconds`, so that a periodic action runs once."""
    return await _TURNS.claim(f"turn:{name}", None, seconds)
