import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
// The same folders and texts are read by the tests.
import { correctionFiles, featureFolders, outside, textFiles, texts } from './scripts/features.mjs';

/** What the folders of features give to the page: their manifests, and the texts of each language in one piece. */
function features(): Plugin {
	const name = 'virtual:features';
	const locale = /^\0?virtual:texts\/([\w-]+)\.json$/;
	const from = fileURLToPath(new URL('./src/app/main.tsx', import.meta.url));
	return {
		name: 'guanxi-features',
		enforce: 'pre',
		async resolveId(id, importer) {
			if (id === name || locale.test(id)) return `\0${id}`;
			// A folder from outside has no packages of its own.
			if (importer && /^[@a-z]/.test(id) && !id.startsWith('@/') && outside().some((folder) => importer.startsWith(`${folder}/`)))
				return this.resolve(id, from, { skipSelf: true });
			return undefined;
		},
		load(id) {
			const language = locale.exec(id)?.[1];
			if (language) {
				for (const file of language === 'zh-Hant' ? [...textFiles('zh-Hans'), ...correctionFiles()] : textFiles(language)) this.addWatchFile(file);
				return JSON.stringify(texts(language));
			}
			if (id !== `\0${name}`) return undefined;
			const folders = featureFolders();
			return `${folders.map((folder, i) => `import f${i} from ${JSON.stringify(`${folder}/feature.ts`)};`).join('\n')}\nexport default [${folders.map((_, i) => `f${i}`).join()}];`;
		},
	};
}

/** The list of chunks is for scripts/size.mjs; it is not served. */
function manifestAside(): Plugin {
	return {
		name: 'guanxi-manifest',
		apply: 'build',
		closeBundle() {
			const folder = fileURLToPath(new URL('./.cache/', import.meta.url));
			const made = fileURLToPath(new URL('./dist/.vite', import.meta.url));
			if (!existsSync(made)) return;
			mkdirSync(folder, { recursive: true });
			copyFileSync(`${made}/manifest.json`, `${folder}manifest.json`);
			rmSync(made, { recursive: true });
		},
	};
}

interface Modules {
	getModuleInfo(id: string): { importedIds: readonly string[]; code?: string | null } | null;
}

/** What a first visit needs: all that these import, not what they load later. The palette is there before it is asked for. */
const FIRST = ['app/main.tsx', 'app/Shell.tsx', 'components/list/ListPage.tsx', 'app/palette/Palette.tsx']
	.map((file) => fileURLToPath(new URL(`./src/${file}`, import.meta.url)));
let needed: Set<string> | null = null;

/** Modules that are a list of everything a package has. */
const LIST = /\/(antd\/es|@ant-design\/icons\/es|@ant-design\/icons\/es\/icons)\/index\.js$/;
const lists = new Map<string, Map<string, string>>();

/** Where each name of a list comes from: `export { default as Button } from './button'`. */
function namesOf(list: string, modules: Modules): Map<string, string> {
	const known = lists.get(list);
	if (known) return known;
	const { importedIds = [], code } = modules.getModuleInfo(list) ?? {};
	const names = new Map<string, string>();
	for (const [, name, from] of code?.matchAll(/export \{ default as (\w+) \} from ['"]\.\/([^'"]+)['"]/g) ?? []) {
		const at = `${dirname(list)}/${from}`;
		const id = importedIds.find((next) => next === at || next === `${at}.js` || next === `${at}/index.js`);
		if (id) names.set(name!, id);
	}
	for (const next of importedIds) if (LIST.test(next)) for (const [name, id] of namesOf(next, modules)) names.set(name, id);
	lists.set(list, names);
	return names;
}

/** What a module imports; of a list only what it names, else what one late page uses would come with the first. */
function imported(id: string, modules: Modules): readonly string[] {
	if (LIST.test(id)) return [];
	const { importedIds = [], code } = modules.getModuleInfo(id) ?? {};
	const named = importedIds.filter((next) => LIST.test(next)).map((list) => namesOf(list, modules));
	if (named.length === 0 || !code) return importedIds;
	const words = [...code.matchAll(/import\s*\{([^}]*)\}\s*from/g)].flatMap((found) => found[1]!.split(',').map((name) => name.trim().split(/\s+as\s+/)[0]!));
	return [...importedIds, ...named.flatMap((names) => words.flatMap((word) => names.get(word) ?? []))];
}

function neededFirst(id: string, modules: Modules): boolean {
	if (!needed) {
		needed = new Set(FIRST);
		for (const at of needed) for (const next of imported(at, modules)) needed.add(next);
	}
	return needed.has(id) && !FIRST.includes(id);
}

const api = process.env.GUANXI_API ?? 'http://127.0.0.1:8080';

export default defineConfig({
	plugins: [react(), features(), manifestAside()],
	resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
	// The server puts a fresh value in its place with every answer.
	html: { cspNonce: '__CSP_NONCE__' },
	server: { port: 5173, strictPort: true, proxy: { '/api': api } },
	build: {
		target: 'es2022',
		// A data: address would need a wider content security policy.
		assetsInlineLimit: 0,
		manifest: true,
		modulePreload: { polyfill: false },
		reportCompressedSize: false,
		chunkSizeWarningLimit: 1500,
		// What several pages share comes in one piece, or two: forty small ones take their turns on a few connections. What no first
		// visit needs stays out of the first piece, however many pages share it.
		rolldownOptions: { treeshake: { moduleSideEffects: [{ test: /\/@rc-component\/form\//, sideEffects: false }] }, output: { codeSplitting: { groups: [
			{ name: (id, modules) => (neededFirst(id, modules) ? 'base' : null), priority: 2 }, { name: 'shared', minShareCount: 3, priority: 1 },
		] } } },
	},
});
