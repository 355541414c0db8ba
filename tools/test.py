#!/usr/bin/env python3
"""Runs every test suite of the project and ends with one line `N passed, N failed, N skipped`.

    tools/test.py BUILD [SUITE ...]

Suites, in order: rules, unit, asan, api, repeat, crash, e2e.  `asan` is the unit tests once more, built with
AddressSanitizer and UBSan in BUILD-asan.  `repeat` is the API tests on SQLite, each
request three times, by a server so built (tests/lib/repeat.mjs); with it `api` asks SQLite only what `repeat` leaves out.  Suites that stand beside each other in GROUPS
run side by side.  Each program speaks TAP; its whole output is kept in BUILD/test-logs.  PostgreSQL runs in data
folders of its own on free ports, and is stopped at the end; one for each row, as sealing waits for the oldest
transaction of a whole cluster.  What outlives a power cut is asked by `crash` alone: it has a disk, the others a
memory file system where there is room for one.
"""
import atexit
import glob
import json
import os
import queue
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import zip_longest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.chdir(ROOT)
BUILD = os.path.abspath(sys.argv[1])
SUITES = sys.argv[2:] or ["rules", "unit", "asan", "api", "repeat", "crash", "e2e"]
LOGS = os.path.join(BUILD, "test-logs")
# more than the cores: a test waits for its server, a browser or a disk half of its time
ROWS = 3
DISK = tempfile.gettempdir()
counting = threading.Lock()
totals = {"passed": 0, "failed": 0, "skipped": 0}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def memory_folder():
    """Where tests keep their data without waiting for a disk; None where there is too little room."""
    shm = "/dev/shm"
    if not os.access(shm, os.W_OK) or os.statvfs(shm).f_bavail * os.statvfs(shm).f_frsize < 6 << 30:
        return None
    folder = tempfile.mkdtemp(prefix="guanxi-test-", dir=shm)
    os.chmod(folder, 0o755)  # PostgreSQL is somebody else
    atexit.register(shutil.rmtree, folder, True)
    return folder


MEMORY = memory_folder()
kept = {}  # `cluster`: the one that the others are copies of


def start_postgres(fast="1"):
    """Address and folder of a new one."""
    folder, port = tempfile.mkdtemp(prefix="guanxi-pg-", dir=MEMORY if fast == "1" else DISK), free_port()
    if fast == "1" and kept:
        subprocess.run(["cp", "-a", os.path.join(kept["cluster"], "data"), folder], check=True)
    started = subprocess.run(["tests/tools/pg.sh", "start", folder, str(port)], check=True, capture_output=True, text=True,
                             env={**os.environ, "GUANXI_PG_FAST": fast})
    atexit.register(stop_postgres, folder)
    return started.stdout.strip().splitlines()[-1], folder


def stop_postgres(folder):
    subprocess.run(["tests/tools/pg.sh", "stop", folder], stdout=subprocess.DEVNULL)
    shutil.rmtree(folder, ignore_errors=True)


clusters = queue.SimpleQueue()


@contextmanager
def cluster():
    """A PostgreSQL that nobody else uses meanwhile; one is started where none is free, so there are as many as rows."""
    try:
        url = clusters.get_nowait()
    except queue.Empty:
        url, _ = start_postgres()
    try:
        yield {"GUANXI_TEST_PG": url, **({"GUANXI_TEST_PG_KIND": kept["cluster"]} if kept else {})}
    finally:
        clusters.put(url)


def make_originals(env):
    """Empty data folders and sample shops on both engines, made once: the tests' are copies of them, clusters and all."""
    node_files("tests/api")
    url, folder = start_postgres()
    asked = [["sqlite", {}], ["postgres", {"GUANXI_TEST_PG": url, "GUANXI_TEST_PG_KIND": folder}]]
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(subprocess.run, ["node", "tests/lib/originals.mjs"], env={**os.environ, **env, **more, "GUANXI_ENGINE": engine}) for engine, more in asked]:
            if done.result().returncode != 0:
                sys.exit("what the tests work on could not be made")
    subprocess.run(["tests/tools/pg.sh", "stop", folder], check=True, stdout=subprocess.DEVNULL)
    kept["cluster"] = folder


def count_tap(text):
    """Leaf results of TAP output; a skipped test says so after `# SKIP`."""
    passed = failed = skipped = 0
    lines = text.splitlines()
    summary = dict(re.findall(r"^# (pass|fail|skipped|cancelled) (\d+)$", text, re.M))
    if summary:  # node's runner counts nested tests itself
        return int(summary.get("pass", 0)), int(summary.get("fail", 0)) + int(summary.get("cancelled", 0)), int(summary.get("skipped", 0))
    for line in lines:
        if not re.match(r"\s*(not )?ok\b", line):
            continue
        if re.search(r"#\s*skip", line, re.I):  # cmocka writes "not ok 7 # SKIP"
            skipped += 1
        elif re.match(r"\s*not ok\b", line):
            failed += 1
        else:
            passed += 1
    return passed, failed, skipped


