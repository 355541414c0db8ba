#!/usr/bin/env python3
"""R06: the network between the program and PostgreSQL breaks: connections are cut in the
middle of requests, before COMMIT reaches the server, and before its answer comes back; and
the server cannot be reached at all for a while.  Clients repeat with the same
Idempotency-Key: nothing is lost, nothing is there twice, and the pool heals within 5 s.
What was asked once, without a key, is not done twice either.
GUANXI_SECONDS (default 20) of cutting."""
import os
import random
import re
import socket
import struct
import threading
import time

from askers import Once, Writer, heal, verify
from house import Client, Server, check, done, folder, guanxi, make_data, make_token, on_postgres, postgres

SECONDS = float(os.environ.get("GUANXI_SECONDS", "20"))
WRITERS = 4
ONCE = 2
HEAL = 5.0


class Proxy:
    """Passes bytes on, until told to break."""

    def __init__(self, host, port):
        self.to = (host, port)
        self.lock = threading.Lock()
        self.pairs = set()
        self.down = False
        self.at_commit = None  # "before" or "after": the next COMMIT is cut there
        self.cuts = {"plain": 0, "before": 0, "after": 0}
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.down:
                self.reset(client)
                continue
            try:
                server = socket.create_connection(self.to, 5)
            except OSError:
                self.reset(client)
                continue
            pair = (client, server)
            for s in pair:
                s.settimeout(None)
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.pairs.add(pair)
            threading.Thread(target=self.upward, args=(pair,), daemon=True).start()
            threading.Thread(target=self.downward, args=(pair,), daemon=True).start()

    @staticmethod
    def reset(s):
        try:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()
        except OSError:
            pass

    def drop(self, pair):
        with self.lock:
            if pair not in self.pairs:
                return
            self.pairs.discard(pair)
        for s in pair:
            try:
                # shutdown wakes the thread that reads it; close alone would not
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.reset(s)

    def take(self, where):
        with self.lock:
            if self.at_commit == where:
                self.at_commit = None
                self.cuts[where] += 1
                return True
        return False

    def upward(self, pair):
        client, server = pair
        try:
            while data := client.recv(65536):
                if b"COMMIT" in data:
                    if self.take("before"):
                        break
                    if self.take("after"):
                        server.sendall(data)
                        time.sleep(0.02)  # it commits; nobody hears of it
                        break
                server.sendall(data)
        except OSError:
            pass
        self.drop(pair)

    def downward(self, pair):
        client, server = pair
        try:
            while data := server.recv(65536):
                client.sendall(data)
        except OSError:
            pass
        self.drop(pair)

    def cut(self):
        with self.lock:
            pairs = list(self.pairs)
            self.cuts["plain"] += 1
        for pair in pairs:
            self.drop(pair)


def break_things(proxy, client, rng):
    slowest, until = 0.0, time.time() + SECONDS
    while time.time() < until:
        kind = rng.choice(["plain", "before", "after", "after", "down"])
        if kind == "plain":
            proxy.cut()
        elif kind == "down":
            proxy.down = True
            proxy.cut()
            time.sleep(rng.uniform(0.3, 1.0))
            proxy.down = False
            slowest = max(slowest, heal(client))
        else:
            proxy.at_commit = kind
        time.sleep(rng.uniform(0.05, 0.4))
    proxy.at_commit = None
    return max(slowest, heal(client))


def main():
    url = postgres()
    found = re.match(r"(postgres(?:ql)?://[^@/]*@)([^:/]+):(\d+)(/.*)$", url)
    proxy = Proxy(found.group(2), int(found.group(3)))
    home = folder()
    data = make_data(home, *on_postgres(f"{found.group(1)}127.0.0.1:{proxy.port}{found.group(4)}"))
    token = make_token(data)
    server = Server(data)
    stop = threading.Event()
    writers = [Writer(server.port, token, f"w{i}", stop) for i in range(WRITERS)]
    once = [Once(server.port, token, f"o{i}", stop) for i in range(ONCE)]
    client = Client(server.port, token)
    for w in writers + once:
        w.start()
    slowest = break_things(proxy, client, random.Random(6))
    stop.set()
    for w in writers + once:
        w.join()
    check("every client got through", not any(w.failed for w in writers), [w.failed for w in writers if w.failed])
    check("connections were cut in all ways", all(proxy.cuts.values()) and sum(w.retries for w in writers) > 0, proxy.cuts)
    check("the pool heals within 5 s", slowest < HEAL, f"{slowest:.1f} s")
    verify(client, writers, once)
    statuses = {}
    for w in writers:
        for s, n in w.statuses.items():
            statuses[s] = statuses.get(s, 0) + n
    print(f"# cuts {proxy.cuts}, answers {statuses}, slowest to heal {slowest:.2f} s")
    check("the server stops cleanly", server.stop() == 0)
    report = guanxi("doctor", "--data", data, check=False)
    check("store, change log and search index are whole", report.returncode == 0, report.stdout + report.stderr)
    done(home)


main()
