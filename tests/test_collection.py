"""Every test of the project is one that pytest collects."""

import ast
import fnmatch
from pathlib import Path

import pytest

from tests.test_architecture import tracked

ROOT = Path(__file__).resolve().parent.parent


def uncollected(paths: list[str], testpaths: list[str], norecursedirs: list[str], python_files: list[str]) -> list[str]:
    """Those of the files that pytest never looks into: because of their folders, or of their own names."""
    return [
        path
        for path in paths
        if path.split("/")[0] not in testpaths
        or any(fnmatch.fnmatch(folder, pattern) for folder in path.split("/")[:-1] for pattern in norecursedirs)
        or not any(fnmatch.fnmatch(path.split("/")[-1], pattern) for pattern in python_files)
    ]


def names_of_tests(source: str) -> list[str]:
    """Names of the functions at the top of a file that are meant as tests."""
    body = ast.parse(source).body
    names = [node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [name for name in names if name.startswith("test_")]


def test_every_file_with_tests_is_collected(pytestconfig: pytest.Config) -> None:
    with_tests = [path for path in tracked("tests/*.py") if names_of_tests((ROOT / path).read_text("utf-8"))]
    rules = [list(pytestconfig.getini(name)) for name in ("testpaths", "norecursedirs", "python_files")]
    assert len(with_tests) > 200
    assert uncollected(with_tests, *rules) == []


def test_every_file_named_as_tests_has_some() -> None:
    named = [path for path in tracked("tests/*.py") if path.split("/")[-1].startswith("test_")]
    assert [path for path in named if not names_of_tests((ROOT / path).read_text("utf-8"))] == []


def test_every_folder_of_tests_is_a_package() -> None:
    """Else two files of one name hide each other."""
    folders = {(ROOT / path).parent for path in tracked("tests/*.py")}
    assert [str(folder.relative_to(ROOT)) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_folders_of_tests_are_those_of_the_packages() -> None:
    """A test stands where its subject does; what runs the whole (acceptance, web's audits) has folders of its own."""
    folders = {Path(path).parent.relative_to("tests") for path in tracked("tests/*.py")}
    packages = ("services", "models", "providers", "media", "schema", "resolvers", "tasks")
    mirrored = [folder for folder in folders if folder.parts[:1] and folder.parts[0] in packages]
    assert len(mirrored) > 20
    assert [str(folder) for folder in sorted(mirrored) if not (ROOT / folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize(
    ("path", "is_lost"),
    [
        ("tests/services/test_a.py", False),
        ("tests/services/build/test_a.py", True),
        ("tests/services/.hidden/test_a.py", True),
        ("tests/services/a_test.py", True),
        ("tests/services/factories.py", True),
        ("bench/test_a.py", True),
    ],
)
def test_what_pytest_skips_is_known(path: str, is_lost: bool) -> None:
    assert bool(uncollected([path], ["tests"], ["build", ".*"], ["test_*.py"])) is is_lost


def test_tests_are_told_from_what_helps_them() -> None:
    source = "def test_a(): ...\nasync def test_b(): ...\ndef make_a(): ...\nclass Test: ..."
    assert names_of_tests(source) == ["test_a", "test_b"]