def failures(text):
    """The failed results with the lines that follow each, or the end of the output."""
    lines = [line for line in text.splitlines() if line.strip()]
    shown = []
    for i, line in enumerate(lines):
        if re.match(r"\s*not ok\b", line):
            shown += lines[i:i + 12]
    return shown[:120] or lines[-40:]


def run_once(log, command, env, timeout):
    """(passed, failed, skipped), the program's whole output, and the seconds of processor that it and what it waited for took."""
    with open(log, "w") as out:
        program = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        stopper = threading.Timer(timeout, program.kill)
        stopper.start()
        _, status, used = os.wait4(program.pid, 0)
        program.returncode = status
        if not stopper.is_alive():
            out.write(f"\nnot ok - stopped after {timeout} s\n")
        stopper.cancel()
    text = open(log, errors="replace").read()
    passed, failed, skipped = count_tap(text)
    # a program that fails, or ends without a result, is a failure whatever it printed
    if (status != 0 and failed == 0) or passed + failed + skipped == 0:
        failed += 1
    return (passed, failed, skipped), text, used.ru_utime + used.ru_stime


def run(suite, name, command, env=None, timeout=900, tries=1):
    """Programs with browsers, sockets and clocks get a second try; it is said when one was needed."""
    log = os.path.join(LOGS, re.sub(r"[^A-Za-z0-9_.-]", "_", f"{suite}-{name}") + ".log")
    started = time.time()
    counts, text, processor = run_once(log, command, env, timeout)
    again = ""
    if counts[1] and tries > 1:
        os.replace(log, log + ".first")
        print(f"again  {suite:6} {name}: failed at first\n" + "\n".join("    | " + line[:400] for line in failures(text)), flush=True)
        counts, text, more = run_once(log, command, env, timeout)
        processor += more
        again = " (second try)"
    passed, failed, skipped = counts
    with counting:
        for key, value in (("passed", passed), ("failed", failed), ("skipped", skipped)):
            totals[key] += value
    mark = "ok    " if failed == 0 else "FAILED"
    print(f"{mark} {suite:6} {name}: {passed} passed, {failed} failed, {skipped} skipped, {time.time() - started:.1f} s, {processor:.1f} s of processor{again}", flush=True)
    if failed:
        print("\n".join("    | " + line[:400] for line in failures(text)), flush=True)


def unit(env, build=BUILD, suite="unit"):
    tests = json.loads(subprocess.run(["meson", "introspect", "--tests", build], capture_output=True, check=True, text=True).stdout)

    def one(test):
        with cluster() as pg:
            run(suite, test["name"], test["cmd"], {**env, **pg, "CMOCKA_MESSAGE_OUTPUT": "TAP"})

    return [(one, test) for test in tests if "unit" in "".join(test["suite"])], None


