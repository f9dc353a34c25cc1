"""What became of the wishes for a film's length and number of shots, as warnings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.platform.owned import owned_rows_sql, places

TOLERANCE = 0.15
"Of the wish: a film is about so long if it differs by no more."


@dataclass(frozen=True)
class ScriptLength:
    """The shots of a script, and the seconds that they are to be shown."""

    shots: int = 0
    seconds: float = 0.0


async def script_lengths(owner: str, script_ids: Sequence[int]) -> list[ScriptLength]:
    """Returns the length of each script, 0 while it has no shots; one statement."""
    rows = await owned_rows_sql(
        "SELECT s.script_id AS script_id, COUNT(*) AS shots, SUM(s.duration_seconds) AS seconds FROM script_shot s"
        f" JOIN script p ON p.id = s.script_id WHERE p.owner = ? AND s.script_id IN ({places(script_ids)})"
        " GROUP BY s.script_id",
        owner,
        *script_ids,
    )
    found = {row["script_id"]: ScriptLength(int(row["shots"]), float(row["seconds"])) for row in rows}
    return [found.get(script_id, ScriptLength()) for script_id in script_ids]


def length_warnings(options: Mapping[str, Any], script: ScriptLength, film_seconds: float | None = None) -> list[str]:
    """The warnings of a script, or of the film that was cut from it. options: those that the script was written with
    (duration_hint_seconds, target_shots, shot_seconds_max). None while there are no shots.
    """
    if not script.shots:
        return []
    return [
        warning
        for warning in (_of_length(options, script, film_seconds), _of_shots(options, script))
        if warning is not None
    ]


def _of_length(options: Mapping[str, Any], script: ScriptLength, film_seconds: float | None) -> str | None:
    wish = options.get("duration_hint_seconds")
    made = script.seconds if film_seconds is None else film_seconds
    if not wish or abs(made - wish) <= TOLERANCE * wish:
        return None
    most = options.get("shot_seconds_max")
    told = f"durationHintSeconds is {wish:g}, but the {'script' if film_seconds is None else 'film'} has {made:.0f} s"
    if made < wish:
        bound = f" of at most {most:g} s" if most else ""
        return (
            f"{told}: the text has words for {script.shots} shots{bound}, and nothing is invented beside it. A longer "
            "text, or a longer shotSecondsMax, gives a longer film."
        )
    return (
        f"{told}: its {script.shots} shots last as long as their words take, and at least shotSecondsMin each. A "
        "shorter text, or a lower targetShots, gives a shorter film."
    )


def _of_shots(options: Mapping[str, Any], script: ScriptLength) -> str | None:
    wish = options.get("target_shots")
    if not wish or abs(script.shots - wish) <= max(1, TOLERANCE * wish):
        return None
    reason = "the text has no more to show" if script.shots < wish else "each scene of the text has at least one shot"
    return f"targetShots is {wish}, but the script has {script.shots} shots: {reason}."
