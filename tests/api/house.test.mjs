// What the house says of itself: refusals in the reader's language, health, metrics that a scraper takes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, start } from '../lib/server.mjs';

let server, api;

before(async () => {
  server = await start();
  api = server.api;
});
after(() => server?.close());

const languages = { en: 'en', 'zh-CN': 'zh-Hans', 'zh-Hans': 'zh-Hans', 'zh-TW': 'zh-Hant', 'zh-Hant-HK': 'zh-Hant', 'fr, zh-TW;q=0.5, en;q=0.1': 'zh-Hant', 'de': 'en' };

test('refusals are problem documents in the language asked for', async () => {
  const wrongs = [
    ['POST', '/api/v1/customer', { name: '', email: 'no address', stage: 'nowhere' }, 422],
    ['GET', '/api/v1/customer/1', undefined, 404],
    ['GET', '/api/v1/customer?nonsense=eq.1', undefined, 400],
    ['GET', '/api/v1/nothing', undefined, 404],
    ['PATCH', '/api/v1/customer', { city: 'x' }, 422],
  ];
  for (const [method, path, body, status] of wrongs) {
    const said = {};
    for (const [header, language] of Object.entries(languages)) {
      const answer = await api(method, path, body, { 'Accept-Language': header });
      assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
      assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
      assert.equal(answer.body.status, status);
      for (const member of ['type', 'title', 'code', 'message', 'request_id']) assert.ok(member in answer.body, member);
      const text = [answer.body.message, ...(answer.body.errors ?? []).map((e) => e.message)].join(' | ');
      said[language] ??= text;
      assert.equal(text, said[language], `${header} on ${path}`);
    }
    assert.ok(!/[\u3400-\u9fff]/.test(said.en), said.en);
    for (const language of ['zh-Hans', 'zh-Hant']) assert.match(said[language], /[\u3400-\u9fff]/);
    // some sentences are written alike in both scripts, but none in the wrong one
    assert.ok(!/[个这见说为务实题无处请应错误]/.test(said['zh-Hant']), said['zh-Hant']);
    assert.ok(!/[個這見說為務實題無處請應錯誤]/.test(said['zh-Hans']), said['zh-Hans']);
  }
});

test('health says whether it can write', async () => {
  const answer = await client(server.url, null)('GET', '/healthz');
  assert.deepEqual([answer.status, answer.body.ok], [200, true]);
});

/** Reads Prometheus' text format 0.0.4 as strictly as its own parser does. */
function read(text) {
  assert.ok(text.endsWith('\n'));
  const metrics = new Map();
  let current;
  for (const line of text.slice(0, -1).split('\n')) {
    const head = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (head) {
      const [, what, name, rest] = head;
      if (what === 'HELP') {
        assert.ok(!metrics.has(name), `${name} comes twice`);
        metrics.set(name, (current = { name, samples: [] }));
      } else {
        assert.equal(current.name, name);
        assert.match(rest, /^(counter|gauge|histogram)$/);
        current.type = rest;
      }
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[+-]Inf|NaN)$/.exec(line);
    assert.ok(sample, `no sample: ${line}`);
    const base = current.type === 'histogram' ? sample[1].replace(/_(bucket|sum|count)$/, '') : sample[1];
    assert.equal(base, current.name, line);
    current.samples.push({ name: sample[1], labels: sample[2] ?? '', value: Number(sample[3]) });
  }
  return metrics;
}

test('metrics are Prometheus text, and count what was done', async () => {
  const first = await api('GET', '/metrics');
  assert.equal(first.status, 200);
  assert.match(first.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  const before = read(first.text);
  for (let i = 0; i < 20; i++) await api('GET', '/api/v1/tag');
  await api('POST', '/api/v1/tag', { name: 'counted' });
  const now = read((await api('GET', '/metrics')).text);
  for (const [name, metric] of now) {
    assert.ok(metric.type, name);
    assert.ok(metric.type !== 'counter' || name.endsWith('_total'), name);
    assert.equal(new Set(metric.samples.map((s) => s.name + s.labels)).size, metric.samples.length, name);
  }
  const histogram = now.get('guanxi_http_latency_seconds');
  const of = (suffix) => histogram.samples.filter((s) => s.name.endsWith(suffix));
  const buckets = of('_bucket'), bounds = buckets.map((s) => (s.labels.includes('+Inf') ? Infinity : Number(/le="([^"]+)"/.exec(s.labels)[1])));
  assert.deepEqual(bounds, [...bounds].sort((a, b) => a - b));
  assert.equal(bounds.at(-1), Infinity);
  assert.ok(buckets.every((b, i) => i === 0 || b.value >= buckets[i - 1].value), 'buckets add up');
  const [count] = of('_count'), [sum] = of('_sum');
  assert.equal(count.value, buckets.at(-1).value);
  assert.ok(sum.value > 0 && sum.value < 60);
  const answered = (m) => m.get('guanxi_http_requests_total').samples.find((s) => s.labels.includes('2xx')).value;
  assert.ok(answered(now) >= answered(before) + 21);
  assert.ok(now.get('guanxi_store_commits_total').samples[0].value > before.get('guanxi_store_commits_total').samples[0].value);
  assert.ok(now.get('guanxi_resident_memory_bytes').samples[0].value > 1e6);
});
