// S22 S40 S41: files from strangers. What comes back never runs, whatever it is called goes
// nowhere, and whatever is packed into it costs bounded memory and time.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { audited, made, peakMemory, person, raw, unchanged } from '../lib/attack.mjs';
import { client, start } from '../lib/server.mjs';

/** The server's own memory may grow by this much over all of these files together, in MB. */
const CAP_MB = 100;
let server, api, customer, idle;

before(async () => {
  server = await start();
  api = server.api;
  customer = await made(api, 'customer', { name: 'kept' });
  // a file of each kind that is read, so that libraries are loaded before memory is looked at
  for (const [name, bytes] of [['a.csv', 'name\nx\n'], ['a.xlsx', workbook({})], ['a.jsonl', '{"name":"x"}\n']]) await upload(name, bytes);
  idle = peakMemory(server.child.pid);
});
after(() => server?.close());

const bytes = (content) => (typeof content === 'string' ? new TextEncoder().encode(content) : content);
const upload = (name, content, who = api) => who('POST', `/api/v1/import?name=${encodeURIComponent(name)}`, bytes(content), { 'Content-Type': 'application/octet-stream' });
const attach = (name, content, type = 'text/html', who = api) => who('POST', `/api/v1/file?name=${encodeURIComponent(name)}&entity=customer&record_id=${customer.id}`, bytes(content), { 'Content-Type': type });

/** A workbook from its parts; `parts` replace or add, null leaves out. */
function workbook(parts, { entries = [] } = {}) {
  const plain = {
    '[Content_Types].xml': '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    '_rels/.rels': '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    'xl/workbook.xml': '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
    'xl/_rels/workbook.xml.rels': '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    'xl/sharedStrings.xml': '<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>name</t></si><si><t>Ada</t></si></sst>',
    'xl/worksheets/sheet1.xml': '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c></row></sheetData></worksheet>',
    ...parts,
  };
  // parts that are huge are said as [before, unit, how often, after], and made while packing
  const script = 'import sys,json,zipfile,io\nd=json.load(sys.stdin)\nb=io.BytesIO()\nz=zipfile.ZipFile(b,"w",zipfile.ZIP_DEFLATED)\nfor n,c in d:\n  if isinstance(c,list):\n    with z.open(n,"w",force_zip64=True) as f:\n      f.write(c[0].encode())\n      u=(c[1]*1000).encode()\n      for _ in range(c[2]//1000): f.write(u)\n      f.write(c[3].encode())\n  elif c is not None: z.writestr(n,c)\nz.close()\nsys.stdout.buffer.write(b.getvalue())';
  const done = spawnSync('python3', ['-c', script], { input: JSON.stringify([...Object.entries(plain), ...entries]), maxBuffer: 256 << 20 });
  assert.equal(done.status, 0, String(done.stderr));
  return new Uint8Array(done.stdout);
}

const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>';
const active = {
  'x.svg': svg, 'x.svgz': gzipSync(svg), 'x.html': '<script>alert(1)</script>', 'x.htm': '<img src=x onerror=alert(1)>', 'x.xhtml': '<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>',
  'x.xml': '<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#s"?><x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>', 'x.xsl': '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"/>', 'x.pdf': '%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\ntrailer<</Root 1 0 R>>',
  'x.js': 'alert(1)', 'x.mjs': 'export default alert(1)', 'x.css': '@import url(//canary.example)', 'x.swf': 'FWS\x09', 'x.mht': 'MIME-Version: 1.0\nContent-Type: text/html\n\n<script>alert(1)</script>', 'x.gif': 'GIF89a/*<svg/onload=alert(1)>*/=1;alert(1)', 'x.png': '\x89PNG\r\n\x1a\n<script>alert(1)</script>', 'x.jpg': '\xff\xd8\xff\xe0<script>alert(1)</script>', 'x.txt': '<!doctype html><script>alert(1)</script>', 'x': '<html><body onload=alert(1)>', 'x.json': '{"<script>":"alert(1)"}', 'x.hta': '<script language=vbscript>', 'x.webp': 'RIFF\x00\x00\x00\x00WEBP<script>', 'x.ico': svg, 'x.vcf': 'BEGIN:VCARD\nFN:<script>\nEND:VCARD', 'x.wasm': '\0asm\x01\0\0\0', 'manifest.json': '{"start_url":"javascript:alert(1)"}', 'sw.js': 'self.onfetch=1',
};

