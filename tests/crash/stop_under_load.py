#!/usr/bin/env python3
"""R18: everything at once (reads, writes, live events, imports, exports, uploads, tokens made
and revoked), and SIGTERM in the middle of it.  The server ends cleanly each time, says
nothing a sanitizer would say, a revoked token is refused at once, and what was
acknowledged is there afterwards.  Then a large write and a live stream alone: the write is done and
answered, the stream ended as HTTP wants it.  With a program built by `make asan` or `make tsan` this
is the race and memory test.  GUANXI_ROUNDS (default 4) stops on each engine,
GUANXI_SECONDS (default 2) of load before each."""
import http.client
import json
import os
import random
import re
import socket
import tempfile
import threading
import time

from house import EMAIL, PASSWORD, Client, Server, check, done, folder, guanxi, make_data, make_token, on_postgres

ROUNDS = int(os.environ.get("GUANXI_ROUNDS", "4"))
BEGUN = 4000  # rows of a write that is under way when the signal comes
SECONDS = float(os.environ.get("GUANXI_SECONDS", "2"))
COMPLAINTS = re.compile(r"ThreadSanitizer|AddressSanitizer|LeakSanitizer|runtime error:|Assertion|panic=")
READS = ["/api/v1/customer?select=id,name,orders(number,total)&limit=20&order=name", "/api/v1/search?q=杭州&limit=5", "/api/v1/meta",
         "/api/v1/openapi.json", "/api/v1/order?total=gt.5&limit=50", "/metrics", "/healthz", "/api/v1/customer?q=w1&limit=5",
         "/api/v1/audit?limit=20", "/api/v1/customer/1", "/api/v1/account/rights", "/"]


class Load:
    def __init__(self, port, token, name):
        self.port, self.token, self.name = port, token, name
        self.stop = threading.Event()
        self.made, self.late, self.broken, self.counts = [], [], [], {}

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def forever(self, work, *args):
        """One connection after another until the server is gone."""
        while not self.stop.is_set():
            try:
                work(Client(self.port, self.token), *args)
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.01)
            except Exception as e:  # a mistake of the test, or an answer nobody expects
                self.broken.append(repr(e))
                return

    def read(self, client, rng):
        while not self.stop.is_set():
            client.ask("GET", rng.choice(READS))
            self.count("reads")

    def write(self, client, name):
        n = self.counts.get(name, 0)
        while not self.stop.is_set():
            n += 1
            self.counts[name] = n
            status, body = client.ask("POST", "/api/v1/customer", {"name": f"{self.name}-{name}-{n}", "city": "杭州"}, {"Prefer": "return=representation"})
            if status != 201:
                continue
            row = body[0] if isinstance(body, list) else body
            self.made.append(row["id"])
            self.count("writes")
            client.ask("POST", "/api/v1/order", {"customer_id": row["id"], "number": f"{self.name}-{name}-{n}", "total": "7.50"})
            client.ask("PATCH", f"/api/v1/customer/{row['id']}", {"city": "Paris"})
            client.ask("POST", f"/api/v1/file?name=a.txt&entity=customer&record_id={row['id']}", {"n": n})

    def events(self, client):
        connection = client.connection
        connection.request("GET", "/api/v1/events", headers=client.headers)
        answer = connection.getresponse()
        while not self.stop.is_set() and answer.readline():
            self.count("events")

    def exports(self, client, rng):
        while not self.stop.is_set():
            client.ask("GET", f"/api/v1/customer/export?format={rng.choice(['csv', 'jsonl', 'xlsx'])}") if rng.random() < 0.5 else self.abandon(client)
            self.count("exports")

    def abandon(self, client):
        """A download that nobody waits for."""
        other = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        other.request("GET", "/api/v1/customer/export?format=csv", headers=client.headers)
        other.getresponse().read(64)
        other.close()

    def imports(self, client, n_rows):
        n = self.counts.get("imports", 0)
        while not self.stop.is_set():
            n += 1
            text = "Name,City\n" + "".join(f"{self.name} import {n} {i},杭州\n" for i in range(n_rows))
            client.connection.request("POST", "/api/v1/import?name=people.csv", text.encode(), {**client.headers, "Content-Type": "text/csv"})
            answer = client.connection.getresponse()
            run = json.loads(answer.read().decode() or "{}")
            if answer.status != 201:
                continue
            client.ask("PUT", f"/api/v1/import/{run['id']}/plan",
                       {"records": [{"entity": "customer", "mode": "create", "fields": {"name": "Name", "city": "City"}}]})
            status, _ = client.ask("POST", f"/api/v1/import/{run['id']}/start")
            if status in (200, 202):
                self.count("imports")
            time.sleep(0.2)
            client.ask("POST", f"/api/v1/import/{run['id']}/cancel")

    def tokens(self, client):
        """A token is good until it is revoked and not a request longer, on an open connection too."""
        client.connection.request("POST", "/api/v1/session", json.dumps({"email": EMAIL, "password": PASSWORD}), {"Content-Type": "application/json"})
        answer = client.connection.getresponse()
        session = json.loads(answer.read().decode() or "{}")
        if answer.status not in (200, 201):
            time.sleep(0.05)
            return
        client.headers = {"Cookie": answer.getheader("Set-Cookie").split(";")[0], "X-CSRF-Token": session["csrf"], "Content-Type": "application/json"}
        while not self.stop.is_set():
            status, made = client.ask("POST", "/api/v1/account/tokens", {"name": f"t{random.random()}"})
            if status not in (200, 201):
                time.sleep(0.01)
                return
            holder = Client(self.port, made["token"])
            before, _ = holder.ask("GET", "/api/v1/customer?limit=1")
            status, _ = client.ask("DELETE", f"/api/v1/account/tokens/{made['id']}")
            if status not in (200, 204) or before != 200:
                continue
            after, _ = holder.ask("GET", "/api/v1/customer?limit=1")
            self.count("revoked")
            if after == 200:
                self.late.append(made["id"])

    def threads(self):
        work = [(self.read, random.Random(i)) for i in range(3)] + [(self.write, f"w{i}") for i in range(3)] + [(self.events,)] * 2
        work += [(self.exports, random.Random(9)), (self.imports, 800), (self.tokens,)]
        return [threading.Thread(target=self.forever, args=w) for w in work]


