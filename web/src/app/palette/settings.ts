/** Single settings among what can be jumped to: found by what they are called in any of the page's languages. */
import { useQuery } from '@tanstack/react-query';
import { get } from '@/api/client.ts';
import { useApp, useCan } from '@/app/context.tsx';
import type { Setting } from '@/api/types.ts';

export interface Found {
	key: string;
	label: string;
	group: string;
	/** What typing is compared with. */
	words: string;
	to: string;
}

interface Place {
	scope: 'firm' | 'user';
	to(name: string): string;
}

const FIRM: Place = { scope: 'firm', to: (name) => `/settings/firm?set=${name}` };
const MINE: Place = { scope: 'user', to: (name) => `/account?tab=mine&set=${name}` };

async function ask(place: Place, signal: AbortSignal): Promise<Found[]> {
	const settings = await get<Setting[]>(`settings?scope=${place.scope}`, signal);
	return settings.map((s) => ({
		key: `${place.scope}.${s.name}`, label: s.label, group: s.group, to: place.to(s.name),
		words: [s.label, s.name.replace(/[._]/g, ' '), ...s.words, s.group, s.help ?? ''].join(' ').toLowerCase(),
	}));
}

/** Nothing is asked before somebody types; then once for all that is typed. */
export function useFindable(wanted: boolean): Found[] {
	const { preferences: { locale } } = useApp();
	const admin = useCan('admin');
	const found = useQuery({
		queryKey: ['settings', 'findable', locale, admin],
		enabled: wanted,
		staleTime: 5 * 60_000,
		queryFn: async ({ signal }) => (await Promise.all((admin ? [FIRM, MINE] : [MINE]).map((place) => ask(place, signal)))).flat(),
	});
	return found.data ?? NONE;
}

const NONE: Found[] = [];

/** Whether a name has this very word; Chinese has no blanks between them. A person called Li does not ask for limits. */
export function isWordOf(name: string, said: string): boolean {
	const text = name.toLowerCase();
	return /\p{Script=Han}/u.test(said) ? said.length > 1 && text.includes(said) : text.split(/[^\p{L}\p{N}]+/u).includes(said);
}

/** Named so comes before what merely speaks of it. */
export function settingsFor(all: Found[], said: string): Found[] {
	const words = said.toLowerCase().split(/\s+/).filter(Boolean);
	if (words.length === 0) return [];
	const rank = (f: Found) => (words.every((w) => f.label.toLowerCase().includes(w)) ? 0 : 1);
	return all.filter((f) => words.every((w) => f.words.includes(w))).sort((a, b) => rank(a) - rank(b));
}