test('S22 whatever is uploaded comes back inert: never as something a browser runs here', async () => {
  for (const [name, content] of Object.entries(active)) {
    for (const type of ['text/html', 'image/svg+xml', 'application/javascript', 'application/x-shockwave-flash', 'image/png']) {
      const up = await attach(name, content, type);
      assert.equal(up.status, 201, `${name} as ${type}: ${up.status} ${up.text}`);
      for (const query of ['', '?inline=1']) {
        const down = await fetch(`${server.url}/api/v1/attachment/${up.body.id}/content${query}`, { headers: { Authorization: `Bearer ${server.token}` } });
        assert.equal(down.status, 200);
        assert.deepEqual(Buffer.from(await down.arrayBuffer()), Buffer.from(bytes(content)), name);
        const served = down.headers.get('content-type');
        assert.equal(down.headers.get('x-content-type-options'), 'nosniff', name);
        assert.match(down.headers.get('content-security-policy'), /default-src 'none'; sandbox$/, name);
        assert.ok(!/html|svg|xml|script|css|flash|multipart|message|wasm|json/.test(served), `${name} is served as ${served}`);
        const disposition = down.headers.get('content-disposition');
        if (/^image\/(png|jpeg|gif|webp)$/.test(served) && query) assert.match(disposition, /^inline/);
        else assert.match(disposition, /^attachment/, `${name}${query} is ${disposition}`);
        assert.match(down.headers.get('cache-control') ?? '', /no-store|private/);
        assert.equal(down.headers.get('access-control-allow-origin'), null);
        assert.match(down.headers.get('cross-origin-resource-policy') ?? 'same-origin', /same-origin/);
      }
    }
  }
  // and an import's file never comes back at all
  const run = await upload('x.csv', 'name\n<script>alert(1)</script>\n');
  assert.equal(run.status, 201);
  for (const path of [`import/${run.body.id}/content`, `import_run/${run.body.id}/content`, `blob/${run.body.sha256}`, `file/${run.body.id}`]) assert.ok((await api('GET', `/api/v1/${path}`)).status >= 400, path);
});

const evilNames = ['../../etc/passwd', '..\\..\\win.ini', '/etc/passwd', 'C:\\Windows\\win.ini', '\\\\host\\share\\x', '%2e%2e%2fx', '%252e%252e%252fx', '..%c0%afx', '....//x', 'x/../../y', '.', '..', '...', '.htaccess', 'a\r\nSet-Cookie: x=1', 'a\nb', 'a"; filename="b.exe', "a'b", 'a;b', 'CON', 'nul.txt', 'aux.', 'x.txt ', 'x.txt.', 'x::$DATA', 'x\u202egpj.exe', 'x'.repeat(240) + '.txt', 'x'.repeat(5000), '客户名单.txt', '\u2028x', 'a\tb', '<script>alert(1)</script>.txt', '${7*7}', '`id`', '$(id)', '-rf', '~root', '|x', 'con\u0301', '\ud83d\ude00.txt'];

