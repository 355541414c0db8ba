/** Which reports there are, and in which field of work each stands. */
import type { Who } from '@/app/feature.ts';

export interface Item {
	name: string;
	to: string;
	label: string;
	text: string;
}

type Field = 'sales' | 'customers' | 'products' | 'deals';
const FIELDS: Field[] = ['sales', 'customers', 'products', 'deals'];

/** Reports of the server, by field. */
const OWN: [string, Field][] = [
	['sales', 'sales'], ['ranking', 'sales'], ['funnel', 'deals'], ['movement', 'deals'], ['returning', 'customers'],
	['cohorts', 'customers'], ['rfm', 'customers'], ['concentration', 'customers'], ['silence', 'customers'], ['baskets', 'products'],
];

/** Pages of other features that are reports too. */
const ELSEWHERE: { name: string; field: Field; to: string; label: string; text: string; entity: string }[] = [
	{ name: 'ageing', field: 'sales', to: '/ageing', label: 'money.ageing', text: 'report.ageing_text', entity: 'receivable' },
	{ name: 'forecast', field: 'deals', to: '/forecast', label: 'forecast.title', text: 'report.forecast_text', entity: 'opportunity' },
	{ name: 'targets', field: 'sales', to: '/targets', label: 'targets.title', text: 'report.targets_text', entity: 'target' },
];

export function galleryOf(who: Who, names: string[], available: boolean): { field: Field; items: Item[] }[] {
	return FIELDS.map((field) => ({
		field,
		items: [
			...(available ? OWN.filter(([name, of]) => of === field && names.includes(name)) : [])
				.map(([name]) => ({ name, to: `/reports/${name}`, label: `report.name_${name}`, text: `report.text_${name}` })),
			...ELSEWHERE.filter((e) => e.field === field && who.may(e.entity, 'read')),
		],
	})).filter((f) => f.items.length > 0);
}

export const isReport = (name: string | undefined): name is string => OWN.some(([own]) => own === name);
