"""What the crash tests share: starting the program, asking it, TAP."""
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("GUANXI", os.path.join(ROOT, "build/guanxi"))
EMAIL = "admin@example.com"
PASSWORD = "correct horse battery staple"
results = []


def guanxi(*args, stdin="", check=True):
    done = subprocess.run([PROGRAM, *args], input=stdin, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"guanxi {' '.join(args)}: {done.stderr}{done.stdout}")
    return done


def make_data(folder, *args):
    data = os.path.join(folder, "data")
    guanxi("init", "--data", data, "--admin-email", EMAIL, *args, stdin=PASSWORD + "\n")
    return data


def make_token(data):
    return guanxi("token", "create", "--data", data, "--user", EMAIL, "--name", "crash test").stdout.strip()


class Server:
    def __init__(self, data, prefix=(), stderr=subprocess.DEVNULL, env=None):
        self.process = subprocess.Popen([*prefix, PROGRAM, "serve", "--data", data, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                        stderr=stderr, text=True, env={**os.environ, **(env or {})})
        line = self.process.stdout.readline()
        found = re.search(r":(\d+)\s*$", line)
        if not found:
            self.process.wait()
            raise RuntimeError(f"the server did not start: {line!r}")
        self.port = int(found.group(1))

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        return status


class Client:
    """One kept-alive connection."""

    def __init__(self, port, token):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, method, path, body=None, headers=None):
        self.connection.request(method, path, json.dumps(body) if body is not None else None, {**self.headers, **(headers or {})})
        answer = self.connection.getresponse()
        text = answer.read().decode()
        return answer.status, json.loads(text) if text and "json" in (answer.getheader("Content-Type") or "") else text


def check(name, good, detail=""):
    results.append(good)
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}{'' if good else ': ' + str(detail)}", flush=True)


def skip(name, why):
    results.append(True)
    print(f"ok {len(results)} - {name} # SKIP {why}", flush=True)


def postgres():
    """Address of the PostgreSQL for tests, or an end that says why not."""
    url = os.environ.get("GUANXI_TEST_PG")
    if not url:
        skip("PostgreSQL", "GUANXI_TEST_PG is not set")
        done()
    return url


def on_postgres(url):
    """Arguments of init for a schema of one's own."""
    return "--pg-url", url, "--pg-schema", f"t{os.urandom(6).hex()}"


def folder():
    return tempfile.mkdtemp(prefix="guanxi-crash-")


def done(*folders):
    for f in folders:
        shutil.rmtree(f, ignore_errors=True)
    print(f"1..{len(results)}")
    sys.exit(0 if results and all(results) else 1)