test('S40 names of files lead nowhere: on disk, in headers, in exports', async () => {
  const { data } = server;
  for (const name of evilNames) {
    for (const [what, send] of [['attachment', attach], ['import', upload]]) {
      const answer = await send(name, `name\n${name.length}\n`, ...(what === 'attachment' ? ['text/plain'] : []));
      assert.ok(answer.status < 500, `${what} ${name.slice(0, 40)}: ${answer.status} ${answer.text}`);
      if (answer.status >= 400) continue;
      if (what === 'attachment') {
        const down = await fetch(`${server.url}/api/v1/attachment/${answer.body.id}/content`, { headers: { Authorization: `Bearer ${server.token}` } });
        const disposition = down.headers.get('content-disposition');
        assert.equal(down.headers.get('set-cookie'), null);
        assert.ok(/^attachment; filename="[^"\\/\r\n]*"(; filename\*=UTF-8''[A-Za-z0-9!#$&+.^_`|~%-]*)?$/.test(disposition), disposition);
        assert.ok(!/filename="[^"]*(\.\.|\/|\\)/.test(disposition) && !/%2f|%5c|%00|%0d|%0a/i.test(disposition), disposition);
      } else {
        const result = await fetch(`${server.url}/api/v1/import/${answer.body.id}/result`, { headers: { Authorization: `Bearer ${server.token}` } });
        const disposition = result.headers.get('content-disposition') ?? '';
        assert.ok(!/[\r\n]|\.\.[/\\]/.test(disposition), disposition);
      }
    }
  }
  // all that is on disk is called after its content
  for (const file of readdirSync(join(data, 'blobs'), { recursive: true, withFileTypes: true })) assert.match(file.name, file.isDirectory() ? /^([0-9a-f]{2}|tmp|new)$/ : /^[0-9a-f]{62}$/, file.name);
  for (const path of ['..%2f..%2fguanxi.conf', '..%2fsecret.key', '%2e%2e/secret.key', '....//secret.key', '%2e%2e%5csecret.key', '..;/secret.key', '..%00/secret.key', '..%c0%afsecret.key', '%252e%252e%252fsecret.key', 'assets/../../secret.key', 'assets/%2e%2e/%2e%2e/guanxi.conf', '../../../../../../etc/passwd', '//etc/passwd', '/etc/passwd', 'file:///etc/passwd', 'blobs', 'guanxi.db', 'assets/']) {
    const answer = await raw(server.url, `GET /${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${server.token}\r\n\r\n`, { silence: 2000 });
    const body = answer.text.split('\r\n\r\n').slice(1).join('\r\n\r\n');
    assert.ok(answer.status >= 400 || /<!doctype html>/i.test(body), `${path}: ${answer.status}`);
    assert.ok(!/root:x:0|listen =|base_currency|SQLite format/.test(body) && !/Index of/.test(body), path);
  }
  for (const id of ['..', '%2e%2e%2f%2e%2e%2fsecret.key', '0', `${'9'.repeat(30)}`]) assert.ok((await api('GET', `/api/v1/attachment/${id}/content`)).status >= 400, id);
});

test('S40 S05 a file that is refused leaves no row and no file', async () => {
  const reader = await person(server, 'reader', { '*': { read: 'all' } });
  await unchanged(server.data, async () => {
    for (const who of [reader.api, client(server.url)]) {
      assert.ok([401, 403].includes((await attach('x.txt', `nobody's ${who.name}`, 'text/plain', who)).status));
      assert.ok([401, 403].includes((await upload('x.csv', 'name\nnobody\n', who)).status));
    }
    for (const query of ['name=x', 'name=x&entity=user&record_id=1', 'name=x&entity=customer&record_id=999', `entity=customer&record_id=${customer.id}`, `name=&entity=customer&record_id=${customer.id}`, `name=${'x'.repeat(300)}&entity=customer&record_id=${customer.id}`, `name=x&entity=customer&record_id=${customer.id}%27`])
      assert.ok((await api('POST', `/api/v1/file?${query}`, `refused ${query}`, { 'Content-Type': 'text/plain' })).status >= 400, query.slice(0, 60));
    for (const type of ['multipart/form-data; boundary=x']) await api('POST', '/api/v1/file', '--x\r\nContent-Disposition: form-data; name="file"; filename="../../x"\r\n\r\nhi\r\n--x--\r\n', { 'Content-Type': type });
    // more than is taken: said at the head, or cut off
    const big = await raw(server.url, `POST /api/v1/file?name=x&entity=customer&record_id=${customer.id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.token}\r\nContent-Type: text/plain\r\nContent-Length: 99999999999\r\n\r\nx`, { silence: 2000 });
    assert.ok([400, 413].includes(big.status), big.text.slice(0, 80));
    // announced, and then not sent
    await raw(server.url, `POST /api/v1/file?name=half&entity=customer&record_id=${customer.id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.token}\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nhalf of it`, { silence: 300 });
  }, 'a refused file');
  await audited(api, `action=denied&actor_id=${reader.id}`, (e) => e.diff.route === '/api/v1/file', 'a refused file');
  await audited(api, `action=denied&actor_id=${reader.id}`, (e) => e.diff.route === '/api/v1/import', 'a refused import');
});

