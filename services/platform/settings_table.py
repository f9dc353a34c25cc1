"""The table of all settings for docs/settings.md, as `python server.py settings` prints it."""

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from settings import JimengSettings, Settings
from settings.reading import allowed_values, variable_name


def settings_table() -> str:
    """All settings as two Markdown tables: variable, default, allowed values, meaning."""
    return f"{_table(Settings)}\nFor Jimeng and Dreamina:\n\n{_table(JimengSettings)}"


def _table(kind: type[BaseSettings]) -> str:
    rows = ["| variable | default | value | meaning |", "| --- | --- | --- | --- |"]
    for name, field in kind.model_fields.items():
        rows.append(
            f"| `{variable_name(kind, name)}` | {_default(field)} | {allowed_values(field)} | {field.description} |"
        )
    return "\n".join(rows) + "\n"


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "number of cores"
    if field.default is None or field.default == ():
        return "not set"
    if isinstance(field.default, tuple):
        return " ".join(f"`{value}`" for value in field.default)
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
