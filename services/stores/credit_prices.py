"""Writes the table credit_price."""

from collections.abc import Sequence

from models.database import execute
from models.generation import CreditPrice
from services.stores.updates import Sql, stored, update


async def write(key: str, charges: Sequence[int]) -> None:
    """Replaces the charges measured for a key, oldest first. One statement if the row exists."""
    values = {"charges": list(charges)}
    if not await update(CreditPrice, values, Sql("key = ?", (key,)), ["key"]):
        await execute(
            "INSERT INTO credit_price (key, charges) VALUES (?, ?) ON CONFLICT (key) DO NOTHING RETURNING key",
            key,
            stored(CreditPrice, "charges", values["charges"]),
        )
