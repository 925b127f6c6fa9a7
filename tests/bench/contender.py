"""Do one job once, in a process of its own, and print what it cost: `python contender.py JOB FILE WARM [SCRIPT]`.

A job is a function that takes a path and returns the function to measure; what it does before is not measured. JOB is
one of the readers here, `module.function` below tests/bench, a job of tests/bench/gate.py, or with SCRIPT a function of
that plain script, in an environment that knows nothing of the project. Nothing of the project is needed at import.

The job is done on the small file WARM first: what libraries import at their first use is not measured. What a job
answers (a value, or a dictionary with `found` and figures of its own) is printed with the cost, so that the race can
see that all of them found the same. KONTOR_BENCH_SERVER names the process of a database server whose CPU time and
memory count too; KONTOR_BENCH_PROFILE asks for the dearest functions.
"""

import cProfile
import importlib
import importlib.util
import json
import os
import pstats
import resource
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

SAMPLE_SECONDS = 0.05
DEAREST = 15
_TICK = os.sysconf("SC_CLK_TCK")


def kontor_csv(path):
    from pipelines.dialect import Format
    from pipelines.extract import read

    return lambda: sum(len(chunk.batch) for chunk in read(path, Format()))


def kontor_xlsx(path):
    from pipelines.dialect import Format
    from pipelines.extract import read

    return lambda: sum(len(chunk.batch) for chunk in read(path, Format(type="xlsx")))


def pyarrow_csv(path, threads=True):
    import pyarrow as pa
    from pyarrow import csv

    with Path(path).open(encoding="utf-8") as file:
        names = file.readline().rstrip("\n").split(",")
    convert = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    parse = csv.ParseOptions(newlines_in_values=False)
    options = csv.ReadOptions(use_threads=threads)
    return lambda: csv.read_csv(path, read_options=options, parse_options=parse, convert_options=convert).num_rows


def pyarrow_csv_one_thread(path):
    return pyarrow_csv(path, threads=False)


def pandas_csv(path):
    import pandas as pd

    return lambda: len(pd.read_csv(path, dtype=str, keep_default_na=False))


def duckdb_csv(path):
    import duckdb

    def go():
        with duckdb.connect() as connection:
            return connection.execute(f"select * from read_csv('{path}', all_varchar=true)").to_arrow_table().num_rows

    return go


def polars_csv(path):
    import polars

    return lambda: polars.read_csv(path, infer_schema=False).height


def pandas_xlsx(path):
    import pandas as pd

    return lambda: len(pd.read_excel(path, engine="calamine", dtype=str, keep_default_na=False))


def openpyxl_xlsx(path):
    import openpyxl

    def go():
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        return sum(1 for _ in book.active.iter_rows(values_only=True)) - 1

    return go


def memory(what, process="self"):
    """MB, as the kernel counts them (0 where it does not tell)."""
    status = Path(f"/proc/{process}/status")
    try:
        lines = status.read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(what)), 0)


def cpu():
    """CPU seconds of this process so far, and of those it started and waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


class Server:
    """A database server seen from outside: a head process and the processes it has started."""

    def __init__(self, head):
        self.head = int(head)

    def cpu(self):
        """CPU seconds so far: of what runs and, by its head, of what has ended."""
        ended = _stat(self.head)
        return (sum(ended[11:15]) + sum(sum(_stat(one)[11:13]) for one in self._children())) / _TICK

    def memory(self):
        """MB that its processes hold for themselves, without what they share."""
        return sum(memory("RssAnon", one) for one in self._children())

    def _children(self):
        """Anew each time: every connection is a process."""
        path = Path(f"/proc/{self.head}/task/{self.head}/children")
        return path.read_text(encoding="ascii").split()


@contextmanager
def peaks(*readers):
    """How far each of these figures rises meanwhile above what it was, and last the CPU seconds of looking."""
    bases, found, done = [read() for read in readers], [0.0] * (len(readers) + 1), threading.Event()

    def watch():
        while not done.wait(SAMPLE_SECONDS):
            for at, read in enumerate(readers):
                found[at] = max(found[at], read() - bases[at])
            found[-1] = time.thread_time()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()


def _stat(process):
    """The numbers of /proc/PID/stat behind the name; zeros for a process that has ended."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return [0] * 50
    return [int(word) if word.lstrip("-").isdigit() else 0 for word in text.rpartition(")")[2].split()]


