/** Settings as the server describes them, and what can be chosen for each. */
import type { Setting } from '@/api/types.ts';
import { type Choice, countries, currencies, zones } from '@/lib/places.ts';

export type { Setting } from '@/api/types.ts';

export interface Scope {
	scope: 'firm' | 'branch' | 'user';
	id?: string;
}

/** Those whose words hold everything that was typed, in their groups. */
export function grouped(settings: Setting[], find: string): { group: string; settings: Setting[] }[] {
	const words = find.normalize('NFKC').toLowerCase().split(/\s+/).filter(Boolean);
	const out: { group: string; settings: Setting[] }[] = [];
	for (const s of settings) {
		const text = `${s.label} ${s.group} ${s.help ?? ''} ${s.name} ${s.words.join(' ')} ${s.value}`.normalize('NFKC').toLowerCase();
		if (!words.every((w) => text.includes(w))) continue;
		const group = out.find((g) => g.group === s.group);
		if (group) group.settings.push(s);
		else out.push({ group: s.group, settings: [s] });
	}
	return out;
}

/** What is picked from a list, although the server knows it by a code. */
export function choicesOf(type: Setting['type']): Choice[] | null {
	if (type === 'zone') return zones(new Date());
	if (type === 'currency') return currencies();
	return type === 'country' ? countries() : null;
}
