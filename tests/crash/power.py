#!/usr/bin/env python3
"""R02: the power fails under load.  What was written to the database, its log and attachments but not synced is
lost, or stays, or stays in part: each sector of 512 bytes by lot, whatever came first; so is a name whose folder was not
synced.  The server (killed; power.c has noted its writes and syncs) is started on what such a disk would hold, and must
show the same as after a kill -9: every acknowledged write, every attachment whole, nothing half.  GUANXI_POWER_ROUNDS
(default 40) rounds."""
import json
import os
import random
import shutil
import struct
import threading

from house import ROOT, Client, Server, check, done, folder, guanxi, make_data, make_token, skip
from writers import Account, one, write_until_killed

LIBRARY = os.path.join(os.path.dirname(os.environ.get("GUANXI", os.path.join(ROOT, "build/guanxi"))), "tests/crash/power.so")
ROUNDS = int(os.environ.get("GUANXI_POWER_ROUNDS", "40"))
WRITERS = 8  # several to a commit
UPLOADERS = 2
SECTOR = 512
NOTE = struct.Struct("<cB2xIq")
FILES = ("guanxi.db", "guanxi.db-wal")


def notes(path):
    """What was done, in order; the last note may be cut off."""
    with open(path, "rb") as f:
        while len(head := f.read(NOTE.size)) == NOTE.size:
            kind, file, n, at = NOTE.unpack(head)
            data = f.read(n)
            if len(data) < n:
                return
            yield kind, file, at, data


class Disk:
    """The content of both files, and what is not on disk for sure."""

    def __init__(self, base):
        self.files = []
        for name in FILES:
            path = os.path.join(base, name)
            self.files.append(bytearray(open(path, "rb").read()) if os.path.exists(path) else bytearray())
        self.waiting = ([], [])
        self.begun = {}  # number of a sync: how much was waiting

    def apply(self, file, kind, at, data, keep=lambda: True):
        content = self.files[file]
        if kind == b"T":
            if keep():
                content[at:] = bytes(max(0, at - len(content)))
            return
        start = at
        while start < at + len(data):
            end = min(start - start % SECTOR + SECTOR, at + len(data))
            if keep():
                content.extend(bytes(max(0, end - len(content))))
                content[start:end] = data[start - at:end - at]
            start = end

    def note(self, kind, file, at, data):
        waiting = self.waiting[file]
        if kind in b"WT":
            waiting.append((kind, at, data))
        elif kind == b"B":
            self.begun[at] = (file, len(waiting), waiting)
        else:
            _, n, _ = self.begun.pop(at)
            for done_kind, done_at, done_data in waiting[:n]:
                self.apply(file, done_kind, done_at, done_data)
            del waiting[:n]
            # other syncs of this file that are under way cover so much less
            self.begun = {k: (f, max(0, m - n) if f == file else m, w) for k, (f, m, w) in self.begun.items()}

    def cut(self, rng, share):
        """The power goes: by lot, `share` of what waits is kept."""
        lost = 0
        for file, waiting in enumerate(self.waiting):
            for kind, at, data in waiting:
                self.apply(file, kind, at, data, lambda: rng.random() < share)
            lost += len(waiting)
        return lost


class Attachments:
    """Their files and folders; what was there at the start is on disk for sure."""

    def __init__(self):
        self.unsure = set()  # names, of files and folders, that a power cut may take away
        self.torn = set()    # files with content that is not on disk for sure
        self.begun = {}      # number of a sync: the path, the names that it makes sure, whether the content

    def note(self, kind, at, data):
        path, _, becomes = data.decode().partition("\0")
        if kind == b"W":
            self.torn.add(path)
            for number, (of, names, _) in self.begun.items():
                if of == path:  # written while it was being synced
                    self.begun[number] = of, names, False
        elif kind == b"M":
            self.unsure.add(path)
        elif kind == b"N":
            self.unsure.add(becomes)
            if path in self.torn:
                self.torn.remove(path)
                self.torn.add(becomes)
        elif kind == b"B":
            self.begun[at] = path, {name for name in self.unsure if os.path.dirname(name) == path}, True
        else:
            path, names, content = self.begun.pop(at)
            self.unsure -= names
            if content:
                self.torn.discard(path)

    def cut(self, rng, share):
        lost = 0
        for name in sorted(self.unsure):
            if rng.random() >= share and os.path.exists(name):
                shutil.rmtree(name) if os.path.isdir(name) else os.unlink(name)
                lost += 1
        for name in sorted(self.torn):
            if not os.path.exists(name):
                continue
            with open(name, "r+b") as f:
                content = bytearray(f.read())
                for start in range(0, len(content), SECTOR):
                    if rng.random() >= share:
                        content[start:start + SECTOR] = bytes(len(content[start:start + SECTOR]))
                f.seek(0)
                f.write(content)
        return lost + len(self.torn)


