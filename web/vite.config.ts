import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
// The same derivation is used by the tests that compare the languages.
import { traditional } from './scripts/zh-hant.mjs';

/** Traditional Chinese is derived from Simplified at build time, then corrected by a list. */
function traditionalChinese(): Plugin {
	const name = 'virtual:locale/zh-Hant';
	const folder = new URL('./src/locales/', import.meta.url);
	return {
		name: 'guanxi-zh-hant',
		resolveId: (id) => (id === name ? `\0${name}.json` : undefined),
		load(id) {
			if (id !== `\0${name}.json`) return undefined;
			for (const file of ['zh-Hans.json', 'zh-Hant.corrections.json']) this.addWatchFile(fileURLToPath(new URL(file, folder)));
			return JSON.stringify(traditional(folder));
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

const api = process.env.GUANXI_API ?? 'http://127.0.0.1:8080';

export default defineConfig({
	plugins: [react(), traditionalChinese(), manifestAside()],
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
		// What several pages share comes in one piece: forty small ones take their turns on a few connections.
		rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'base', minShareCount: 3 }] } } },
	},
});
