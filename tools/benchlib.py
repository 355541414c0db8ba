"""What bench.py and soak.py share: a data folder, the program, the load client."""
import http.client, json, os, re, signal, socket, subprocess, time

PASSWORD = 'Bench-Password-2026'
EMAIL = 'bench@example.com'


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Programs:
    def __init__(self, build):
        self.guanxi = os.path.join(build, 'src', 'app', 'guanxi')
        self.load = os.path.join(build, 'bench', 'guanxi-load')
        self.generate = os.path.join(build, 'bench', 'guanxi-generate')
        self.store_bench = os.path.join(build, 'bench', 'store_bench')
        self.http_bench = os.path.join(build, 'bench', 'http_bench')
        for path in vars(self).values():
            if not os.path.exists(path):
                raise SystemExit('bench: %s is missing; run make first' % path)


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode:
        raise SystemExit('bench: %s\n%s%s' % (' '.join(map(str, command)), done.stdout[-2000:], done.stderr[-2000:]))
    return done.stdout


def point_at(data, pg):
    """The server of the benches has another port each time."""
    path = os.path.join(data, 'guanxi.conf')
    with open(path) as f:
        lines = ['pg_url = %s\n' % pg if line.startswith('pg_url') else line for line in f]
    with open(path, 'w') as f:
        f.writelines(lines)


def init(programs, data, pg=None):
    where = ['--pg-url', pg] if pg else []
    run([programs.guanxi, 'init', '--data', data, '--admin-email', EMAIL] + where, input=PASSWORD + '\n')


def token(programs, data):
    text = run([programs.guanxi, 'token', 'create', '--data', data, '--user', EMAIL, '--name', 'bench'])
    return re.search(r'gx_\S+', text).group(0)


def process_value(pid, name):
    """Of /proc/PID/status, in MB."""
    with open('/proc/%d/status' % pid) as f:
        for line in f:
            if line.startswith(name + ':'):
                return int(line.split()[1]) / 1024.0
    return 0.0


def run_watched(command):
    """Runs a command to its end; its output and the most memory it had, in MB."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    text = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit('bench: %s ended with %d' % (' '.join(command), child.returncode))
    return text, usage.ru_maxrss / 1024.0


class Server:
    """The program, serving; `ready_s` is the time from its start to its first answer."""

    def __init__(self, programs, data):
        self.port = free_port()
        self.log = open(os.path.join(data, 'bench.log'), 'ab')
        started = time.monotonic()
        self.process = subprocess.Popen([programs.guanxi, 'serve', '--data', data, '--listen', '127.0.0.1:%d' % self.port],
                                        stdout=self.log, stderr=self.log)
        while True:
            try:
                with socket.create_connection(('127.0.0.1', self.port), 1) as s:
                    s.sendall(b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
                    if s.recv(64).startswith(b'HTTP/1.1 200'):
                        break
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() - started > 60:
                raise SystemExit('bench: the program does not answer; see %s' % self.log.name)
            time.sleep(0.002)
        self.ready_s = time.monotonic() - started

    pid = property(lambda self: self.process.pid)

    def get(self, path, token, method='GET', body=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=600)
        connection.request(method, path, body, {'Authorization': 'Bearer ' + token, 'Content-Type': 'application/json'})
        answer = connection.getresponse()
        return answer, connection

    def json(self, path, token):
        answer, connection = self.get(path, token)
        text = answer.read()
        connection.close()
        if answer.status >= 400:
            raise SystemExit('bench: %s: %d %s' % (path, answer.status, text[:300]))
        return json.loads(text)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()


def load(programs, server, token, requests, connections=16, seconds=5, rate=0):
    """One run of the load client over a file of requests; its JSON."""
    return json.loads(run([programs.load, '--port', str(server.port), '--requests', requests, '--token', token, '--connections',
                           str(connections), '--seconds', str(seconds), '--rate', str(int(rate))]))
