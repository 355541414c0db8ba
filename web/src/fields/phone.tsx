import type { EditProps, Kind, ShowProps } from './kind.ts';
import { TextEdit, TextFilter, tooLong } from './text.tsx';

/** +8613912345678 in groups, as people read numbers aloud. */
export function spacedPhone(value: string): string {
	const china = /^\+86(1\d{2})(\d{4})(\d{4})$/.exec(value);
	if (china) return `${china[1]} ${china[2]} ${china[3]}`;
	const north = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(value);
	if (north) return `+1 ${north[1]} ${north[2]} ${north[3]}`;
	return value;
}

function Show({ value, place }: ShowProps) {
	const phone = String(value);
	if (place === 'cell' || phone.includes('*')) return <span className="number">{spacedPhone(phone)}</span>;
	return <a className="number" href={`tel:${phone}`}>{spacedPhone(phone)}</a>;
}

export const phone: Kind = {
	Show,
	Edit: (props: EditProps) => <TextEdit {...props} inputMode="tel" />,
	Filter: TextFilter,
	text: (_, value) => String(value ?? ''),
	check: (_, value) => (value && !/\d{3}/.test(String(value).normalize('NFKC')) ? 'check.not_phone' : tooLong(60, value)),
	width: 130,
	inline: true,
};
