"""Tables: Tortoise writes class docstrings into them, and splits its SQL at semicolons."""

from tortoise import Model

from models.database import MODEL_MODULES


def test_no_docstring_of_a_table_holds_a_semicolon() -> None:
    tables = _tables()
    assert len(tables) > 20
    assert [table.__name__ for table in tables if ";" in (table.__doc__ or "")] == []


def _tables() -> list[type[Model]]:
    import importlib

    modules = [importlib.import_module(name) for name in MODEL_MODULES]
    found = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    return [value for value in found if issubclass(value, Model) and value.__doc__]
