"""Fails and kills the program at every one of its system calls: see `run`."""

import argparse
import concurrent.futures
import functools
import json
import multiprocessing
import os
import pathlib
import random
import resource
import signal
import sys
import tempfile
import time

import inject
import results
from jobs import JOBS, MANYFIT, TIMEOUT

# What comes of the N-th call; with a plus, of all from the N-th on.
ERRORS = ("EIO", "ENOSPC", "EACCES", "EINTR", "KILL")
CALLS = {
    "openat": ERRORS,
    "read": ERRORS,
    "pread64": ERRORS,
    "write": (*ERRORS, "ENOSPC+"),
    "pwrite64": (*ERRORS, "ENOSPC+"),
    "fsync": ERRORS,
    "fdatasync": ERRORS,
    "ftruncate": ERRORS,
    "rename": ERRORS,
    "renameat": ERRORS,
    "renameat2": ERRORS,
    "unlink": ERRORS,
    "unlinkat": ERRORS,
    "mkdir": ERRORS,
    "getdents64": ERRORS,
    "statx": ERRORS,
    "flock": ("EIO", "EINTR", "KILL"),
    "mmap": ("ENOMEM", *ERRORS),
    "clone3": ("EAGAIN", "KILL"),
}
NETWORK = {
    "connect": ("ECONNREFUSED", "EINTR", "KILL"),
    "sendto": ("ECONNRESET", "EINTR", "KILL"),
    "writev": ("ECONNRESET", "EINTR", "KILL"),
    "recvfrom": ("ECONNRESET", "EINTR", "KILL"),
    "epoll_wait": ("KILL",),
}
# Files may not grow beyond N bytes: the write that would comes out short, then fails, or ends the process.
FILE_SIZE = ("short", "signal")
DOCUMENTED = {0, 3, 4}
# What the loader of shared libraries says with, before the program begins.
LOADER = 127


def parts():
    """The parts of the whole: a job, a system call and a fault."""
    for name in JOBS:
        calls = {**CALLS, **NETWORK} if name == "train-bucket" else CALLS
        for call, faults in calls.items():
            yield from ((name, call, fault) for fault in faults)
        yield from ((name, "file-size", fault) for fault in FILE_SIZE)


class Case:
    """A run with one fault, and the run after it."""

    def __init__(self, name, call, fault, number):
        self.job, self.call, self.fault, self.number = JOBS[name], call, fault, number
        self.name = f"{name}/{call}/{fault}/{number}"

    def disturbed(self, place, out):
        arguments, environment = self.job.command(place)
        about = ([MANYFIT, *arguments], place, {**os.environ, **environment})
        if self.call != "file-size":
            return inject.run(*about, [self.call], self.fault, self.number, TIMEOUT, out=out)

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.number, resource.RLIM_INFINITY))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN if self.fault == "short" else signal.SIG_DFL)
        ended = inject.run(*about, ["flock"], limit=limit, timeout=TIMEOUT, out=out)
        ended.hit = f"files of at most {self.number} bytes"
        return ended

    def run(self, keep=False):
        """Whether the fault happened, and what was wrong."""
        place = self.job.begin(f"{self.call}-{self.fault}-{self.number}")
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as errors:
            ended = self.disturbed(place, (said, errors))
            said, errors = ((file.seek(0), file.read())[1] for file in (said, errors))
        if ended.code is None:
            found = [f"it hangs for more than {TIMEOUT} s"]
        else:
            found = self.verdict(ended.code, errors, self.job.files(place))
        if keep:
            print(f"exit code {ended.code}\n{said.decode(errors='replace')}{errors.decode(errors='replace')}\n{ended.hit}")
            print(*sorted(self.job.files(place)))
        again = self.job.again(place)
        if again.returncode:
            found.append(f"the run after it ends with {again.returncode}: {again.stderr.decode(errors='replace').strip()}")
        else:
            found.extend(f"after the run after it: {difference}" for difference in results.differences(self.job.files(place), self.job.new))
        if found:
            found.append(f"at {ended.hit}")
        self.job.end(place)
        return ended.hit is not None, found

    def verdict(self, code, errors, files):
        """What is wrong with a disturbed run."""
        if code == 0:
            return [f"exit code 0, and {difference}" for difference in results.differences(files, self.job.new, may_hold_lock=True)]
        found = results.faults(files, self.job.old, self.job.new)
        allowed = {*DOCUMENTED, LOADER}
        if self.fault == "KILL":
            allowed.add(-signal.SIGKILL)
        if self.fault == "signal":
            allowed.add(-signal.SIGXFSZ)
        if self.call == "mmap":
            # Without memory the process ends itself.
            allowed.update((-signal.SIGABRT, -signal.SIGSEGV))
        if code not in allowed:
            found.append(f"exit code {code}: {errors.decode(errors='replace').strip()[-300:]}")
        # Messages go to a file, too.
        if code in DOCUMENTED and not errors and self.call not in ("write", "file-size"):
            found.append(f"exit code {code}, and not a word")
        return found


