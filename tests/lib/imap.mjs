// A mail server for tests that is read by IMAP: holds messages, answers as it is told, cuts the line where it is told.
import { createServer } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const internal = (d) => `${String(d.getUTCDate()).padStart(2, '0')}-${months[d.getUTCMonth()]}-${d.getUTCFullYear()} ${d.toISOString().slice(11, 19)} +0000`;

/**
 * `answer(stage, line)` may give a reply for a command ("greet", "capability", "login", "authenticate", "examine", "search", "sizes", "fetch", "idle", "noop"): 'drop' cuts
 * the line without one, 'half' in the middle of the usual answer, text is said in its place; nothing: the usual.
 */
export async function imapServer({ answer = () => undefined, tls, startTls = false, capabilities = 'IMAP4rev1 SASL-IR IDLE AUTH=PLAIN AUTH=XOAUTH2', user = 'service', secret = 'open sesame' } = {}) {
  const it = { messages: [], uidvalidity: 7, next: 1, said: [], answer, connections: 0, sockets: new Set(), idlers: new Set(), capabilities, secret };

  /** Puts a message into the mailbox and tells those who wait. */
  it.put = (raw, { at = new Date() } = {}) => {
    const message = { uid: it.next++, raw: Buffer.from(raw.replace(/\r?\n/g, '\r\n')), at };
    it.messages.push(message);
    for (const tell of it.idlers) tell();
    return message.uid;
  };
  it.renumber = () => {
    it.uidvalidity++;
    it.messages.forEach((m, i) => { m.uid = 100 + i; });
    it.next = 100 + it.messages.length;
    it.cut();
  };
  it.cut = () => it.sockets.forEach((s) => s.destroy());

  function talk(raw) {
    let socket = raw, buffer = '', asked = null, idle = null, told = 0;
    const write = (data) => { if (!socket.destroyed) socket.write(data); };
    const say = (line) => write(`${line}\r\n`);
    function reply(stage, line, usual) {
      const told = it.answer(stage, line);
      if (told === 'drop') return socket.destroy();
      if (told === 'half') {
        const whole = Buffer.isBuffer(usual) ? usual : Buffer.from(usual);
        return socket.end(whole.subarray(0, Math.floor(whole.length / 2)));
      }
      write(told ?? usual);
    }
    const numbers = (set) => new Set(set.split(',').flatMap((part) => {
      const [a, b] = part.split(':');
      const last = Math.max(0, ...it.messages.map((m) => m.uid)), to = b === '*' ? Math.max(last, Number(a)) : Number(b ?? a);
      return it.messages.map((m) => m.uid).filter((uid) => (uid >= Number(a) && uid <= to) || (b === '*' && uid === last));
    }));
    function signIn(tag, good) {
      reply(good ? 'login' : 'refuse', tag, good ? `${tag} OK in\r\n` : `${tag} NO [AUTHENTICATIONFAILED] wrong password\r\n`);
    }
    function credentials(tag, kind, text) {
      const plain = Buffer.from(text, 'base64').toString();
      signIn(tag, kind === 'XOAUTH2' ? plain === `user=${user}\x01auth=Bearer ${it.secret}\x01\x01` : plain === `\0${user}\0${it.secret}`);
    }
    function fetch(tag, set, items) {
      const chosen = it.messages.filter((m) => numbers(set).has(m.uid));
      const cut = /BODY\.PEEK\[\]<0\.(\d+)>/.exec(items);
      const out = chosen.flatMap((m) => {
        const n = it.messages.indexOf(m) + 1, head = `* ${n} FETCH (UID ${m.uid}`;
        if (!/BODY/.test(items)) return [Buffer.from(`${head} RFC822.SIZE ${m.size ?? m.raw.length})\r\n`)];
        const body = cut ? m.raw.subarray(0, Number(cut[1])) : m.raw;
        return [Buffer.from(`${head} FLAGS (\\Seen $Odd) INTERNALDATE "${internal(m.at)}" BODY[]${cut ? '<0>' : ''} {${body.length}}\r\n`), body, Buffer.from(')\r\n')];
      });
      reply(/BODY/.test(items) ? 'fetch' : 'sizes', items, Buffer.concat([...out, Buffer.from(`${tag} OK done\r\n`)]));
    }
    function command(line) {
      it.said.push(line);
      if (asked) {
        const { tag, kind } = asked;
        asked = null;
        return credentials(tag, kind, line);
      }
      if (idle) {
        it.idlers.delete(idle.tell);
        const { tag } = idle;
        idle = null;
        return line.toUpperCase() === 'DONE' ? say(`${tag} OK`) : say(`${tag} BAD`);
      }
      const [tag, word = '', ...rest] = line.split(' ');
      switch (word.toUpperCase()) {
        case 'CAPABILITY':
          return reply('capability', line, `* CAPABILITY ${startTls && !(socket instanceof TLSSocket) ? 'IMAP4rev1 STARTTLS LOGINDISABLED' : it.capabilities}\r\n${tag} OK\r\n`);
        case 'STARTTLS':
          say(`${tag} OK go on`);
          socket = new TLSSocket(raw, { isServer: true, secureContext: createSecureContext(tls) });
          return listen();
        case 'LOGIN': return signIn(tag, line.endsWith(`LOGIN "${user}" "${it.secret}"`));
        case 'AUTHENTICATE':
          if (rest[1]) return credentials(tag, rest[0], rest[1]);
          asked = { tag, kind: rest[0] };
          return say('+ ');
        case 'EXAMINE':
          if (!/INBOX/.test(line) && !/&/.test(line)) return say(`${tag} NO no such folder`);
          told = it.messages.length;
          return reply('examine', line, `* FLAGS (\\Seen)\r\n* ${it.messages.length} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY ${it.uidvalidity}] ok\r\n* OK [UIDNEXT ${it.next}] ok\r\n${tag} OK [READ-ONLY] done\r\n`);
        case 'NOOP': return reply('noop', line, `* ${it.messages.length} EXISTS\r\n${tag} OK\r\n`);
        case 'IDLE': {
          const tell = () => { told = it.messages.length; say(`* ${told} EXISTS`); };
          idle = { tag, tell };
          it.idlers.add(tell);
          reply('idle', line, '+ idling\r\n');
          if (told !== it.messages.length) tell(); // it came since the last command
          return;
        }
        case 'UID': {
          const [what, ...args] = rest;
          if (what === 'SEARCH') {
            const since = /SINCE (\S+)/.exec(line);
            const found = it.messages.filter((m) => numbers(args[1]).has(m.uid) && (!since || m.at >= new Date(`${since[1]} UTC`)));
            return reply('search', line, `* SEARCH ${found.map((m) => m.uid).join(' ')}\r\n${tag} OK\r\n`);
          }
          return fetch(tag, args[0], args.slice(1).join(' '));
        }
        case 'LOGOUT': say('* BYE bye'); say(`${tag} OK`); return socket.end();
        default: return say(`${tag} BAD what?`);
      }
    }
    function listen() {
      socket.on('data', (d) => {
        buffer += d.toString('latin1');
        for (let at; (at = buffer.indexOf('\r\n')) >= 0;) {
          const line = buffer.slice(0, at);
          buffer = buffer.slice(at + 2);
          command(line);
        }
      });
      socket.on('error', () => {});
      socket.on('close', () => { if (idle) it.idlers.delete(idle.tell); });
    }
    listen();
    reply('greet', '', '* OK ready\r\n');
  }

  const server = createServer((raw) => {
    it.connections++;
    it.sockets.add(raw);
    raw.on('close', () => it.sockets.delete(raw));
    raw.on('error', () => {});
    talk(raw);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  it.port = server.address().port;
  it.close = () => { it.cut(); server.close(); };
  return it;
}
