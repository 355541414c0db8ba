#!/usr/bin/env python3
"""R03: fsync, write, truncate, rename fail at the n-th call, once and for good, while clients
write.  A request is answered with success and is durable, or with an error.  After a failed
fsync or write of the store nothing more is written: the server says so (/healthz, 503), goes
on reading, and after a restart everything acknowledged is there.  A full disk is no such
error: 507, and writing goes on when there is space.  GUANXI_BUILD has the library that
makes the faults (tests/crash/faults.c)."""
import errno
import mmap
import os
import random
import struct
import threading
import time

from house import ROOT, Client, Server, check, done, folder, guanxi, make_data, make_token, skip

LIBRARY = os.path.join(os.environ.get("GUANXI_BUILD", os.path.join(ROOT, "build")), "tests/crash/faults.so")
SYNC, WRITE, TRUNCATE, RENAME, UNLINK = 1, 2, 4, 8, 16
LOG, DATABASE = 32, 64  # on this file only
WRITERS = 4


class Faults:
    """The orders that tests/crash/faults.c reads."""

    def __init__(self, home):
        self.path = os.path.join(home, "faults")
        with open(self.path, "wb") as f:
            f.write(bytes(64))
        self.file = open(self.path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 64)

    def arm(self, calls, after, error, sticky=False):
        self.map[0:24] = struct.pack("6i", 0, after, error, int(sticky), 0, 0)
        self.map[0:4] = struct.pack("i", calls)  # the last: from now on

    def disarm(self):
        self.map[0:4] = struct.pack("i", 0)

    @property
    def hits(self):
        return struct.unpack("i", self.map[16:20])[0]

    def server(self, data):
        return Server(data, env={"LD_PRELOAD": LIBRARY, "GUANXI_FAULTS": self.path, "GUANXI_FAULTS_UNDER": os.path.realpath(data)})


class Writer(threading.Thread):
    """Makes customers until told to stop; keeps what was acknowledged and every answer."""

    def __init__(self, port, token, name, stop):
        super().__init__()
        self.port, self.token, self.name_, self.stop = port, token, name, stop
        self.made, self.answers, self.wrong = [], [], None

    def run(self):
        client, n = Client(self.port, self.token), 0
        while not self.stop.is_set():
            n += 1
            try:
                began = time.time()
                status, body = client.ask("POST", "/api/v1/customer", {"name": f"{self.name_}-{n}", "note": "满" * 500}, {"Prefer": "return=representation"})
            except Exception as e:
                self.wrong = repr(e)
                return
            self.answers.append((began, status))
            if status == 201:
                self.made.append((body[0] if isinstance(body, list) else body)["id"])


def missing(client, ids):
    there = set()
    for at in range(0, len(ids), 100):
        _, rows = client.ask("GET", f"/api/v1/customer?select=id&limit=100&id=in.({','.join(ids[at:at + 100])})")
        there |= {r["id"] for r in rows}
    return [i for i in ids if i not in there]


def until(seconds, what):
    end = time.time() + seconds
    while time.time() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