def one_stop(data, token, name, counts):
    """Load, a signal, and what is left; the words that are wrong."""
    wrong = []
    with tempfile.TemporaryFile("w+") as log:
        server = Server(data, stderr=log)
        load = Load(server.port, token, name)
        threads = load.threads()
        for t in threads:
            t.start()
        time.sleep(SECONDS)
        began = time.time()
        status = server.stop()
        took = time.time() - began
        load.stop.set()
        for t in threads:
            t.join()
        log.seek(0)
        said = [line.strip() for line in log if COMPLAINTS.search(line)]
    for key, n in load.counts.items():
        counts[key if not key.startswith("w") or key == "writes" else "tries"] = counts.get(key, 0) + n
    if status != 0:
        wrong.append(f"ended with {status}")
    wrong += said[:20] + load.broken[:3] + [f"revoked token {i} still good" for i in load.late[:3]]
    print(f"# {name}: stopped in {took:.1f} s; {load.counts}", flush=True)
    return wrong, load.made


def listen(port, token, got):
    """Live events until the end of the connection, as they come."""
    with socket.create_connection(("127.0.0.1", port), 60) as s:
        s.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        try:
            while data := s.recv(65536):
                got.append(data)
        except OSError as e:
            got.append(repr(e).encode())


def write_many(port, token, name, got):
    try:
        got.append(Client(port, token).ask("POST", "/api/v1/customer", [{"name": f"{name}-{n}"} for n in range(BEGUN)])[0])
    except (OSError, http.client.HTTPException) as e:
        got.append(repr(e))


def stop_in_flight(data, token):
    """A write that has begun is done and answered; the words that are wrong."""
    for n in range(5):
        server, answer = Server(data), []
        began = time.time()
        write_many(server.port, token, f"before{n}", answer)
        took = time.time() - began
        writer = threading.Thread(target=write_many, args=(server.port, token, f"begun{n}", answer))
        writer.start()
        time.sleep(took / 2)
        early = len(answer) > 1
        status = server.stop()
        writer.join()
        if not early:
            break
    server = Server(data)
    _, rows = Client(server.port, token).ask("GET", f"/api/v1/customer?select=count()&name=like.begun{n}-*")
    server.stop()
    good = not early and status == 0 and answer == [201, 201] and rows == [{"count": BEGUN}]
    return [] if good else [f"ended with {status}, the write {'before the signal ' if early else ''}with {answer}, {rows} rows"]


def stop_stream(data, token):
    """A live stream that has nothing to say is ended as HTTP wants it, not cut off."""
    server, got = Server(data), []
    listener = threading.Thread(target=listen, args=(server.port, token, got))
    listener.start()
    until = time.time() + 20
    while b"retry:" not in b"".join(got) and time.time() < until:
        time.sleep(0.02)
    status = server.stop()
    listener.join()
    end = b"".join(got)[-60:]
    return [] if status == 0 and end.endswith(b"\r\n0\r\n\r\n") else [status, end]


def engine(name, *args):
    home = folder()
    data = make_data(home, *args)
    token = make_token(data)
    wrong, made, counts = [], [], {}
    for n in range(ROUNDS):
        bad, ids = one_stop(data, token, f"{name}{n}", counts)
        wrong += bad
        made += ids
    check(f"{name}: {ROUNDS} stops in the middle of everything are clean", not wrong, "\n# ".join(wrong[:40]))
    bad = stop_in_flight(data, token)
    check(f"{name}: a write that has begun is done and answered", not bad, bad)
    bad = stop_stream(data, token)
    check(f"{name}: a live stream is ended, not cut off", not bad, bad)
    idle = [k for k in ("reads", "writes", "events", "exports", "imports", "revoked") if not counts.get(k)]
    check(f"{name}: all kinds of work were under way", not idle, (idle, counts))
    server = Server(data)
    client, there = Client(server.port, token), set()
    for at in range(0, len(made), 100):
        _, rows = client.ask("GET", f"/api/v1/customer?select=id&limit=100&id=in.({','.join(made[at:at + 100])})")
        there |= {r["id"] for r in rows}
    check(f"{name}: all {len(made)} acknowledged writes are there", set(made) <= there, len(set(made) - there))
    check(f"{name}: it stops cleanly again", server.stop() == 0)
    report = guanxi("doctor", "--data", data, check=False)
    check(f"{name}: store, change log and search index are whole", report.returncode == 0, report.stdout + report.stderr)
    return home


def main():
    homes = [engine("sqlite")]
    url = os.environ.get("GUANXI_TEST_PG")
    if url:
        homes.append(engine("postgres", *on_postgres(url)))
    done(*homes)


main()