/** Uploads it, looks into it, and says what came; fails where it takes long or much. */
async function survive(what, name, content, { refused } = {}) {
  const started = performance.now();
  const up = await upload(name, content).catch(() => ({ status: 413, text: '' })); // too much: answered before all was sent
  assert.ok(up.status < 500, `${what}: ${up.status} ${up.text.slice(0, 200)}`);
  let last = up;
  if (up.status === 201) {
    last = await api('GET', `/api/v1/import/${up.body.id}/preview`);
    assert.ok(last.status < 500, `${what}, preview: ${last.status} ${last.text.slice(0, 200)}`);
    assert.ok(!/root:x:0|canary-secret/.test(last.text), `${what} tells of the inside`);
    assert.ok(last.text.length < 4 << 20, `${what}: a preview of ${last.text.length} bytes`);
    if (last.status === 200) {
      const mapping = [{ column: 0, entity: 'customer', field: 'name' }];
      const plan = await api('PUT', `/api/v1/import/${up.body.id}/plan`, { mapping, mode: 'create' });
      assert.ok(plan.status < 500, `${what}, plan: ${plan.status} ${plan.text.slice(0, 200)}`);
      if (plan.status === 200) assert.ok((await api('POST', `/api/v1/import/${up.body.id}/check`, {})).status < 500, what);
    }
  }
  if (refused) assert.ok(last.status >= 400, `${what} was taken: ${last.text.slice(0, 200)}`);
  const grown = peakMemory(server.child.pid) - idle;
  assert.ok(grown < CAP_MB, `${what}: memory grew by ${grown.toFixed(0)} MB`);
  assert.ok(performance.now() - started < 20000, `${what} took ${Math.round(performance.now() - started)} ms`);
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200, what);
  return last;
}

const sheet = (inner) => ['<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>', inner, '</sheetData></worksheet>'];
const doctype = (entities) => `<?xml version="1.0"?><!DOCTYPE x [${entities}]>`;

test('S41 workbooks: bombs, entities and lies about what is inside', async () => {
  const [open, , close] = sheet('');
  const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');
  const cases = {
    'a sheet of 100 MB in a few hundred KB': { parts: { 'xl/worksheets/sheet1.xml': [open, '<row><c t="inlineStr"><is><t>aaaaaaaaaaaaaaaa</t></is></c></row>', 2_000_000, close] }, refused: true },
    'shared strings of 130 MB': { parts: { 'xl/sharedStrings.xml': ['<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">', '<si><t>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</t></si>', 3_000_000, '</sst>'] }, refused: true },
    'one shared string of 100 MB': { parts: { 'xl/sharedStrings.xml': ['<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 2_500_000, '</t></si></sst>'] }, refused: true },
    'an entity from outside': { parts: { 'xl/sharedStrings.xml': `${doctype('<!ENTITY e SYSTEM "file:///etc/passwd">')}<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&e;</t></si></sst>` }, refused: true },
    'a parameter entity from the network': { parts: { 'xl/workbook.xml': `${doctype('<!ENTITY % e SYSTEM "http://127.0.0.1:1/x"> %e;')}<workbook/>` }, refused: true },
    'a billion laughs': { parts: { 'xl/sharedStrings.xml': `${doctype(`<!ENTITY l0 "lol">${laughs}`)}<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&l9;</t></si></sst>` }, refused: true },
    'a document type that declares nothing': { parts: { 'xl/sharedStrings.xml': `${doctype('')}<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>name</t></si><si><t>Ada</t></si></sst>` }, refused: true },
    'XInclude': { parts: { 'xl/sharedStrings.xml': '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:xi="http://www.w3.org/2001/XInclude"><si><t><xi:include href="file:///etc/passwd" parse="text"/></t></si></sst>' } },
    'a cell at the last place there is': { parts: { 'xl/worksheets/sheet1.xml': sheet('<row r="1"><c r="XFD1" t="inlineStr"><is><t>x</t></is></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>').join('') } },
    'a cell beyond it': { parts: { 'xl/worksheets/sheet1.xml': sheet('<row r="4294967297"><c r="ZZZZZZZ99999999999"><v>1</v></c></row>').join('') } },
    'string numbers out of range': { parts: { 'xl/worksheets/sheet1.xml': sheet('<row><c t="s"><v>-1</v></c><c t="s"><v>99999999999</v></c><c t="s"><v>x</v></c></row>').join('') } },
    'elements 100,000 deep': { parts: { 'xl/worksheets/sheet1.xml': `${open}${'<row>'.repeat(100000)}${'</row>'.repeat(100000)}${close}` } },
    'a sheet that is a path': { parts: { 'xl/_rels/workbook.xml.rels': '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="../../../../../../etc/passwd"/></Relationships>' }, refused: true },
    'a sheet from the network': { parts: { 'xl/_rels/workbook.xml.rels': '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" TargetMode="External" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="http://127.0.0.1:1/"/></Relationships>' }, refused: true },
    '30,000 parts': { parts: {}, entries: Array.from({ length: 30000 }, (_, i) => [`x/${i}`, '']), refused: true },
    'names that climb': { parts: {}, entries: [['../../../tmp/guanxi-climbed', 'x'], ['/tmp/guanxi-climbed', 'x'], ['..\\..\\x', 'x']] },
    'a workbook in a workbook': { parts: { 'xl/worksheets/sheet1.xml': null }, entries: [['xl/nested.xlsx', 'PK\u0003\u0004']], refused: true },
    'no content types': { parts: { '[Content_Types].xml': null } },
  };
  for (const [what, { parts, entries, refused }] of Object.entries(cases)) await survive(what, 'x.xlsx', workbook(parts, { entries }), { refused });
  const good = workbook({});
  for (const [what, content] of [['cut short', good.slice(0, good.length - 30)], ['only its end', good.slice(good.length - 100)], ['a lie about sizes', Uint8Array.from(good, (b, i) => (i > good.length - 80 && i < good.length - 40 ? 0xff : b))], ['a zip of a zip', zipOf(zipOf(good))], ['an empty zip', new Uint8Array([80, 75, 5, 6, ...Array(18).fill(0)])], ['an old workbook', new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ...Array(600).fill(0)])]])
    await survive(what, 'x.xlsx', content, { refused: true });
  assert.equal((await survive('a good one, at the end', 'x.xlsx', good)).status, 200);
});

function zipOf(content) {
  const done = spawnSync('python3', ['-c', 'import sys,zipfile,io\nb=io.BytesIO()\nz=zipfile.ZipFile(b,"w",zipfile.ZIP_DEFLATED)\nz.writestr("inner.zip",sys.stdin.buffer.read())\nz.close()\nsys.stdout.buffer.write(b.getvalue())'], { input: Buffer.from(content) });
  assert.equal(done.status, 0);
  return new Uint8Array(done.stdout);
}

/** The helpers that read workbooks at this moment, as Linux shows them. */
function readers() {
  const { pid } = server.child, found = [];
  for (const task of readdirSync(`/proc/${pid}/task`))
    try {
      for (const child of readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean))
        found.push({ limits: readFileSync(`/proc/${child}/limits`, 'utf8'), status: readFileSync(`/proc/${child}/status`, 'utf8') });
    } catch {
      // it has ended meanwhile
    }
  return found;
}

