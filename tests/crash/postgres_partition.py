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


class Once(threading.Thread):
    """Makes customers without a key, and asks for none of them twice."""

    def __init__(self, port, token, name, stop):
        super().__init__()
        self.port, self.token, self.name_, self.stop = port, token, name, stop
        self.made, self.asked = [], set()

    def run(self):
        client, n = Client(self.port, self.token), 0
        while not self.stop.is_set():
            n += 1
            name = f"{self.name_}-{n}"
            self.asked.add(name)
            try:
                status, body = client.ask("POST", "/api/v1/customer", {"name": name}, {"Prefer": "return=representation"})
            except Exception:
                client.connection.close()
                continue
            if status == 201:
                self.made.append((name, (body[0] if isinstance(body, list) else body)["id"]))
            else:
                time.sleep(0.05)


class Writer(threading.Thread):
    """Makes customers, each under a key of its own, and asks again until it knows."""

    def __init__(self, port, token, name, stop):
        super().__init__()
        self.port, self.token, self.name_, self.stop = port, token, name, stop
        self.made, self.retries, self.statuses = [], 0, {}
        self.failed = None

    def ask(self, client, body, key):
        try:
            return client.ask("POST", "/api/v1/customer", body, {"Prefer": "return=representation", "Idempotency-Key": key})
        except Exception:
            client.connection.close()
            return 0, None

    def run(self):
        client, n = Client(self.port, self.token), 0
        while not self.stop.is_set():
            n += 1
            name = f"{self.name_}-{n}"
            deadline = time.time() + 30
            while True:
                status, body = self.ask(client, {"name": name}, f"key-{name}")
                self.statuses[status] = self.statuses.get(status, 0) + 1
                if status == 201:
                    self.made.append((name, (body[0] if isinstance(body, list) else body)["id"]))
                    break
                if (status != 0 and status < 500 and status not in (401, 409, 429)) or time.time() > deadline:
                    self.failed = (name, status, body)
                    return
                self.retries += 1
                time.sleep(0.05)


def heal(client):
    """Seconds until a write is taken again."""
    began = time.time()
    while time.time() - began < 30:
        try:
            status, _ = client.ask("POST", "/api/v1/tag", {"name": f"healed {time.time()}"})
            if status == 201:
                return time.time() - began
        except Exception:
            client.connection.close()
        time.sleep(0.05)
    return 30.0


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


def verify(client, writers, once):
    made = [m for w in writers + once for m in w.made]
    rows, offset = [], 0
    while True:
        _, page = client.ask("GET", f"/api/v1/customer?select=id,name&order=id&limit=500&offset={offset}")
        rows += page
        offset += len(page)
        if len(page) < 500:
            break
    names = [r["name"] for r in rows]
    check("no write is there twice", len(names) == len(set(names)), [n for n in set(names) if names.count(n) > 1][:5])
    there = {(r["name"], r["id"]) for r in rows}
    lost = [m for m in made if m not in there]
    check(f"none of {len(made)} acknowledged writes is lost", not lost and len(made) > 50, lost[:5] or len(made))
    strangers = set(names) - {n for n, _ in made} - {n for w in once for n in w.asked}
    check("nothing is there that was not acknowledged in the end", not strangers, list(strangers)[:5])


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
