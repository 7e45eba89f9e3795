"""Runs a program and fails, or kills it at, the N-th call of a system call: the N-th of the whole process, whatever its threads.

The kernel asks this process about every such call (seccomp's user notifications, Linux 5.5 or later): it is let through, or fails
without being made, or the program is killed instead. (strace's `inject` counts the calls of each thread for itself, so that a fault
of one thread hides those of all others.)
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import select
import signal
import socket
import struct
import time

# Numbers of x86-64.
CALLS = {
    "read": 0, "write": 1, "mmap": 9, "pread64": 17, "pwrite64": 18, "writev": 20, "connect": 42, "sendto": 44, "recvfrom": 45,
    "fsync": 74, "fdatasync": 75, "ftruncate": 77, "getdents64": 217, "flock": 73, "rename": 82, "mkdir": 83, "unlink": 87,
    "epoll_wait": 232, "openat": 257, "unlinkat": 263, "renameat": 264, "renameat2": 316, "statx": 332, "clone3": 435,
}
NAMES = {number: name for name, number in CALLS.items()}
# Their arguments that are paths.
PATHS = {"openat": 1, "rename": 1, "unlink": 0, "mkdir": 0, "unlinkat": 1, "renameat": 3, "renameat2": 3, "statx": 1}
SECCOMP, SET_FILTER, NEW_LISTENER = 317, 1, 8
NO_NEW_PRIVILEGES = 38
ASK, ALLOW = 0x7FC00000, 0x7FFF0000
RECEIVE, SEND, LET_THROUGH = 0xC0502100, 0xC0182101, 1
LIBC = ctypes.CDLL(None, use_errno=True)


def ask_about(calls):
    """Makes the kernel ask about these calls of this process and of what it executes; gives the descriptor of the questions."""
    numbers = [CALLS[call] for call in calls]
    code = [(0x20, 0, 0, 0)]
    code += [(0x15, len(numbers) - at, 0, number) for at, number in enumerate(numbers)]
    code += [(0x06, 0, 0, ALLOW), (0x06, 0, 0, ASK)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
    filter = ctypes.create_string_buffer(struct.pack("HP", len(code), ctypes.addressof(program)))
    LIBC.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return LIBC.syscall(SECCOMP, SET_FILTER, NEW_LISTENER, filter)


def begin(command, folder, environment, calls, limit, out):
    """Starts the program; gives its number and the descriptor of the questions."""
    parent, child = socket.socketpair()
    process = os.fork()
    if process:
        child.close()
        _, descriptors, _, _ = socket.recv_fds(parent, 1, 1)
        parent.close()
        return process, descriptors[0] if descriptors else None
    try:
        os.setpgid(0, 0)
        os.chdir(folder)
        null = os.open(os.devnull, os.O_RDONLY)
        for descriptor, file in ((0, null), (1, out[0].fileno()), (2, out[1].fileno())):
            os.dup2(file, descriptor)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        limit()
        questions = ask_about(calls)
        if questions >= 0:
            socket.send_fds(child, [b"."], [questions])
        os.execve(command[0], command, environment)
    finally:
        os._exit(126)


def described(process, number, arguments):
    """A call, with the path that it is about."""
    name = NAMES.get(number, str(number))
    try:
        if name in PATHS:
            memory = os.open(f"/proc/{process}/mem", os.O_RDONLY)
            about = os.pread(memory, 512, arguments[PATHS[name]]).split(b"\0")[0].decode(errors="replace")
            os.close(memory)
        else:
            about = os.readlink(f"/proc/{process}/fd/{arguments[0] if name != 'mmap' else ctypes.c_int(arguments[4]).value}")
    except OSError:
        about = ""
    return f"{name}({about})"


def is_counter(process, name, arguments):
    """Whether a call is about an event counter, by which threads wake each other: it knows none of these errors."""
    if name not in ("read", "write"):
        return False
    try:
        return os.readlink(f"/proc/{process}/fd/{arguments[0]}").startswith("anon_inode:")
    except OSError:
        return False


class Ended:
    """How it ended: the exit code, or the negative number of a signal; `None` if it took too long. `hit` is the call that was
    disturbed, `counts` are all calls."""

    def __init__(self):
        self.code, self.hit, self.counts = None, None, {}


def run(command, folder, environment, calls, fault=None, number=0, timeout=60, limit=lambda: None, out=None):
    """`fault` is the name of an error, with a plus if all calls from the N-th on fail; or KILL."""
    ended = Ended()
    process, questions = begin(command, folder, environment, calls, limit, out)
    if questions is None:
        _, status = os.waitpid(process, 0)
        raise SystemExit("this kernel or container has no seccomp notifications, which the test needs")
    code = -getattr(errno, fault.rstrip("+")) if fault and fault != "KILL" else 0
    ends, count = time.monotonic() + timeout, 0
    waiting = select.poll()
    waiting.register(questions, select.POLLIN)
    while True:
        ready = waiting.poll(max(0, 1000 * (ends - time.monotonic())))
        if not ready:
            os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
            break
        if ready[0][1] & select.POLLHUP and not ready[0][1] & select.POLLIN:
            _, status = os.waitpid(process, 0)
            ended.code = os.waitstatus_to_exitcode(status)
            break
        question = bytearray(80)
        try:
            fcntl.ioctl(questions, RECEIVE, question)
        except OSError:
            # Its thread has ended meanwhile.
            continue
        identity, thread, _, call, _, _, *arguments = struct.unpack("QIIiIQ6Q", question)
        name = NAMES[call]
        if is_counter(thread, name, arguments):
            with contextlib.suppress(OSError):
                fcntl.ioctl(questions, SEND, struct.pack("QqiI", identity, 0, 0, LET_THROUGH))
            continue
        count += 1
        ended.counts[name] = ended.counts.get(name, 0) + 1
        is_hit = fault and (count == number or (fault.endswith("+") and count > number))
        if is_hit and not ended.hit:
            ended.hit = described(thread, call, arguments)
        if is_hit and fault == "KILL":
            os.killpg(process, signal.SIGKILL)
            continue
        try:
            answer = struct.pack("QqiI", identity, 0, code, 0) if is_hit else struct.pack("QqiI", identity, 0, 0, LET_THROUGH)
            fcntl.ioctl(questions, SEND, answer)
        except OSError:
            continue
    os.close(questions)
    return ended
