import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
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
const FIRST = ['app/main.tsx', 'app/Shell.tsx', 'components/list/ListPage.tsx', 'app/palette/Palette.tsx'].map((file) => fileURLToPath(new URL(`./src/${file}`, import.meta.url)));
let needed: Set<string> | null = null;
const BARREL = /\/antd\/es\/index\.js$/;
/** Of antd's list of everything what is named alone: else what one late page uses would come with the first. */
function imported(id: string, modules: Modules): readonly string[] {
	const { importedIds = [], code } = modules.getModuleInfo(id) ?? {};
	if (BARREL.test(id)) return [];
	const barrel = importedIds.find((next) => BARREL.test(next));
	if (!barrel || !code) return importedIds;
	const names = [...code.matchAll(/import\s*\{([^}]*)\}\s*from\s*['"]antd['"]/g)].flatMap((found) => found[1]!.split(',').map((name) => name.trim().split(/\s+as\s+/)[0]!));
	const folders = new Set(names.map((name) => name.replace('QRCode', 'QrCode').replace(/([a-z])([A-Z])/g, '$1-$2').toLowerCase()));
	const parts = (modules.getModuleInfo(barrel)?.importedIds ?? []).filter((next) => folders.has(/\/es\/([\w-]+)\//.exec(next)?.[1] ?? ''));
	return [...importedIds, ...parts];
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
		rolldownOptions: { output: { codeSplitting: { groups: [
			{ name: (id, modules) => (neededFirst(id, modules) ? 'base' : null), priority: 2 }, { name: 'shared', minShareCount: 3, priority: 1 },
		] } } },
	},
});