class Scene:
    """One data folder through all faults, so that what one leaves behind meets the next."""

    def __init__(self, home):
        self.data = make_data(home)
        self.token = make_token(self.data)
        self.faults = Faults(home)
        self.made = []

    def load(self, name, arm):
        """Writers under a fault; the server and what the writers saw."""
        server, stop = self.faults.server(self.data), threading.Event()
        writers = [Writer(server.port, self.token, f"{name}{i}", stop) for i in range(WRITERS)]
        for w in writers:
            w.start()
        until(20, lambda: sum(len(w.made) for w in writers) > 20)  # however slow the disk is
        arm()
        hit = until(20, lambda: self.faults.hits > 0)
        time.sleep(0.4)
        stop.set()
        for w in writers:
            w.join()
        self.made += [i for w in writers for i in w.made]
        broken = [w.wrong for w in writers if w.wrong]
        statuses = {}
        for w in writers:
            for _, s in w.answers:
                statuses[s] = statuses.get(s, 0) + 1
        return server, hit, statuses, broken

    def back(self, name, server):
        """Ends the server as a crash would; everything acknowledged is there after it."""
        self.faults.disarm()
        server.kill()
        server = self.faults.server(self.data)
        client = Client(server.port, self.token)
        lost = missing(client, self.made)
        check(f"{name}: after a restart all {len(self.made)} acknowledged writes are there", not lost and len(self.made) > 20, lost[:5] or len(self.made))
        status, _ = client.ask("POST", "/api/v1/customer", {"name": f"{name} again"})
        check(f"{name}: and it writes again", status == 201, status)
        check(f"{name}: and stops cleanly", server.stop() == 0)
        report = guanxi("doctor", "--data", self.data, check=False)
        check(f"{name}: store, change log and search index are whole", report.returncode == 0, report.stdout + report.stderr)

    def stops_writing(self, name, calls, after, error, sticky):
        server, hit, statuses, broken = self.load(name, lambda: self.faults.arm(calls, after, error, sticky))
        client = Client(server.port, self.token)
        self.faults.disarm()  # the disk is well again; the server must not believe it
        health, said = client.ask("GET", "/healthz")
        wrote, answer = client.ask("POST", "/api/v1/customer", {"name": "too late"})
        read, rows = client.ask("GET", "/api/v1/customer?select=id&limit=1")
        check(f"{name}: the fault came, and every request was answered", hit and not broken and set(statuses) <= {201, 503} and statuses.get(503),
              (hit, broken, statuses))
        check(f"{name}: nothing more is written, and it says so", health == 503 and wrote == 503 and said.get("store") == "stopped", (health, said, wrote, answer))
        check(f"{name}: reads go on", read == 200 and len(rows) == 1, (read, rows))
        self.back(name, server)

    def goes_on(self, name, calls, after, error, sticky, expected):
        server, hit, statuses, broken = self.load(name, lambda: self.faults.arm(calls, after, error, sticky))
        client = Client(server.port, self.token)
        health_during, _ = client.ask("GET", "/healthz")
        self.faults.disarm()
        wrote, answer = client.ask("POST", "/api/v1/customer", {"name": "space again"})
        check(f"{name}: the fault came, and every request was answered", hit and not broken and set(statuses) <= {201, *expected}, (hit, broken, statuses))
        check(f"{name}: it was answered with {expected}", any(statuses.get(s) for s in expected), statuses)
        check(f"{name}: writing goes on without a restart", health_during == 200 and wrote == 201, (health_during, wrote, answer))
        self.back(name, server)

    def files(self):
        """Attachments: a file is kept whole, or refused and nowhere."""
        server = self.faults.server(self.data)
        client, kept, answers, hits, unheeded = Client(server.port, self.token), [], {}, 0, []
        _, body = client.ask("POST", "/api/v1/customer", {"name": "with files"}, {"Prefer": "return=representation"})
        owner = (body[0] if isinstance(body, list) else body)["id"]
        for calls, error in ((SYNC, errno.EIO), (WRITE, errno.EIO), (WRITE, errno.ENOSPC), (WRITE, -1), (RENAME, errno.EIO)):
            for after in range(4):
                text = f"{calls} {error} {after} " + "x" * 3000
                self.only_blobs(calls, after, error)
                try:
                    status, body = client.ask("POST", f"/api/v1/file?name=f.txt&entity=customer&record_id={owner}", {"text": text})
                finally:
                    hit = self.faults.hits
                    hits += hit
                    self.faults.disarm()
                answers[status] = answers.get(status, 0) + 1
                if status == 201:
                    if hit and error > 0:
                        unheeded.append((calls, error, after))
                    kept.append(((body[0] if isinstance(body, list) else body)["id"], text))
                if client.ask("GET", "/healthz")[0] != 200:
                    server.kill()
                    server = self.faults.server(self.data)
                    client = Client(server.port, self.token)
        check("attachments: faults came, answers are 201, 5xx", hits > 5 and all(s == 201 or s >= 500 for s in answers) and len(answers) > 1, (hits, answers))
        check("attachments: none was taken whose fsync, write or rename failed", not unheeded, unheeded)
        wrong = []
        for i, text in kept:
            status, body = client.ask("GET", f"/api/v1/attachment/{i}/content")
            if status != 200 or text not in str(body):
                wrong.append((i, status, str(body)[:80]))
        check(f"attachments: {len(kept)} kept files are whole", not wrong and kept, wrong[:3])
        server.stop()
        report = guanxi("doctor", "--data", self.data, "--deep", check=False)
        check("attachments: the folder is whole", report.returncode == 0, report.stdout + report.stderr)

    def only_blobs(self, calls, after, error):
        self.faults.arm(calls, after, error)


def main():
    if not os.path.exists(LIBRARY):
        skip("I/O errors", f"{os.path.relpath(LIBRARY, ROOT)} is not built")
        done()
    home = folder()
    scene = Scene(home)
    rng = random.Random(3)
    for n in (0, rng.randint(1, 20), rng.randint(20, 60)):
        scene.stops_writing(f"fsync fails once at call {n}", SYNC, n, errno.EIO, False)
    scene.stops_writing("every fsync fails", SYNC, 2, errno.EIO, True)
    scene.stops_writing("a write fails once", WRITE, rng.randint(0, 80), errno.EIO, False)
    scene.stops_writing("every write fails", WRITE, rng.randint(0, 80), errno.EIO, True)
    scene.stops_writing("a write of the log fails once", WRITE | LOG, rng.randint(0, 80), errno.EIO, False)
    scene.goes_on("no space once, in the log", WRITE | LOG, rng.randint(0, 80), errno.ENOSPC, False, {507})
    # the thread that copies the log back tries again later, and nobody hears of it
    scene.goes_on("no space once, in the database", WRITE | DATABASE, rng.randint(0, 80), errno.ENOSPC, False, {201})
    scene.goes_on("no space for a while", WRITE, rng.randint(0, 80), errno.ENOSPC, True, {507})
    scene.goes_on("short writes", WRITE, rng.randint(0, 80), -1, True, {201})
    scene.files()
    done(home)


main()
