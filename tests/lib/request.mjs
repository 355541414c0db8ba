// One question over HTTP: `fetch` takes three times the processor of node's own client, and these tests ask a hundred thousand.
import { Agent, request } from 'node:http';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

const agent = new Agent({ keepAlive: true, scheduling: 'lifo' });
const text = new TextDecoder();
const packed = { gzip: gunzipSync, br: brotliDecompressSync, deflate: inflateSync };

function headersOf(raw) {
  const headers = new Headers();
  for (let i = 0; i < raw.length; i += 2) headers.append(raw[i], raw[i + 1]);
  return headers;
}

function once(url, { method = 'GET', headers = {}, body }) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }; // node leaves it out of DELETE
    const asked = request(url, { method, agent, headers: { ...length, accept: '*/*', 'accept-language': '*', 'user-agent': 'node', ...headers } });
    asked.on('error', (error) => reject(Object.assign(error, { stale: asked.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(error.code) })));
    asked.on('response', (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        const whole = Buffer.concat(parts), unpack = whole.length && packed[answer.headers['content-encoding']];
        resolve({ status: answer.statusCode, headers: headersOf(answer.rawHeaders), text: text.decode(unpack ? unpack(whole) : whole) });
      });
    });
    if (body === undefined) asked.end();
    else asked.end(body);
  });
}

/**
 * Asks, and reads the whole answer; follows where it leads, as `fetch` does.
 *
 * @param {string} url
 * @param {{method?: string, headers?: Record<string, string>, body?: string | Uint8Array}} [options]
 * @returns {Promise<{status: number, headers: Headers, text: string}>} rejected where no answer came
 */
export async function ask(url, options = {}) {
  // a connection that was kept may have been closed meanwhile, which shows when it is used
  const answer = await once(url, options).catch((error) => (error.stale ? once(url, options) : Promise.reject(error)));
  const to = answer.headers.get('location');
  if (![301, 302, 303, 307, 308].includes(answer.status) || !to) return answer;
  return ask(new URL(to, url).href, answer.status < 304 ? { headers: options.headers } : options);
}
