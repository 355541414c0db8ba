#!/usr/bin/env python3
"""R02: the power fails under load.  What was written to the database and its log but not synced is
lost, or stays, or stays in part: each sector of 512 bytes by lot, whatever came first.  The server (killed;
power.c has noted its writes and syncs) is started on what such a disk would hold, and must show the same
as after a kill -9: every acknowledged write, nothing half.  GUANXI_POWER_ROUNDS (default 40) rounds.
Attachments are not looked at here."""
import os
import random
import shutil
import struct

from house import ROOT, Server, done, folder, guanxi, make_data, make_token, skip
from writers import Account, write_until_killed

LIBRARY = os.path.join(os.path.dirname(os.environ.get("GUANXI", os.path.join(ROOT, "build/guanxi"))), "tests/crash/power.so")
ROUNDS = int(os.environ.get("GUANXI_POWER_ROUNDS", "40"))
WRITERS = 8  # several to a commit
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


def cut_power(base, log, data, rng):
    disk = Disk(base)
    for note in notes(log):
        disk.note(*note)
    waiting = disk.cut(rng, rng.choice((0, 0.5, 0.9)))
    for name, content in zip(FILES, disk.files):
        with open(os.path.join(data, name), "wb") as f:
            f.write(content)
    if os.path.exists(os.path.join(data, "guanxi.db-shm")):  # memory
        os.unlink(os.path.join(data, "guanxi.db-shm"))
    return waiting


def main():
    if not os.path.exists(LIBRARY):
        skip("power cuts", f"{os.path.relpath(LIBRARY, ROOT)} is not built")
        done()
    home = folder()
    data = make_data(home)
    token = make_token(data)
    base, log = os.path.join(home, "base"), os.path.join(home, "log")
    rng = random.Random(20261128)
    account, waiting, cuts = Account(), 0, 0
    for round_number in range(ROUNDS):
        shutil.rmtree(base, ignore_errors=True)
        shutil.copytree(data, base, ignore=shutil.ignore_patterns("*.sock"))
        if os.path.exists(log):
            os.unlink(log)
        server = Server(data, env={"LD_PRELOAD": LIBRARY, "GUANXI_POWER_LOG": log, "GUANXI_POWER_UNDER": os.path.realpath(data)})
        writers = write_until_killed(server, token, f"p{round_number}", WRITERS, rng, 0.05, 0.6)
        lost = cut_power(base, log, data, rng)
        waiting += lost
        cuts += lost > 0
        server = Server(data)
        account.look(server, token, writers)
        if server.stop() != 0:
            raise RuntimeError("it does not stop cleanly")
    account.judge(data, f"{ROUNDS} power cuts, {cuts} of them with {waiting} writes not on disk yet", ROUNDS)
    done(home)


main()
