"""Looking into a running process (Linux): its children, what it may do, its memory, and what a syscall of it returns."""
import ctypes
import os
import platform
import signal
from pathlib import Path


def children(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue  # the thread has ended meanwhile; its children are another one's now
    return found


def descendants(pid):
    below = children(pid)
    return below + [p for child in below for p in descendants(child)]


def program(pid):
    """The name of the file that a process runs; "" when it has gone."""
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")).removesuffix(" (deleted)")
    except OSError:
        return ""


def status(pid):
    """/proc/PID/status as {field: text}."""
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


def open_files(pid):
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(os.readlink(entry))
        except OSError:
            pass
    return found


def maps(pid):
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        span, rights, *_ = line.split(None, 5)
        start, end = (int(part, 16) for part in span.split("-"))
        yield start, end, rights, line


def memory(pid, most=1 << 28):
    """The memory that a process wrote or could have written, one piece for each mapping.

    Left out are files mapped read-only, and what is larger than `most`: the shadow of a sanitizer, reserved and empty.
    """
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for start, end, rights, line in maps(pid):
            if rights[0] != "r" or end - start > most or "[v" in line:
                continue
            if rights[1] != "w" and " /" in line:
                continue
            try:
                mem.seek(start)
                yield mem.read(end - start).strip(b"\0")
            except OSError:
                continue


# Making another process call the kernel. That is what an attacker inside it would do, and shows what it then gets.

class _Registers(ctypes.Structure):  # struct user_regs_struct of x86-64
    _fields_ = [(name, ctypes.c_ulonglong) for name in (
        "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base "
        "ds es fs gs").split()]


ATTACH, DETACH, GETREGS, SETREGS, SINGLESTEP = 16, 17, 12, 13, 9
AT_FDCWD = (1 << 64) - 100
OPENAT, CLOSE = 257, 3

can_call = platform.system() == "Linux" and platform.machine() == "x86_64"


class Died(Exception):
    """The process was killed for the call; args[0] is the signal."""


class Tracer:
    """with Tracer(pid) as t: t.open("/path") -> file descriptor or -errno, as the process itself would get it."""

    def __init__(self, pid):
        self.pid = pid
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self.libc.ptrace.restype = ctypes.c_long

    def _ptrace(self, request, data=None):
        if self.libc.ptrace(request, self.pid, None, data) == -1:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), f"ptrace {request}")

    def _wait(self):
        _, state = os.waitpid(self.pid, 0x40000000)  # __WALL
        if os.WIFSIGNALED(state):
            raise Died(os.WTERMSIG(state))
        return os.WSTOPSIG(state)

    def __enter__(self):
        self._ptrace(ATTACH)
        self._wait()
        self.saved = _Registers()
        self._ptrace(GETREGS, ctypes.addressof(self.saved))
        self.instruction = self._find_syscall_instruction()
        return self

    def __exit__(self, kind, value, trace):
        if kind is Died:
            return
        self._ptrace(SETREGS, ctypes.addressof(self.saved))
        self._ptrace(DETACH)

    def _find_syscall_instruction(self):
        with open(f"/proc/{self.pid}/mem", "rb", 0) as mem:
            for start, end, rights, line in maps(self.pid):
                if rights.startswith("r-x") and ("libc" in line or "ld-" in line):
                    mem.seek(start)
                    at = mem.read(end - start).find(b"\x0f\x05")
                    if at >= 0:
                        return start + at
        raise RuntimeError("no syscall instruction found")

    def _call(self, number, *args):
        regs = _Registers.from_buffer_copy(self.saved)
        regs.rax, regs.orig_rax, regs.rip = number, (1 << 64) - 1, self.instruction
        for name, value in zip(("rdi", "rsi", "rdx", "r10"), args):
            setattr(regs, name, value)
        self._ptrace(SETREGS, ctypes.addressof(regs))
        while True:
            self._ptrace(SINGLESTEP)
            stopped = self._wait()
            if stopped == signal.SIGTRAP:
                break
            if stopped == signal.SIGSYS:  # the filter's answer, before the process dies of it
                raise Died(stopped)
        self._ptrace(GETREGS, ctypes.addressof(regs))
        return ctypes.c_longlong(regs.rax).value

    def open(self, path, flags=os.O_RDONLY):
        text = os.fsencode(path) + b"\0"
        place = (self.saved.rsp - 8192) & ~15  # below the red zone of the stack that is in use
        with open(f"/proc/{self.pid}/mem", "r+b", 0) as mem:
            mem.seek(place)
            mem.write(text)
        result = self._call(OPENAT, AT_FDCWD, place, flags, 0o600)
        if result >= 0:
            self._call(CLOSE, result)
        return result