ASAN = {"ASAN_OPTIONS": "detect_leaks=1:halt_on_error=1:malloc_context_size=8:quarantine_size_mb=32", "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}


def asan_build():
    build = BUILD + "-asan"
    if not os.path.exists(os.path.join(build, "build.ninja")):
        subprocess.run(["meson", "setup", build, "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Doptimization=1"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", build, "--quiet"], check=True)
    return build


def asan(env):
    """A fault of memory or of undefined behaviour ends the test that meets it, and so does a leak."""
    return unit({**env, **ASAN}, asan_build(), "asan")


# what takes minutes under a sanitizer and asks nothing that the others don't, or measures memory
NOT_REPEATED = {"routes", "roundtrip", "ways", "browser", "wire", "uploads", "cli", "damage"}
# asks while an import or its undoing, a service of the program, or other writers go on beside it
MOVING = {"actors", "campaigns", "campaign_sending", "custom_fields", "merge", "notices", "outbox", "pool", "segments", "service", "warehouse"}
# commands on plain files: once is enough
NO_STORE = {"mail", "model", "dedupe", "feeling"}
# measures: nothing else runs beside it
LAST = {"speed"}


def node_files(folder):
    if not os.path.exists(os.path.join(folder, "node_modules", ".package-lock.json")):
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
    return sorted(glob.glob(os.path.join(folder, "*.test.mjs")))


def name_of(path):
    return os.path.basename(path)[:-9]


def node(suite, path, env, engine=None):
    name = f"{name_of(path)} on {engine}" if engine else name_of(path)
    run(suite, name, ["node", "--test", "--test-reporter=tap", path], {**env, "GUANXI_ENGINE": engine or "sqlite"}, tries=2)


# Proofs by repetition, short enough for each commit. GUANXI_LONG=1: as many as docs/reliability.md and docs/security.md say
FEW = {"GUANXI_S50_TRIES": "20", "GUANXI_KILLS": "30", "GUANXI_POWER_ROUNDS": "12"}
SHORT = {} if os.environ.get("GUANXI_LONG") else {name: os.environ.get(name, few) for name, few in FEW.items()}

# begun first, so that none of them is left for the end
LONG = ["identity", "bulk", "actors", "damage", "cli"]


HITS = os.path.join(LOGS, "api-hits")


def repeated(path):
    """Whether the sanitized run asks all this, each question three times: then SQLite is not asked once more."""
    return name_of(path) not in NOT_REPEATED


def api(env):
    """Both engines, PostgreSQL with a cluster for each row; routes.test.mjs at last looks at what the others asked for."""
    if os.path.exists(HITS):
        os.remove(HITS)
    env = {**env, "GUANXI_HITS": HITS}

    def on_postgres(path):
        with cluster() as pg:
            node("api", path, {**env, **pg}, "postgres")

    def routes():
        node("api", "tests/api/routes.test.mjs", env, "sqlite")
        on_postgres("tests/api/routes.test.mjs")

    files = sorted((path for path in node_files("tests/api") if name_of(path) != "routes"), key=lambda path: (name_of(path) not in LONG, path))
    tasks = []
    for path in files:
        if name_of(path) not in NO_STORE:
            tasks.append((on_postgres, path))
        if "repeat" not in SUITES or not repeated(path):
            tasks.append((lambda path: node("api", path, env, "sqlite"), path))
    return tasks, routes


def repeat(env):
    env = {**env, **ASAN, "GUANXI": os.path.join(asan_build(), "src/app/guanxi"), "GUANXI_MAKER": env["GUANXI"], "GUANXI_HITS": HITS}
    return [(lambda path: node("repeat", path, {**env, "GUANXI_REPEAT": "2" if name_of(path) in MOVING else "1"}), path)
            for path in sorted(filter(repeated, node_files("tests/api")), key=lambda path: (name_of(path) not in LONG, path))], None


def crash(env):
    """One after another: they measure what is lost, and some fill disks and kill whatever serves."""
    env = {**env, "TMPDIR": DISK, "GUANXI_TEST_PG": start_postgres(fast="0")[0]}

    def all_of_them(paths):
        for path in paths:
            run("crash", os.path.basename(path)[:-3], ["python3", path], env, tries=2)

    return [(all_of_them, sorted(p for p in glob.glob("tests/crash/*.py") if not p.endswith(("house.py", "writers.py", "askers.py"))))], None


def e2e(env):
    files = node_files("tests/e2e")

    def last():
        for path in files:
            if name_of(path) in LAST:
                node("e2e", path, env)

    return [(lambda path: node("e2e", path, env), path) for path in files if name_of(path) not in LAST], last


def load(env):
    """The part of `crash` that tools/sanitize.sh wants."""
    with cluster() as pg:
        run("load", "stop_under_load", ["python3", "tests/crash/stop_under_load.py"], {**env, **pg})


def rules(env):
    run("rules", "rules", ["python3", "tests/rules/rules.py", BUILD])
    run("rules", "page", ["sh", "-c", "cd web && exec node --import tsx --test --test-reporter=tap test/*.test.ts"])


# Each of a group runs beside the others of it: they give tasks, of which ROWS run at a time, and what comes after all of them.
GROUPS = [[rules], [unit, asan], [api, repeat], [crash, e2e], [load]]


def in_turn(lists):
    """Of each suite in turn, so that none is left for the end alone."""
    return [task for row in zip_longest(*lists) for task in row if task]


def main():
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        sys.exit(f"{BUILD} is no build folder: tools/test.py BUILD [SUITE ...]")
    os.makedirs(LOGS, exist_ok=True)
    started = time.time()
    env = {"GUANXI": os.path.join(BUILD, "guanxi"), "GUANXI_BUILD": BUILD, **SHORT,
           "GUANXI_SHARED_DATA": os.path.abspath(os.environ.get("GUANXI_SHARED_DATA", "../shared/data"))}
    unknown = set(SUITES) - {suite.__name__ for group in GROUPS for suite in group}
    if unknown:
        sys.exit(f"there is no suite '{unknown.pop()}'")
    if MEMORY:
        env["TMPDIR"] = MEMORY
    if set(SUITES) & {"api", "repeat", "e2e"}:
        make_originals(env)
    for group in GROUPS:
        asked = [suite for suite in group if suite.__name__ in SUITES]
        parts = [part for part in [suite(env) for suite in asked] if part]
        with ThreadPoolExecutor(ROWS) as pool:
            list(pool.map(lambda task: task[0](task[1]), in_turn([part[0] for part in parts])))
        for _, after in parts:
            if after:
                after()
        if asked:
            print(f"# {' and '.join(suite.__name__ for suite in asked)} done after {time.time() - started:.0f} s", flush=True)
    print(f"{time.time() - started:.0f} s; logs in {os.path.relpath(LOGS)}")
    print(f"{totals['passed']} passed, {totals['failed']} failed, {totals['skipped']} skipped", flush=True)
    sys.exit(1 if totals["failed"] or not totals["passed"] else 0)


main()
