"""What a worker process may do and use, and which variables of the environment it gets."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass

# Without secrets: neither EKONTE_ variables nor keys of services. A program finds its interpreter, its libraries, a
# place for temporary files, its language and its time zone.
_VARIABLES = frozenset(
    {"PATH", "HOME", "TMPDIR", "TZ", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "FONTCONFIG_PATH", "FONTCONFIG_FILE",
     "XDG_CACHE_HOME", "SYSTEMROOT", "VIRTUAL_ENV", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTHONWARNINGS"}
)  # fmt: skip


@dataclass(frozen=True)
class Confinement:
    """memory_bytes: what work may map beyond the idle process. file_bytes: the longest file that it may write.

    imports: modules that are loaded before the memory is bounded. is_trusted: whether what the process answers is
    believed; of one that reads strangers' files only plain values, our dataclasses and errors are (media/answers.py).
    """

    memory_bytes: int
    file_bytes: int
    may_start_programs: bool = False
    is_trusted: bool = False
    imports: tuple[str, ...] = ()

    def to_argument(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_argument(text: str) -> "Confinement":
        values = json.loads(text)
        return Confinement(**{**values, "imports": tuple(values["imports"])})


def plain_environment(given: Mapping[str, str]) -> dict[str, str]:
    """The variables of a confined process: those of `given` that are no secrets, and one thread for each library, since
    a slot stands for one core, and memory in one arena, since each reserves address space that is bounded.
    """
    kept = {name: value for name, value in given.items() if name in _VARIABLES or name.startswith("LC_")}
    kept |= {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "MALLOC_ARENA_MAX": "1"}
    return kept | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