test('S41 a workbook is read in a process that may do nothing else: no file, no more than its memory', async () => {
  const [open, , close] = sheet('');
  const up = await upload('long.xlsx', workbook({ 'xl/worksheets/sheet1.xml': [`${open}<row><c t="inlineStr"><is><t>name</t></is></c></row>`, '<row><c t="inlineStr"><is><t>aaaa</t></is></c></row>', 300_000, close] }));
  assert.equal(up.status, 201, up.text);
  let reading = true, caged = 0;
  const seen = (async () => {
    while (reading) {
      for (const { limits, status } of readers()) {
        if (!/^Seccomp:\t2$/m.test(status)) continue; // it has just been started
        caged++;
        assert.match(status, /^NoNewPrivs:\t1$/m);
        assert.match(limits, /^Max address space +1258291200 +1258291200 /m);
        assert.match(limits, /^Max open files +3 +3 /m);
        assert.match(limits, /^Max file size +0 +0 /m);
        assert.match(limits, /^Max core file size +0 +0 /m);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  try {
    assert.equal((await api('PUT', `/api/v1/import/${up.body.id}/plan`, { records: [{ entity: 'customer', mode: 'create', fields: { name: 'name' } }] })).status, 200);
    assert.equal((await api('POST', `/api/v1/import/${up.body.id}/check`, {})).status, 200);
  } finally {
    reading = false;
  }
  await seen;
  assert.ok(caged > 0, 'no caged reader was seen');
});

test('S41 text: giant lines, endless quotes, strange encodings, thousands of columns', async () => {
  const mega = 'x'.repeat(1 << 20);
  const cases = [
    ['one line of 60 MB', `name\n${mega.repeat(60)}\n`, true],
    ['a cell of 60 MB in quotes', `name\n"${mega.repeat(60)}"\n`, true],
    ['a quote that never ends', `name,note\n"x,${'y\n'.repeat(2_000_000)}`, false],
    ['100,000 columns', `${Array.from({ length: 100000 }, (_, i) => `c${i}`).join(',')}\n`, true],
    ['100,000 columns in one row', `name\n${'x,'.repeat(100000)}\n`, false],
    ['quotes in the middle', 'name,note\na"b"c,"d"e"f\n"g""h,i\n', false],
    ['UTF-16 with a mark', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('name\n张伟\n', 'utf16le')]), false],
    ['UTF-16 the other way round', Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from('name\n张伟\n', 'utf16le').swap16()]), false],
    ['UTF-16 cut in the middle', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('name\n张', 'utf16le').subarray(0, 11)]), false],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x6e, 0, 0, 0, 0x0a, 0, 0, 0]), false],
    ['nothing but NUL', new Uint8Array(1 << 20), false],
    ['random bytes', Buffer.from(Array.from({ length: 100000 }, (_, i) => (i * 7919 + (i >> 3)) & 255)), false],
    ['overlong UTF-8', Buffer.from([0x6e, 0x0a, 0xc0, 0xaf, 0xe0, 0x80, 0xaf, 0xf0, 0x80, 0x80, 0xaf, 0x0a]), false],
    ['GB18030', Buffer.from([0x6e, 0x61, 0x6d, 0x65, 0x0a, 0xd5, 0xc5, 0xce, 0xb0, 0x0a]), false],
    ['2 GB in 2 MB', gzipSync(Buffer.alloc(256 << 20, 'x'), { level: 9 }), true],
    ['gzip in gzip in gzip', gzipSync(gzipSync(gzipSync(Buffer.alloc(64 << 20, 'a\n')))), false],
    ['a gzip that is cut', gzipSync('name\nx\n'.repeat(10000)).subarray(0, 60), false],
    ['JSON a million deep', '['.repeat(1_000_000), false],
    ['a JSON line of 60 MB', `{"name":"${mega.repeat(60)}"}\n`, true],
    ['JSON with 100,000 keys', `{${Array.from({ length: 100000 }, (_, i) => `"k${i}":1`).join(',')}}\n`, true],
    ['XML', `${doctype('<!ENTITY e SYSTEM "file:///etc/passwd">')}<a>&e;</a>`, true],
    ['a vCard folded for ever', `BEGIN:VCARD\nVERSION:3.0\nFN:${'x\n '.repeat(1_000_000)}\nEND:VCARD\n`, false],
    ['a vCard that never ends', `BEGIN:VCARD\n${'BEGIN:VCARD\n'.repeat(200000)}`, false],
    ['a picture in a vCard', `BEGIN:VCARD\nFN:x\nPHOTO;ENCODING=b:${'A'.repeat(30 << 20)}\nEND:VCARD\n`, false],
  ];
  for (const [what, content, refused] of cases) await survive(what, what.includes('vCard') ? 'x.vcf' : what.includes('JSON') ? 'x.jsonl' : 'x.csv', content, { refused });
  const seen = await survive('UTF-16, read right', 'x.csv', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('name\n张伟\n', 'utf16le')]));
  assert.deepEqual(seen.body.rows, [['张伟']]);
});

