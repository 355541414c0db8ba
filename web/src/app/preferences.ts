/** How somebody likes the page, on this device. */
import { useSyncExternalStore } from 'react';
import { preferredLocale } from './i18n.ts';
import type { Preferences } from './context.tsx';
import type { Density, ThemeChoice } from './theme.ts';

const KEY = 'guanxi.preferences';

export function loadPreferences(): Preferences {
	let stored: { theme?: string; density?: string } = {};
	try {
		stored = JSON.parse(localStorage.getItem(KEY) ?? '{}') as typeof stored;
	} catch {
		// A damaged entry is as good as none.
	}
	return {
		locale: preferredLocale(),
		theme: themeOf(stored.theme) ?? 'auto',
		density: densityOf(stored.density) ?? 'compact',
	};
}

export function storePreferences(preferences: Preferences) {
	localStorage.setItem(KEY, JSON.stringify({ theme: preferences.theme, density: preferences.density }));
}

export function themeOf(text: string | null | undefined): ThemeChoice | null {
	return text === 'light' || text === 'dark' || text === 'auto' ? text : null;
}

export function densityOf(text: string | null | undefined): Density | null {
	return text === 'compact' || text === 'comfortable' ? text : null;
}

function useMedia(query: string): boolean {
	return useSyncExternalStore(
		(changed) => {
			const media = matchMedia(query);
			media.addEventListener('change', changed);
			return () => media.removeEventListener('change', changed);
		},
		() => matchMedia(query).matches,
	);
}

export function useDark(choice: ThemeChoice): boolean {
	const system = useMedia('(prefers-color-scheme: dark)');
	return choice === 'auto' ? system : choice === 'dark';
}

/** Phones: bottom bar, cards, tabs. */
export function usePhone(): boolean {
	return useMedia('(max-width: 719px)');
}

export function useNarrow(): boolean {
	return useMedia('(max-width: 1099px)');
}
