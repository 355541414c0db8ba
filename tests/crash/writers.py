"""Clients that write and keep their own account of what must be there, and what looks whether it is:
for tests that end the server in the middle."""
import os
import random
import sqlite3
import threading
import time

from house import Client, check, guanxi

BULK = 5
CREATE, DELETE = 0, 2  # enum change_action


def one(body):
    return body[0] if isinstance(body, list) else body


class Writer(threading.Thread):
    """A client with its own idea of what must be there: it believes only answers."""

    def __init__(self, port, token, name, rng):
        super().__init__()
        self.client, self.name_, self.rng = Client(port, token), name, rng
        self.rows = {}       # (entity, id) -> its name or number, None when deleted
        self.unsure = set()  # rows whose change or deletion got no answer: either is right
        self.asked = None    # (key, body) of the last creation without an answer
        self.bulks = []      # names of bulk requests that got no answer: all or none
        self.acknowledged, self.n = 0, 0

    def make(self, entity, body, title):
        key = f"key-{self.name_}-{self.n}-{entity}"
        self.asked = (entity, key, body)
        status, answer = self.client.ask("POST", f"/api/v1/{entity}", body, {"Prefer": "return=representation", "Idempotency-Key": key})
        self.asked = None
        if status != 201:
            return None
        self.acknowledged += 1
        self.rows[entity, one(answer)["id"]] = one(answer)[title]
        return one(answer)["id"]

    def make_many(self):
        prefix = f"{self.name_}-bulk{self.n}-"
        self.bulks.append(prefix)
        status, answer = self.client.ask("POST", "/api/v1/customer", [{"name": f"{prefix}{i}"} for i in range(BULK)], {"Prefer": "return=representation"})
        if status == 201:
            self.acknowledged += 1
            for row in answer:
                self.rows["customer", row["id"]] = row["name"]

    def change(self, entity, i, method, body, becomes):
        """Until the answer comes, both states are right."""
        before = self.rows[entity, i]
        self.unsure.add((entity, i))
        self.rows[entity, i] = (before, becomes)
        status, _ = self.client.ask(method, f"/api/v1/{entity}/{i}", body)
        self.rows[entity, i] = becomes if status in (200, 204) else before
        self.unsure.discard((entity, i))
        self.acknowledged += status in (200, 204)

    def run(self):
        try:
            while True:
                self.n += 1
                name = f"{self.name_}-{self.n}"
                customer = self.make("customer", {"name": name, "city": "杭州"}, "name")
                if customer is None:
                    continue
                order = self.make("order", {"customer_id": customer, "total": f"{self.rng.randint(1, 99)}.50", "number": name}, "number")
                what = self.rng.random()
                if what < 0.2:
                    self.make_many()
                elif what < 0.5:
                    self.change("customer", customer, "PATCH", {"name": f"{name}-changed"}, f"{name}-changed")
                elif what < 0.6 and order is not None:
                    self.change("order", order, "DELETE", None, None)
        except Exception:
            return


def there(client, entity, title, ids):
    found = {}
    for at in range(0, len(ids), 100):
        status, rows = client.ask("GET", f"/api/v1/{entity}?select=id,{title}&limit=100&id=in.({','.join(ids[at:at + 100])})")
        if status != 200:
            return {}, (entity, status, rows)
        found.update({row["id"]: row[title] for row in rows})
    return found, None


def wrong_rows(client, writer):
    wrong = []
    for entity, title in (("customer", "name"), ("order", "number")):
        mine = {i: t for (e, i), t in writer.rows.items() if e == entity}
        found, refused = there(client, entity, title, list(mine))
        if refused:
            wrong.append(refused)
            continue
        for i, title_ in mine.items():
            allowed = title_ if (entity, i) in writer.unsure else (title_,)
            if found.get(i) not in allowed:
                wrong.append((entity, i, allowed, found.get(i)))
    return wrong