test('S41 a long row in a running import fails by itself, and memory stays', async () => {
  const up = await upload('rows.csv', `name,note\n${'ok,x\n'.repeat(5000)}big,"${'y'.repeat(900000)}"\n${'ok,x\n'.repeat(5000)}`);
  await api('PUT', `/api/v1/import/${up.body.id}/plan`, { records: [{ entity: 'customer', mode: 'create', fields: { name: 'name', note: 'note' } }] });
  await api('POST', `/api/v1/import/${up.body.id}/start`, {});
  for (let i = 0; i < 400; i++) {
    const run = (await api('GET', `/api/v1/import_run/${up.body.id}`)).body;
    if (['done', 'failed'].includes(run.state)) {
      assert.deepEqual([run.state, run.created, run.failed], ['done', 10000, 1]);
      break;
    }
    assert.ok(i < 399, run.state);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(peakMemory(server.child.pid) - idle < CAP_MB, `memory grew by ${(peakMemory(server.child.pid) - idle).toFixed(0)} MB`);
});

test('memory over all of these files', () => {
  const grown = peakMemory(server.child.pid) - idle;
  assert.ok(grown < CAP_MB, `grew by ${grown.toFixed(0)} MB`);
  console.log(`# idle ${idle.toFixed(0)} MB, grown by ${grown.toFixed(0)} MB at most`);
});
