"""Import rules between packages, names of files, and forbidden contents."""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Layers from top to bottom. Imports go down, skipping layers if needed, never up; packages of one layer do not import
# each other. docs/architecture.md has the picture.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"server"}),
    frozenset({"web"}),
    frozenset({"resolvers"}),
    frozenset({"schema", "tasks"}),
    frozenset({"services"}),
    frozenset({"models", "providers", "media"}),
    frozenset({"settings", "errors"}),
)
FLOOR_OF = {package: number for number, floor in enumerate(FLOORS) for package in floor}

# The rooms of services/, from the lowest up: each imports only from itself and from those before it.
ROOMS = ("platform", "stores", "queue", "notifications", "accounts", "generation", "film", "queries", "worker")

# (importing path or package, imported package): the reason for the exception.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("providers/offline", "media"): "the offline provider draws, films and speaks with our own code (decision 0004)",
    (
        "providers/jimeng/fitting.py",
        "media",
    ): "pictures are opened and converted in one place (decision 0004)",
    ("settings", "errors"): "a setting that cannot be used is one of our errors",
}

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
# Paths of a developer's machine, which are useless to others and reveal personal data.
HOME_PATH = re.compile(r"(?<![\w./-])/(?:home|Users|work|root|workspace)/[\w.-]+")


@dataclass(frozen=True)
class Import:
    path: str
    line: int
    target: str
    """The top-level package, e.g. "services"."""

    @property
    def source(self) -> str:
        return self.path.split("/")[0].removesuffix(".py")


def test_imports_only_go_down() -> None:
    wrong = [f"{found.path}:{found.line} imports {found.target}" for found in _imports() if not _is_allowed(found)]
    assert wrong == []


def test_rooms_of_services_import_only_from_those_before_them() -> None:
    modules = _modules()
    wrong = [
        f"{source} imports {target}"
        for source, targets in _module_imports(modules).items()
        for target in sorted(targets)
        if _is_up(source, target)
    ]
    assert wrong == []


def test_every_module_of_services_stands_in_a_room() -> None:
    assert {module.split(".")[1] for module in _modules() if module.startswith("services.")} == set(ROOMS)


@pytest.mark.parametrize(
    ("source", "target", "up"),
    [
        ("services.queue.leases", "services.platform.events", False),
        ("services.queue.leases", "services.queue.sql", False),
        ("services.queue.leases", "services.film.workflows", True),
        ("services.accounts.pool.scheduling", "services.generation.batches.pausing", True),
        ("services.queries.jobs", "services.worker.process", True),
        ("services.film.jobs", "models.jobs", False),
    ],
)
def test_the_rule_knows_the_order_of_rooms(source: str, target: str, up: bool) -> None:
    assert _is_up(source, target) is up


def test_no_files_import_each_other_in_a_circle() -> None:
    assert _cycles(_module_imports(_modules())) == []


def test_imports_for_type_checkers_make_no_circle() -> None:
    source = "if TYPE_CHECKING:\n    import a\nelse:\n    import b\nif DEBUG:\n    import c\n"
    found = [node.names[0].name for node in _run_at_import(ast.parse(source)) if isinstance(node, ast.Import)]
    assert found == ["b", "c"]


def test_no_packages_of_services_import_each_other_in_a_circle() -> None:
    imports = {
        module: targets for module, targets in _module_imports(_modules()).items() if module.startswith("services.")
    }
    assert _cycles(_package_imports(imports)) == []


def test_a_circle_of_packages_is_found_where_no_files_form_one() -> None:
    imports = {"s.a.one": {"s.b.two"}, "s.b.three": {"s.a.four"}, "s.b.two": set[str](), "s.a.four": {"s.plain"}}
    assert _cycles(imports) == []
    assert _cycles(_package_imports(imports)) == [["s.a", "s.b"]]


def test_a_circle_of_imports_is_found() -> None:
    assert _cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


def test_every_exception_is_still_needed() -> None:
    used = {exception for found in _imports() if (exception := _exception_for(found)) is not None}
    assert used == set(EXCEPTIONS)


def test_every_package_of_the_project_has_its_floor() -> None:
    known = set(FLOOR_OF) | {"tests", "examples", "bench"}
    assert {path.split("/")[0].removesuffix(".py") for path in tracked("*.py")} <= known


@pytest.mark.parametrize(
    ("path", "target", "allowed"),
    [
        ("web/app.py", "services", True),
        ("services/film/jobs.py", "tasks", False),
        ("schema/jobs.py", "tasks", False),
        ("providers/base.py", "media", False),
        ("providers/offline/films.py", "media", True),
        ("providers/offline/films.py", "models", False),
        ("models/jobs.py", "services", False),
        ("resolvers/build.py", "web", False),
    ],
)
def test_the_rule_knows_up_from_down(path: str, target: str, allowed: bool) -> None:
    assert _is_allowed(Import(path, 1, target)) is allowed


def test_imports_are_found_wherever_they_stand() -> None:
    source = (
        "import models.jobs\nfrom services.queue import sql\ndef late():\n    from tasks import broker\nimport os\n"
    )
    assert list(_imports_of("x.py", source)) == [
        Import("x.py", 1, "models"),
        Import("x.py", 2, "services"),
        Import("x.py", 4, "tasks"),
    ]


