"""Finds state that modules keep: names at the top of a module whose value can change while the process runs."""

import ast
from collections.abc import Collection, Iterator

# What these return never changes, or belongs to one task (ContextVar) or to the whole process by its nature (loggers).
IMMUTABLE = frozenset(
    {
        "ContextVar", "NewType", "ParamSpec", "Path", "TypeAdapter", "TypeVar", "TypeVarTuple", "compile", "frozenset",
        "get_logger",
        "getLogger", "nullcontext", "timedelta", "tuple", "MappingProxyType",
    }
)  # fmt: skip
CONTAINERS = frozenset({"Counter", "OrderedDict", "WeakKeyDictionary", "WeakSet", "WeakValueDictionary", "defaultdict",
                        "deque", "dict", "list", "set"})  # fmt: skip
MUTATORS = frozenset(
    {
        "add", "append", "appendleft", "clear", "discard", "extend", "insert", "move_to_end", "pop", "popitem",
        "popleft", "remove", "setdefault", "update",
    }
)  # fmt: skip
CACHES = frozenset({"cache", "lru_cache"})


def immutable_classes(source: str) -> set[str]:
    """Names of the source's classes whose objects do not change: frozen dataclasses, named tuples, enumerations."""
    return {node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and _is_immutable(node)}


def module_state(source: str, immutable: Collection[str] = ()) -> list[str]:
    """The names, in order of the source: empty containers, filled ones that the module changes, names that a function
    binds anew, functions that remember their results, and objects of classes that are not among the `immutable` ones.
    """
    tree = ast.parse(source)
    changed = set(_changed_names(tree))
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if any(_called_name(decorator) in CACHES for decorator in node.decorator_list):
                found.append(node.name)
        else:
            found += [name for name, value in _assigned(node) if _may_change(name, value, changed, immutable)]
    return found


def _assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        yield node.target.id, node.value


def _may_change(name: str, value: ast.expr, changed: Collection[str], immutable: Collection[str]) -> bool:
    if isinstance(value, ast.Call):
        called = _called_name(value)
        if called in immutable:  # whatever its methods are called
            return False
        # What a function returns (its name is written small) is a constant, unless the module changes it.
        is_class = called.lstrip("_")[:1].isupper() and called not in (IMMUTABLE | CONTAINERS)
        is_empty = called in CONTAINERS and (not value.args or called == "defaultdict")
        return name in changed or is_class or is_empty
    is_empty = (isinstance(value, ast.List | ast.Set) and not value.elts) or (
        isinstance(value, ast.Dict) and not value.keys
    )
    return name in changed or is_empty


def _called_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return _called_name(node.func)
    if isinstance(node, ast.Subscript):
        return _called_name(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return _name(node)


def _is_immutable(node: ast.ClassDef) -> bool:
    """A frozen dataclass, a named tuple or an enumeration."""
    bases = {_called_name(base) for base in node.bases}
    if bases & {"NamedTuple", "Enum", "StrEnum", "IntEnum"}:
        return True
    return any(
        isinstance(decorator, ast.Call)
        and any(word.arg == "frozen" and getattr(word.value, "value", False) is True for word in decorator.keywords)
        for decorator in node.decorator_list
    )


def _changed_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield from node.names
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            yield _name(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
            yield _name(node.func.value)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""