def profiled(go):
    """What `go` answers and the functions with the most time of their own, waiting included, over all threads."""
    found = []

    def begin(*_):
        profile = cProfile.Profile()
        found.append(profile)
        profile.enable()

    if sys.version_info < (3, 12):  # from then on one profile sees every thread, and refuses a second
        threading.setprofile(begin)
    begin()
    try:
        answer = go()
    finally:
        found[0].disable()
        threading.setprofile(None)
    stats = pstats.Stats(*found).stats
    dearest = sorted(stats.items(), key=lambda item: item[1][2], reverse=True)[:DEAREST]
    return answer, [
        [own, calls, _place(*where), _place(*max(callers, key=lambda one: callers[one][2])) if callers else ""]
        for where, (_, calls, own, _all, callers) in dearest
    ]


def _place(file, line, name):
    """`package/module.py:12 name`, without where packages lie on this machine."""
    if file == "~":
        return name
    parts = Path(file).parts
    at = max((i + 1 for i, part in enumerate(parts) if part == "site-packages" or part[:7] == "python3"), default=0)
    return f"{'/'.join(parts[at:][-3:])}:{line} {name}"


def job_named(name, script=None):
    """A function of a plain script, of a module of the bench, one of the readers here, or a job of the gate."""
    if script:
        sys.path.append(str(Path(script).parent))  # behind what is installed: a script may be called like a package
        spec = importlib.util.spec_from_file_location(f"peer_{Path(script).stem}", script)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return getattr(module, name)
    if name in globals():
        return globals()[name]
    module, _, function = name.removeprefix("tests.bench.").rpartition(".")
    job = getattr(importlib.import_module(f"tests.bench.{module or 'gate'}"), function)
    return lambda path: job(Path(path))


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a server of the job's own is removed
    name, path, warm = sys.argv[1:4]
    job = job_named(name, *sys.argv[4:5])
    job(warm)()
    go = job(path)
    if os.environ.get("KONTOR_BENCH_PROFILE"):
        answer, dearest = profiled(go)
        print(json.dumps({**_told(answer), "profile": dearest}))
        return
    print(json.dumps(measured(go)))


def measured(go):
    """What it found and what it cost: seconds of CPU and wall, MB added and at its peak.

    `mb` and `peak` are the kernel's own and count the pages of mapped files that were read; `private` does not.
    """
    head = os.environ.get("KONTOR_BENCH_SERVER")
    server = Server(head) if head else None
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak from now on
    base = memory("VmRSS")
    readers = [lambda: memory("RssAnon"), *([server.memory] if server else [])]
    with peaks(*readers) as risen:
        before_server, before = server.cpu() if server else 0, cpu()
        started = time.perf_counter()
        found = go()
        wall = time.perf_counter() - started
        used = cpu() - before - risen[-1]
        served = server.cpu() - before_server if server else 0
    peak = memory("VmHWM")
    cost = {"cpu": used, "wall": wall, "mb": peak - base, "peak": peak, "private": risen[0]}
    if server:
        cost |= {"server": served, "server_mb": risen[1]}
    return {**cost, **_told(found)}


def _told(answer):
    """What a job answers, as a dictionary. It may answer functions: they are called now that nothing is measured."""
    told = answer if isinstance(answer, dict) else {"found": answer}
    return {name: value() if callable(value) else value for name, value in told.items()}


if __name__ == "__main__":
    main()