def test_every_module_begins_with_a_sentence_about_itself() -> None:
    bare = [
        path
        for path in product_files()
        if not path.startswith("models/migrations/")
        and (text := (ROOT / path).read_text("utf-8")).strip()
        and not ast.get_docstring(ast.parse(text))
    ]
    assert bare == []


def test_files_are_named_after_what_they_hold() -> None:
    paths = [path for path in tracked() if not path.startswith("tests/")]
    assert [path for path in paths if FORBIDDEN_NAMES & set(re.split(r"[/._-]", path.lower()))] == []


def test_no_file_holds_a_path_of_somebodys_machine() -> None:
    own = Path(__file__).relative_to(ROOT).as_posix()
    found = []
    for path in tracked():
        if path != own and (text := _text(ROOT / path)) is not None:
            lines = enumerate(text.splitlines(), 1)
            found += [f"{path}:{number}" for number, line in lines if HOME_PATH.search(line)]
    assert found == []


@pytest.mark.parametrize(
    ("line", "is_path"),
    [
        ('DATA = "/home/mei/films"', True),
        ("cd /Users/mei/ekonte", True),
        ("see /" + "root/ekonte for more", True),
        ("https://example.org/home/page", False),
        ("GET /files/file_1/film.mp4", False),
        ("tests/work/items", False),
    ],
)
def test_paths_of_machines_are_told_from_addresses(line: str, is_path: bool) -> None:
    assert (HOME_PATH.search(line) is not None) is is_path


def _is_allowed(found: Import) -> bool:
    if found.source == found.target or _exception_for(found) is not None:
        return True
    return FLOOR_OF[found.target] > FLOOR_OF[found.source] or (found.source, found.target) == ("schema", "models")


def _exception_for(found: Import) -> tuple[str, str] | None:
    for path, target in EXCEPTIONS:
        if found.target == target and (found.path == path or found.path.startswith(f"{path}/")):
            return path, target
    return None


def _imports() -> Iterator[Import]:
    for path in product_files():
        yield from _imports_of(path, (ROOT / path).read_text("utf-8"))


def _imports_of(path: str, source: str) -> Iterator[Import]:
    """Imports of the project's packages in the source, including those inside functions, in order."""
    for node in sorted(
        (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)),
        key=lambda node: node.lineno,
    ):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""] if node.level == 0 else []
        else:
            names = [alias.name for alias in node.names]
        for name in names:
            if (target := name.split(".")[0]) in FLOOR_OF:
                yield Import(path, node.lineno, target)


def _modules() -> dict[str, str]:
    """The project's modules by name, with their paths."""
    return {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path
        for path in product_files()
        if path != "services/__init__.py"
    }


def _module_imports(modules: dict[str, str]) -> dict[str, set[str]]:
    """For each module, the project's modules that are imported with it."""
    return {module: _imported_at_once(module, path, modules) for module, path in modules.items()}


def _imported_at_once(module: str, path: str, modules: dict[str, str]) -> set[str]:
    found: set[str] = set()
    for node in _run_at_import(ast.parse((ROOT / path).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & set(modules)) or {node.module}
    return {name for name in found if name in modules and name != module}


def _run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """The statements outside of functions, without the bodies of `if TYPE_CHECKING`."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        children: list[ast.AST] = list(node.orelse)
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _run_at_import(child)


def _is_up(source: str, target: str) -> bool:
    """Whether an import from one room of services/ goes to a higher one."""
    rooms = [name.split(".")[1] for name in (source, target) if name.startswith("services.")]
    return len(rooms) == 2 and ROOMS.index(rooms[0]) < ROOMS.index(rooms[1])


def _package_imports(imports: dict[str, set[str]]) -> dict[str, set[str]]:
    """For each package the others that its files import; a package and one inside of it are not others."""
    packages: dict[str, set[str]] = {}
    for source, targets in imports.items():
        package = source.rpartition(".")[0]
        others = {target.rpartition(".")[0] for target in targets}
        packages.setdefault(package, set()).update(
            other
            for other in others
            if not f"{other}.".startswith(f"{package}.") and not f"{package}.".startswith(f"{other}.")
        )
    return packages


def _cycles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other, directly or indirectly."""
    reached = {start: _reachable(start, edges) for start in edges}
    groups = {frozenset(other for other in reached[one] if one in reached.get(other, ())) for one in edges}
    return sorted(sorted(group) for group in groups if len(group) > 1)


def _reachable(start: str, edges: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for target in edges.get(waiting.pop(), ()):
            if target not in found:
                found.add(target)
                waiting.append(target)
    return found


def product_files() -> list[str]:
    return [path for path in tracked("*.py") if path.split("/")[0].removesuffix(".py") in FLOOR_OF]


def tracked(*patterns: str) -> list[str]:
    """The existing files under version control, relative to the root."""
    answer = subprocess.run(["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, check=False)
    if answer.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for path in answer.stdout.decode().split("\0") if path and (ROOT / path).is_file()]


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None
