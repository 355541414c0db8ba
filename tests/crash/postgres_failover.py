#!/usr/bin/env python3
"""R07: the machine with PostgreSQL is lost under load, and a copy that follows it takes its place.  The server commits nothing
that the copy does not have, so nothing that was acknowledged is lost; clients repeat with the same Idempotency-Key, and
nothing is there twice.  The program is given both addresses and finds the one that takes writes by itself, within 5 s
of its taking them.  GUANXI_ROUNDS (default 3) losses; after each, a new copy is made of the new server."""
import os
import random
import re
import socket
import subprocess
import threading
import time

from askers import Once, Writer, heal, verify
from house import ROOT, Client, Server, check, done, folder, guanxi, make_data, make_token, postgres

ROUNDS = int(os.environ.get("GUANXI_ROUNDS", "3"))
WRITERS, ONCE = 4, 2
HEAL = 5.0


def pg(*args):
    return subprocess.run([os.path.join(ROOT, "tests/tools/pg.sh"), *map(str, args)], check=True, capture_output=True, text=True).stdout.strip()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until_followed(port):
    """The copy has caught up, and commits wait for it."""
    for _ in range(200):
        state = subprocess.run(["psql", "-qAtX", "-h", "127.0.0.1", "-p", str(port), "-U", "guanxi", "-d", "postgres", "-c",
                                "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"], capture_output=True, text=True)
        if state.stdout.strip() == "1":
            return
        time.sleep(0.1)
    raise RuntimeError("the copy does not follow: " + state.stdout + state.stderr)


def main():
    postgres()
    home = folder()
    os.chmod(home, 0o755)
    ports = [free_port(), free_port()]
    pg("start", os.path.join(home, "pg0"), ports[0])
    running = {0}
    try:
        hosts = ",".join(f"127.0.0.1:{p}" for p in ports)
        data = make_data(home, "--pg-url", f"postgresql://guanxi@{hosts}/guanxi?target_session_attrs=read-write&connect_timeout=3")
        token = make_token(data)
        server = Server(data)
        client = Client(server.port, token)
        stop, rng, slowest = threading.Event(), random.Random(7), 0.0
        writers = [Writer(server.port, token, f"w{i}", stop) for i in range(WRITERS)]
        once = [Once(server.port, token, f"o{i}", stop) for i in range(ONCE)]
        for w in writers + once:
            w.start()
        for n in range(ROUNDS):
            pg("standby", os.path.join(home, f"pg{n + 1}"), ports[(n + 1) % 2], ports[n % 2])
            running.add(n + 1)
            until_followed(ports[n % 2])
            time.sleep(rng.uniform(0.5, 1.5))
            running.discard(n)
            pg("crash", os.path.join(home, f"pg{n}"))
            time.sleep(0.3)  # nobody takes writes
            pg("promote", os.path.join(home, f"pg{n + 1}"))
            slowest = max(slowest, heal(client))
        time.sleep(0.5)
        stop.set()
        for w in writers + once:
            w.join()
        check("every client got through", not any(w.failed for w in writers), [w.failed for w in writers if w.failed])
        _, metrics = client.ask("GET", "/metrics")
        repeated = int(re.search(r"^guanxi_store_retried_total (\d+)$", metrics, re.M).group(1))
        asked = sum(w.retries for w in writers)
        check(f"after each of {ROUNDS} losses writes are taken again within 5 s", slowest < HEAL, f"{slowest:.1f} s")
        check("writes were under way when the server was lost", repeated + asked >= ROUNDS, (repeated, asked))
        verify(client, writers, once)
        print(f"# slowest {slowest:.2f} s; {repeated} transactions repeated by the program, {asked} requests by clients")
        check("the server stops cleanly", server.stop() == 0)
        report = guanxi("doctor", "--data", data, check=False)
        check("store, change log and search index are whole", report.returncode == 0, report.stdout + report.stderr)
    finally:
        for n in running:
            pg("stop", os.path.join(home, f"pg{n}"))
    done(home)


main()