class Uploader(threading.Thread):
    """Attaches files, and keeps those that were acknowledged."""

    def __init__(self, port, token, rng):
        super().__init__()
        self.client, self.rng, self.kept = Client(port, token), rng, {}

    def run(self):
        try:
            _, customer = self.client.ask("POST", "/api/v1/customer", {"name": "with files"}, {"Prefer": "return=representation"})
            while True:
                body = {"text": self.rng.randbytes(self.rng.randint(10, 20000)).hex()}
                status, made = self.client.ask("POST", f"/api/v1/file?name=f.txt&entity=customer&record_id={one(customer)['id']}", body)
                if status == 201:
                    self.kept[one(made)["id"]] = json.dumps(body)
        except Exception:
            return

    def wrong(self, client):
        for i, text in self.kept.items():
            status, body = client.ask("GET", f"/api/v1/attachment/{i}/content")
            if status != 200 or body not in (text, json.loads(text)):
                yield i, status, str(body)[:80]


def cut_power(base, log, data, rng):
    disk, attachments = Disk(base), Attachments()
    for kind, file, at, content in notes(log):
        if file < len(FILES):
            disk.note(kind, file, at, content)
        else:
            attachments.note(kind, at, content)
    share = rng.choice((0, 0.5, 0.9))
    waiting, unsure = disk.cut(rng, share), attachments.cut(rng, share)
    for name, content in zip(FILES, disk.files):
        with open(os.path.join(data, name), "wb") as f:
            f.write(content)
    if os.path.exists(os.path.join(data, "guanxi.db-shm")):  # memory
        os.unlink(os.path.join(data, "guanxi.db-shm"))
    return waiting, unsure


def main():
    if not os.path.exists(LIBRARY):
        skip("power cuts", f"{os.path.relpath(LIBRARY, ROOT)} is not built")
        done()
    home = folder()
    data = make_data(home)
    token = make_token(data)
    base, log = os.path.join(home, "base"), os.path.join(home, "log")
    rng = random.Random(20261128)
    account, waiting, cuts, unsure, kept, wrong = Account(), 0, 0, 0, 0, []
    for round_number in range(ROUNDS):
        shutil.rmtree(base, ignore_errors=True)
        shutil.copytree(data, base, ignore=shutil.ignore_patterns("*.sock", "blobs"))
        if os.path.exists(log):
            os.unlink(log)
        server = Server(data, env={"LD_PRELOAD": LIBRARY, "GUANXI_POWER_LOG": log, "GUANXI_POWER_UNDER": os.path.realpath(data)})
        uploaders = [Uploader(server.port, token, random.Random(rng.random())) for _ in range(UPLOADERS)]
        writers = write_until_killed(server, token, f"p{round_number}", WRITERS, rng, 0.05, 0.6, uploaders)
        lost, lost_files = cut_power(base, log, data, rng)
        waiting, cuts, unsure = waiting + lost, cuts + (lost > 0), unsure + lost_files
        server = Server(data)
        account.look(server, token, writers)
        client = Client(server.port, token)
        for u in uploaders:
            wrong += u.wrong(client)
            kept += len(u.kept)
        if server.stop() != 0:
            raise RuntimeError("it does not stop cleanly")
    account.judge(data, f"{ROUNDS} power cuts, {cuts} of them with {waiting} writes not on disk yet", ROUNDS)
    check(f"{kept} acknowledged attachments are whole, {unsure} others were lost or torn", not wrong and kept > ROUNDS and unsure > 0, wrong[:3] or (kept, unsure))
    report = guanxi("doctor", "--data", data, "--deep", check=False)
    check("no record speaks of an attachment that is not there", report.returncode == 0, report.stdout + report.stderr)
    done(home)


main()