def half_bulks(client, writer):
    half = []
    for prefix in writer.bulks[-1:]:
        _, rows = client.ask("GET", f"/api/v1/customer?select=id&name=like.{prefix}*&limit=100")
        if len(rows) not in (0, BULK):
            half.append((prefix, len(rows)))
    return half


def twice(client, writer):
    """The request that got no answer, again: it is there once, whether it had been done or not."""
    if writer.asked is None:
        return []
    entity, key, body = writer.asked
    status, answer = client.ask("POST", f"/api/v1/{entity}", body, {"Prefer": "return=representation", "Idempotency-Key": key})
    title = "name" if entity == "customer" else "number"
    _, rows = client.ask("GET", f"/api/v1/{entity}?select=id&{title}=eq.{body[title]}")
    if status != 201 or len(rows) != 1 or rows[0]["id"] != one(answer)["id"]:
        return [(status, answer, rows)]
    return []


def sums(data):
    """The database itself, by SQL that is not the program's."""
    db = sqlite3.connect(f"file:{os.path.join(data, 'guanxi.db')}?mode=ro", uri=True)
    wrong = {
        "integrity": [r[0] for r in db.execute("PRAGMA integrity_check") if r[0] != "ok"],
        "foreign keys": db.execute("PRAGMA foreign_key_check").fetchall()[:5],
        "kept figures": db.execute('SELECT c.id, c.orders_count, count(o.id) FROM customer c LEFT JOIN "order" o ON o.customer_id = c.id GROUP BY c.id '
                                   "HAVING c.orders_count <> count(o.id) OR coalesce(c.orders_total, 0) <> coalesce(sum(o.total_base), 0)").fetchall()[:5],
    }
    for entity in ("customer", "order"):
        logged = f"SELECT record_id, sum(action = {CREATE}) - sum(action = {DELETE}) FROM change WHERE entity = ? GROUP BY record_id"
        rows = {i for i, in db.execute(f'SELECT id FROM "{entity}"')}
        alive = {i: n for i, n in db.execute(logged, (entity,))}
        wrong[f"{entity} without an entry in the change log"] = [i for i in rows if alive.get(i) != 1][:5]
        wrong[f"{entity} in the change log but not there"] = [i for i, n in alive.items() if n > 0 and i not in rows][:5]
    db.close()
    return {k: v for k, v in wrong.items() if v}


def write_until_killed(server, token, name, n, rng, least, most, others=()):
    """`n` writers, and threads of the caller's, for a while (seconds, by lot), then kill -9; the writers, who know what they were told."""
    writers = [Writer(server.port, token, f"{name}w{w}", random.Random(rng.random())) for w in range(n)]
    for w in (*writers, *others):
        w.start()
    time.sleep(rng.uniform(least, most))
    server.kill()
    for w in (*writers, *others):
        w.join()
    return writers


class Account:
    """What all rounds of a test have shown."""

    def __init__(self):
        self.total, self.repeated, self.wrong, self.half, self.doubled = 0, 0, [], [], []

    def look(self, server, token, writers):
        client = Client(server.port, token)
        for w in writers:
            self.wrong += wrong_rows(client, w)
            self.half += half_bulks(client, w)
            self.doubled += twice(client, w)
            self.total += w.acknowledged
            self.repeated += w.asked is not None

    def judge(self, data, ends, rounds):
        """The server must not run."""
        check(f"{self.total} acknowledged writes survived {ends}", not self.wrong and self.total > rounds, self.wrong[:5] or f"only {self.total} writes")
        check("nothing is half there", not self.half, self.half[:5])
        check(f"{self.repeated} requests without an answer, repeated, are done once", not self.doubled and self.repeated > rounds / 10, self.doubled[:3] or self.repeated)
        bad = sums(data)
        check("the database is whole, its sums are those of its rows, and the change log tells of each", not bad, bad)
        report = guanxi("doctor", "--data", data, check=False)
        check("store, change log and search index are whole", report.returncode == 0, report.stdout + report.stderr)
