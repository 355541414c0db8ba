"""What others feel while one reader asks the slowest questions that are allowed (bench.py --only beside): signing in and GET of
one customer, by themselves and beside it, in turn, so that what the machine does meanwhile meets both alike."""
import http.client, json, math, statistics, threading, time, urllib.parse

import benchlib

ROUNDS, SIGN_INS, GET_SECONDS, GET_RATE = 6, 40, 4, 500
ASKERS = 12     # connections of the reader
PATTERNS = 20   # as many as one question may have, of 1,000 bytes together
BAR = 3.0       # times the p99 by itself


def quantile(values, at):
    values = sorted(values)
    return values[min(len(values) - 1, math.ceil(len(values) * at) - 1)]


def question():
    """Every row is looked at by every pattern: none matches, and none is short enough for an index of its own."""
    terms = ','.join('name.ilike.*%s%02d*' % ('q' * 44, i) for i in range(PATTERNS))
    return '/api/v1/customer?select=id,name&order=updated_at.desc,name&or=' + urllib.parse.quote('(%s)' % terms)


class Reader:
    """One person on many connections, who asks again as soon as there is an answer."""

    def __init__(self, server, token):
        self.server, self.token, self.stop = server, token, threading.Event()
        self.lock, self.ends, self.took = threading.Lock(), {}, []
        self.threads = [threading.Thread(target=self.ask, daemon=True) for _ in range(ASKERS)]
        for thread in self.threads:
            thread.start()

    def ask(self):
        connection = http.client.HTTPConnection('127.0.0.1', self.server.port, timeout=60)
        while not self.stop.is_set():
            begin, status = time.monotonic(), 0
            try:
                connection.request('GET', question(), headers={'Authorization': 'Bearer ' + self.token})
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except OSError:
                connection.close()
            with self.lock:
                self.ends[status] = self.ends.get(status, 0) + 1
                if status in (200, 503):
                    self.took.append(time.monotonic() - begin)
            if status == 429: # refused at once: not so often that the client is what is measured
                self.stop.wait(0.1)

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(60)


def sign_ins(server, n):
    """Milliseconds of each, one after the other on one connection."""
    body = json.dumps({'email': benchlib.EMAIL, 'password': benchlib.PASSWORD})
    connection, took = http.client.HTTPConnection('127.0.0.1', server.port, timeout=60), []
    for _ in range(n):
        begin = time.monotonic()
        connection.request('POST', '/api/v1/session', body, {'Content-Type': 'application/json'})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit('bench: signing in: %d %s' % (answer.status, text[:300]))
        took.append((time.monotonic() - begin) * 1000)
    connection.close()
    return took


def post(server, token, path, body):
    answer, connection = server.get(path, token, 'POST', json.dumps(body))
    text = answer.read()
    connection.close()
    if answer.status >= 300:
        raise SystemExit('bench: %s: %d %s' % (path, answer.status, text[:300]))
    return answer.headers.get('Location', '').rsplit('/', 1)[-1]


def make_reader(programs, server, data, token):
    role = post(server, token, '/api/v1/role', {'name': 'reads', 'rights': {'customer': {'read': 'all'}}})
    post(server, token, '/api/v1/user', {'name': 'reader', 'email': 'reader@example.com', 'roles': [role]})
    return benchlib.run([programs.guanxi, 'token', 'create', '--data', data, '--user', 'reader@example.com', '--name', 'bench']).strip()


def measure(bench, data, token, requests):
    """On a data folder that may be changed. Figures: the p99 by itself and beside the reader, and how many times it is."""
    server = benchlib.Server(bench.programs, data)
    found = {'sign_in': ([], []), 'get': ([], [])}
    try:
        reader_token = make_reader(bench.programs, server, data, token)
        sign_ins(server, 5)
        benchlib.load(bench.programs, server, token, requests, 4, 1, GET_RATE)
        ends, took = {}, []
        for _ in range(ROUNDS):
            for beside in (0, 1):
                reader = Reader(server, reader_token) if beside else None
                time.sleep(1)
                found['sign_in'][beside].extend(sign_ins(server, SIGN_INS))
                found['get'][beside].append(benchlib.load(bench.programs, server, token, requests, 4, GET_SECONDS, GET_RATE)['p99_us'] / 1000.0)
                if reader:
                    reader.end()
                    took += reader.took
                    for status, n in reader.ends.items():
                        ends[status] = ends.get(status, 0) + n
    finally:
        server.stop()
    if not took:
        raise SystemExit('bench: the reader was answered nothing: %s' % ends)
    print('bench: the reader: answers by status %s; one took %.2f s (median)' % (ends, statistics.median(took)))
    for name, (alone, beside) in found.items():
        at = (lambda v: quantile(v, 0.99)) if name == 'sign_in' else statistics.median
        bench.keep(name + '_alone', [at(alone)])
        bench.keep(name + '_beside', [at(beside)])
        ratio = at(beside) / at(alone)
        bench.keep(name + '_times', [ratio])
        print('bench: %s: p99 %.2f ms alone, %.2f ms beside the reader (medians %.2f and %.2f): %.2f times, bar %.0f: %s' % (
            name, at(alone), at(beside), statistics.median(alone), statistics.median(beside), ratio, BAR, 'met' if ratio <= BAR else 'NOT MET'))
