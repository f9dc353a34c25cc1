"""No module keeps state of its own: what a process remembers is in its runtime (services/platform/runtime.py)."""

from pathlib import Path

import pytest

from tests.module_state import immutable_classes, module_state
from tests.test_architecture import product_files

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("services", "tasks", "resolvers", "schema", "web", "models", "settings", "errors", "server")

# (module, name): why it may be there.
ALLOWED = {
    ("services/platform/runtime.py", "_open"): "the runtime that is open",
    ("services/platform/providers.py", "_entry_points"): "what is installed does not change while a process lives",
    ("services/platform/sealing.py", "_keyring_of"): "a function of its arguments alone, which costs time",
    ("tasks/actors.py", "ACTORS"): "Dramatiq finds actors by name in a process-wide broker; filled at import",
    ("tasks/actors.py", "BODIES"): "as ACTORS",
    (
        "settings/__init__.py",
        "_in_use",
    ): "wanted before a runtime is open; overridden_settings restores it",
    ("models/database.py", "_open"): "Tortoise knows one open database in a process",
    ("models/ids.py", "_source"): "ids of a process must stay unique, whatever is open in it",
    ("web/graphiql/__init__.py", "_asset"): "files of the package, which do not change",
}


def test_modules_keep_no_state_of_their_own() -> None:
    paths = [path for path in product_files() if path.split("/")[0].removesuffix(".py") in PACKAGES]
    sources = {path: (ROOT / path).read_text("utf-8") for path in paths if not path.startswith("models/migrations/")}
    immutable = {name for source in sources.values() for name in immutable_classes(source)}
    found = {(path, name) for path, source in sources.items() for name in module_state(source, immutable)}
    assert sorted(found - set(ALLOWED)) == [], "make it a field of the runtime, or a class that runtime().state() keeps"
    assert sorted(set(ALLOWED) - found) == [], "these are no longer there: take them off the list"


@pytest.mark.parametrize(
    "source",
    [
        "_kept: dict[str, int] = {}",
        "_kept = []",
        "_kept = set()",
        "_kept = defaultdict(list)",
        "_kept: WeakKeyDictionary[object, int] = WeakKeyDictionary()",
        "_kept = [1]\ndef add():\n    _kept.append(2)",
        "_kept = {'a': 1}\ndef change():\n    _kept['a'] = 2",
        "_kept = {'a': 1}\ndef change():\n    del _kept['a']",
        "_kept = None\ndef change():\n    global _kept\n    _kept = 1",
        "class State:\n    pass\n_kept = State()",
        "@dataclass\nclass State:\n    at: int = 0\n_kept = State()",
        "_kept = elsewhere.Cache[int](256)",
        "@functools.cache\ndef _kept():\n    return []",
        "@lru_cache(maxsize=8)\ndef _kept(a):\n    return a",
    ],
)
def test_state_is_found(source: str) -> None:
    assert module_state(source, immutable_classes(source)) == ["_kept"]


@pytest.mark.parametrize(
    "source",
    [
        "TABLE = {'a': 1}\ndef look(name):\n    return TABLE[name]",
        "NAMES = frozenset({'a'})",
        "PATTERN = re.compile('a')",
        "log = structlog.get_logger(__name__)",
        "KEY = ContextVar('key', default=None)",
        "T = TypeVar('T')",
        "@dataclass(frozen=True)\nclass Rule:\n    most: int\nRULE = Rule(3)",
        "@dataclass(frozen=True)\nclass Table:\n    name: str\nTABLE = Table('a')\ndef work():\n    TABLE.update(1)",
        "class Kind(StrEnum):\n    A = 'a'\nKIND = Kind('a')",
        "def work():\n    kept = []\n    kept.append(1)",
    ],
)
def test_constants_are_no_state(source: str) -> None:
    assert module_state(source, immutable_classes(source)) == []
