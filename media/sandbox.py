"""Takes from a process what it needs not: memory, files and time without end, core dumps, network, other programs.

Standard library only: media/launcher.py imports it with no packages installed. Linux has all of it; elsewhere the
network and the memory of a process may stay as they are, which `deny_network` tells.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from pathlib import Path

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
# Classic BPF, include/uapi/linux/bpf_common.h; actions of include/uapi/linux/seccomp.h.
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4  # in struct seccomp_data
_X32 = 0x40000000  # system calls of the x32 ABI have numbers from here on
# Of include/uapi/asm-generic/unistd.h and arch/x86/entry/syscalls/syscall_64.tbl: the audit architecture, the calls
# that reach a network or another process, and those that start a program.
_CALLS: dict[str, tuple[int, tuple[int, ...], tuple[int, ...]]] = {
    # socket, connect, accept, sendto, sendmsg, bind, listen, accept4; kill, rt_sigqueueinfo, pidfd_send_signal, ptrace,
    # process_vm_readv, process_vm_writev; add_key, request_key, keyctl, mount, unshare, setns, perf_event_open, bpf,
    # userfaultfd, io_uring_setup; and execve, execveat
    "x86_64": (
        0xC000003E,
        (
            *(41, 42, 43, 44, 46, 49, 50, 288, 62, 129, 424, 101, 310, 311),
            *(248, 249, 250, 165, 272, 308, 298, 321, 323, 425),
        ),
        (59, 322),
    ),
    "aarch64": (
        0xC00000B7,
        (
            *(198, 203, 202, 206, 211, 200, 201, 242, 129, 138, 424, 117, 270, 271),
            *(217, 218, 219, 40, 97, 268, 241, 280, 282, 425),
        ),
        (221, 281),
    ),
}  # fmt: skip


def limit_files(file_bytes: int | None = None, open_files: int = 1024) -> None:
    """No core dumps, at most `open_files` open at once, and no file longer than `file_bytes`."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, open_files)
    if file_bytes is not None:
        _lower(resource.RLIMIT_FSIZE, file_bytes)


def limit_memory(more_bytes: int) -> None:
    """Lets the process map `more_bytes` beyond what it has mapped now. Where that is not told, `more_bytes` in all."""
    _lower(resource.RLIMIT_AS, _mapped_bytes() + more_bytes)


def limit_cpu(seconds: float) -> None:
    """Lets the process compute `seconds` more, then the kernel ends it by SIGXCPU. A further call begins anew."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(usage.ru_utime + usage.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def deny_network(*, programs: bool) -> str:
    """Closes the network to this process and to its children, for ever; also signals to other processes. Returns by
    what: "seccomp", "namespace", or "" where the system has neither. programs: whether it may start programs.

    Must be called before the process has a second thread.
    """
    if sys.platform != "linux":
        return ""
    if _filter_calls(programs=programs):
        return "seccomp"
    library = ctypes.CDLL(None, use_errno=True)
    for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET):
        if library.unshare(flags) == 0:
            return "namespace"
    return ""


def _lower(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(limit, (value, value))
    except (ValueError, OSError):  # the system does not keep this limit
        return


def _mapped_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _filter_calls(*, programs: bool) -> bool:
    if platform.machine() not in _CALLS or struct.calcsize("P") != 8:
        return False
    architecture, calls, starting = _CALLS[platform.machine()]
    refused = calls if programs else (*calls, *starting)
    # Each jump tells how many steps to skip: true, false. The last two steps are "allow" and "refuse".
    steps = [(_LOAD, 0, 0, _ARCHITECTURE_AT), (_EQUAL, 0, len(refused) + 3, architecture), (_LOAD, 0, 0, _NUMBER_AT)]
    steps.append((_AT_LEAST, len(refused) + 1, 0, _X32))
    steps += [(_EQUAL, len(refused) - index, 0, call) for index, call in enumerate(refused)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    described = ctypes.create_string_buffer(struct.pack("@HxxxxxxP", len(steps), ctypes.addressof(program)))
    library = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    if library.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero) != 0:
        return False
    address = ctypes.c_ulong(ctypes.addressof(described))
    return bool(library.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_FILTER), address, zero, zero) == 0)
