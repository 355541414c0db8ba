"""Clients of tests that break the way to PostgreSQL: some ask again until they know, some ask once; and what looks
whether nothing is lost and nothing there twice."""
import threading
import time

from house import Client, check
from writers import one


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
                self.made.append((name, one(body)["id"]))
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
                    self.made.append((name, one(body)["id"]))
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


def all_rows(client, entity, select):
    rows, offset = [], 0
    while True:
        _, page = client.ask("GET", f"/api/v1/{entity}?select={select}&order=id&limit=500&offset={offset}")
        rows += page
        offset += len(page)
        if len(page) < 500:
            return rows


def verify(client, writers, once):
    made = [m for w in writers + once for m in w.made]
    rows = all_rows(client, "customer", "id,name")
    names = [r["name"] for r in rows]
    check("no write is there twice", len(names) == len(set(names)), [n for n in set(names) if names.count(n) > 1][:5])
    there = {(r["name"], r["id"]) for r in rows}
    lost = [m for m in made if m not in there]
    check(f"none of {len(made)} acknowledged writes is lost", not lost and len(made) > 50, lost[:5] or len(made))
    strangers = set(names) - {n for n, _ in made} - {n for w in once for n in w.asked}
    check("nothing is there that was not acknowledged in the end", not strangers, list(strangers)[:5])