def numbers(name, call):
    """N = 1, 2, … without end; of sizes, those around the files' own."""
    if call != "file-size":
        number = 0
        while True:
            number += 1
            yield number
    sizes = {0, 1, 100, 511, 512, 513, 4096, 8192}
    for size in sorted(JOBS[name].sizes):
        sizes.update((size - 1, size // 2))
    yield from sorted(sizes)


def whole(part):
    """Every call of a part, until a run is not disturbed any more."""
    calls, found = 0, []
    for number in numbers(*part[:2]):
        case = Case(*part, number)
        happened, wrong = case.run()
        if not happened:
            break
        calls += 1
        if wrong:
            found.append((case.name, wrong))
    return part, calls, found


def one(ends, case):
    """A run of a sample."""
    if time.monotonic() < ends:
        case = Case(*case)
        happened, wrong = case.run()
        return int(happened), [(case.name, wrong)] if wrong else []
    return 0, []


def in_processes(processes, work, tasks):
    """What comes of the tasks, as they end; a process forks for each run, and so has no threads."""
    with concurrent.futures.ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
        for future in concurrent.futures.as_completed([pool.submit(work, task) for task in tasks]):
            yield future.result()


def told(found):
    for name, wrong in found:
        print(f"FAULT {name}", *(f"    {line}" for line in wrong), sep="\n", flush=True)
    return len(found)


def every(chosen, log, processes):
    """All calls of the parts; the numbers of calls and of faults."""
    lines = log.read_text().splitlines() if log and log.exists() else []
    done = {tuple(json.loads(line)["part"]) for line in lines}
    all_calls = faults = 0
    for part, calls, found in in_processes(processes, whole, [part for part in chosen if part not in done]):
        all_calls, faults = all_calls + calls, faults + told(found)
        print(f"{'/'.join(part)}: {calls} calls, {len(found)} faults", flush=True)
        if log:
            with log.open("a") as file:
                file.write(json.dumps({"part": part, "calls": calls, "faults": found}) + "\n")
    return all_calls, faults


def sample(chosen, seed, budget, processes):
    """Calls drawn from all, until the time is over; the numbers of calls and of faults."""
    print(f"repeat it with tests/faults/run --seed {seed}", flush=True)
    counts = {name: counted(name) for name in sorted({part[0] for part in chosen})}
    cases = []
    for name, call, fault in chosen:
        all_numbers = numbers(name, call) if call == "file-size" else range(1, counts[name].get(call, 0) + 1)
        cases.extend((name, call, fault, number) for number in all_numbers)
    random.Random(seed).shuffle(cases)
    calls = faults = 0
    for called, found in in_processes(processes, functools.partial(one, time.monotonic() + budget), cases):
        calls, faults = calls + called, faults + told(found)
    print(f"a sample of {len(cases)} calls")
    return calls, faults


def counted(name):
    """How often an undisturbed run calls what."""
    place = JOBS[name].begin("counted")
    arguments, environment = JOBS[name].command(place)
    with open(os.devnull, "w") as nowhere:
        ended = inject.run([MANYFIT, *arguments], place, {**os.environ, **environment}, {**CALLS, **NETWORK}, out=(nowhere, nowhere))
    JOBS[name].end(place)
    return ended.counts


def main():
    options = argparse.ArgumentParser(prog="tests/faults/run", description=__doc__)
    options.add_argument("--all", action="store_true", help="every call, not a sample")
    options.add_argument("--only", action="append", default=[], metavar="JOB[/CALL[/FAULT]]", help="a part of them; may be repeated")
    options.add_argument("--case", metavar="JOB/CALL/FAULT/N", help="one run, with what it says and leaves")
    options.add_argument("--log", type=pathlib.Path, help="with --all: file of what is done, which is not done again")
    options.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="of the sample")
    options.add_argument("--budget", type=float, default=180, help="seconds of the sample")
    options.add_argument("--processes", type=int, default=2)
    options = options.parse_args()
    if options.case:
        options.only = [options.case.rpartition("/")[0]]
    chosen = [part for part in parts() if not options.only or any(f"{'/'.join(part)}/".startswith(f"{only}/") for only in options.only)]
    if not chosen:
        sys.exit(f"no part is called {' or '.join(options.only)}")
    begun = time.monotonic()
    # In memory, where flushing costs nothing.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="manyfit-faults-", dir=memory) as work:
        for name in dict.fromkeys(part[0] for part in chosen):
            JOBS[name].prepare(pathlib.Path(work) / name)
        if options.case:
            case = Case(*chosen[0], int(options.case.rpartition("/")[2]))
            calls, faults = 1, told([(case.name, found)] if (found := case.run(keep=True)[1]) else [])
        elif options.all:
            calls, faults = every(chosen, options.log, options.processes)
        else:
            calls, faults = sample(chosen, options.seed, options.budget, options.processes)
    print(f"{calls} calls failed or killed, {faults} faults, {time.monotonic() - begun:.0f} s")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
