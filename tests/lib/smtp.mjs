// A mail server for tests: keeps what it is given, answers as it is told, counts what it was told to the end.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';

/** A certificate of its own for `localhost` and 127.0.0.1: { key, cert }. */
export function certificate() {
  const dir = mkdtempSync(join(tmpdir(), 'guanxi-cert-'));
  const file = (name) => join(dir, name);
  try {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', file('key.pem'), '-out', file('cert.pem')], { stdio: 'ignore' });
    return { key: readFileSync(file('key.pem'), 'utf8'), cert: readFileSync(file('cert.pem'), 'utf8') };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * `answer(stage, info)` may give (or promise) a reply for a stage ("connect", "ehlo", "auth", "mail", "rcpt", "data", "end", "quit"), 'drop' to cut the line without
 * one, or nothing: the usual. At "end" the whole mail has come. `extensions`: further lines of EHLO.
 */
export async function smtpSink({ answer = () => undefined, tls, startTls = false, extensions = [] } = {}) {
  const it = { mails: [], ended: [], said: [], answer, connections: 0, open: 0, mostOpen: 0, sockets: new Set() };

  function talk(raw) {
    let socket = raw, buffer = '', mail = {}, data = null, auth = null, busy = Promise.resolve();
    const say = (text) => { if (!socket.destroyed) socket.write(`${text}\r\n`); };
    const info = () => ({ ...mail, secure: socket instanceof TLSSocket });
    async function step(stage, usual, after) {
      const told = await it.answer(stage, info());
      if (told === 'drop') return socket.destroy();
      say(told ?? usual);
      if (/^[23]/.test(told ?? usual)) after?.();
    }
    async function command(line) {
      it.said.push(line);
      if (auth) {
        auth.lines.push(Buffer.from(line, 'base64').toString());
        if (auth.kind === 'LOGIN' && auth.lines.length === 1) return say('334 UGFzc3dvcmQ6');
        mail.auth = auth;
        auth = null;
        return step('auth', '235 welcome');
      }
      const word = line.slice(0, 4).toUpperCase();
      if (word === 'EHLO') {
        const told = await it.answer('ehlo', info());
        if (told) return told === 'drop' ? socket.destroy() : say(told);
        const lines = ['sink', ...(startTls && !(socket instanceof TLSSocket) ? ['STARTTLS'] : ['AUTH PLAIN LOGIN XOAUTH2']), ...extensions];
        return lines.forEach((l, i) => say(`250${i === lines.length - 1 ? ' ' : '-'}${l}`));
      }
      if (word === 'STAR') {
        say('220 go on');
        socket = new TLSSocket(raw, { isServer: true, secureContext: createSecureContext(tls) });
        return listen();
      }
      if (word === 'AUTH') {
        const [, kind, first] = line.split(' ');
        auth = { kind, lines: first ? [Buffer.from(first, 'base64').toString()] : [] };
        if (kind !== 'LOGIN' && first) {
          mail.auth = auth;
          auth = null;
          return step('auth', '235 welcome');
        }
        return say(kind === 'LOGIN' && !first ? '334 VXNlcm5hbWU6' : '334 ');
      }
      if (word === 'MAIL') { mail = { auth: mail.auth, from: /<(.*?)>/.exec(line)?.[1] }; return step('mail', '250 ok'); }
      if (word === 'RCPT') { mail.to = /<(.*?)>/.exec(line)?.[1]; return step('rcpt', '250 ok'); }
      if (word === 'DATA') return step('data', '354 go on', () => { data = ''; });
      if (word === 'QUIT') { say('221 bye'); return socket.end(); }
      if (word === 'RSET' || word === 'NOOP') return say('250 ok');
      say('502 what?');
    }
    async function eat() {
      for (;;) {
        if (data !== null) {
          data += buffer;
          buffer = '';
          const end = data.startsWith('.\r\n') ? 0 : data.indexOf('\r\n.\r\n');
          if (end < 0) return;
          buffer = data.slice(end + (end || data.startsWith('\r\n.') ? 5 : 3));
          const got = { ...info(), text: data.slice(0, end + 2).replace(/^\.\./gm, '.'), at: Date.now() };
          got.id = /^message-id:\s*<(.*?)>/im.exec(got.text)?.[1];
          data = null;
          it.ended.push(got);
          mail = { ...mail, ...got };
          await step('end', '250 taken', () => it.mails.push(got));
          mail = { auth: mail.auth };
          continue;
        }
        const at = buffer.indexOf('\r\n');
        if (at < 0) return;
        const line = buffer.slice(0, at);
        buffer = buffer.slice(at + 2);
        await command(line);
      }
    }
    function listen() {
      socket.on('data', (d) => { buffer += d.toString('latin1'); busy = busy.then(eat).catch(() => socket.destroy()); });
      socket.on('error', () => {});
    }
    listen();
    step('connect', '220 sink').catch(() => {});
  }

  const server = createServer((raw) => {
    it.connections++;
    it.mostOpen = Math.max(it.mostOpen, ++it.open);
    it.sockets.add(raw);
    raw.on('close', () => { it.open--; it.sockets.delete(raw); });
    raw.on('error', () => {});
    talk(raw);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  it.port = server.address().port;
  it.close = () => { it.sockets.forEach((s) => s.destroy()); server.close(); };
  return it;
}
