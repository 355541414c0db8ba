/** What pages, settings and records are called in the languages of the page, so that each is found in all of them. */
import { useQuery } from '@tanstack/react-query';
import { call } from '@/api/client.ts';
import type { Meta } from '@/api/types.ts';
import { useApp } from '../context.tsx';
import { textsOf } from '../i18n.ts';
import type { Locale } from '@/lib/format.ts';

const ALL: Locale[] = ['en', 'zh-Hans', 'zh-Hant'];

/** By i18n key, and by entity as "=customer". */
type Words = Map<string, string>;

function flatten(node: object, path: string, into: Words) {
	for (const [key, value] of Object.entries(node)) {
		const here = path ? `${path}.${key}` : key;
		if (typeof value === 'string') into.set(here, `${into.get(here) ?? ''} ${value.toLowerCase()}`);
		else flatten(value as object, here, into);
	}
}

/** Nothing is asked before somebody types; then once for all that is typed. */
export function useWords(wanted: boolean): (key: string | undefined, entity?: string) => string {
	const { me, preferences: { locale } } = useApp();
	const { data } = useQuery({
		queryKey: ['words', locale, me.id],
		enabled: wanted,
		staleTime: Infinity,
		queryFn: async ({ signal }) => {
			const words: Words = new Map();
			await Promise.all(ALL.filter((l) => l !== locale).map(async (language) => {
				const [texts, meta] = await Promise.all([textsOf(language), call<Meta>('GET', `meta?language=${language}`, { signal })]);
				flatten(texts, '', words);
				for (const e of meta.data.entities) words.set(`=${e.name}`, `${words.get(`=${e.name}`) ?? ''} ${e.label_many} ${e.label}`.toLowerCase());
			}));
			return words;
		},
	});
	return (key, entity) => `${(key && data?.get(key)) ?? ''} ${(entity && data?.get(`=${entity}`)) ?? ''}`;
}
