// What a first visit loads before a list is there, compressed with Brotli; fails above the limit.
import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';

const LIMIT = 400 * 1024;
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('../.cache/manifest.json', import.meta.url), 'utf8'));

const files = new Set(['index.html']);
function add(key) {
	const chunk = manifest[key];
	if (!chunk) throw new Error(`not in the manifest: ${key}`);
	if (files.has(chunk.file)) return;
	files.add(chunk.file);
	for (const css of chunk.css ?? []) files.add(css);
	for (const next of chunk.imports ?? []) add(next);
}

const find = (end) => Object.keys(manifest).find((key) => key.endsWith(end)) ?? end;
const sizes = new Map();
const compressed = (file) => {
	if (!sizes.has(file)) sizes.set(file, brotliCompressSync(readFileSync(new URL(file, dist)), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length);
	return sizes.get(file);
};

// The frame, the largest language, and the page that people open first.
for (const key of ['index.html', find('app/Shell.tsx'), find('virtual:texts/zh-Hans.json'), find('antd/es/locale/zh_CN.js'), find('list/ListPage.tsx')]) add(key);
const total = [...files].reduce((n, file) => n + compressed(file), 0);
if (process.argv.includes('-v')) for (const file of [...files].sort((a, b) => compressed(b) - compressed(a))) console.log(String(compressed(file)).padStart(8), file);
console.log(`first load: ${(total / 1024).toFixed(1)} KB in ${files.size} files (limit ${LIMIT / 1024} KB, Brotli)`);
if (total > LIMIT) process.exit(1);
