"""Starts a program that dies with its parent, and that has no network, no core dumps and bounded memory: run as a
script by media.ffmpeg, with the parent's id, the bytes of memory, the program and its arguments.

prctl(2): PR_SET_PDEATHSIG survives execve, and is sent when the thread that started us ends, which is the event
loop's. It exists only on Linux; elsewhere a renderer outlives a killed parent until its work is done.
"""

import contextlib
import os
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_SIGKILL = 9


def main() -> None:
    parent, memory_bytes, program, *arguments = sys.argv[1:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
        if os.getppid() != int(parent):  # it died before the request was made
            os._exit(1)
    with contextlib.suppress(OSError):
        os.nice(5)  # The server and its event loop have priority.
    sys.path.append(str(Path(__file__).resolve().parent.parent))  # an isolated interpreter has no folder of ours
    from media.sandbox import deny_network, limit_files, limit_memory

    deny_network(programs=True)
    limit_files()
    limit_memory(int(memory_bytes))
    os.execv(program, [program, *arguments])  # noqa: S606 an argument list, no shell


if __name__ == "__main__":
    main()
