import type { EditProps, Kind, ShowProps } from './kind.ts';
import { TextEdit, TextFilter, tooLong } from './text.tsx';

function Show({ value, place }: ShowProps) {
	const address = String(value);
	// A masked address is no address.
	if (place === 'cell' || address.includes('*')) return <span className="text">{address}</span>;
	// Where there is no room, the line ends before the domain.
	const [local, ...domain] = address.split(/(?=@)/);
	return <a href={`mailto:${address}`}>{local}<wbr />{domain.join('')}</a>;
}

export const email: Kind = {
	Show,
	Edit: (props: EditProps) => <TextEdit {...props} inputMode="email" />,
	Filter: TextFilter,
	text: (_, value) => String(value ?? ''),
	check: (_, value) => (value && !/^[^\s@]+@[^\s@]+$/.test(String(value)) ? 'check.not_email' : tooLong(254, value)),
	width: 190,
	inline: true,
};
