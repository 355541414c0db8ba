import type { EditProps, Kind, ShowProps } from './kind.ts';
import { TextEdit, TextFilter, tooLong } from './text.tsx';

function Show({ value }: ShowProps) {
	const url = String(value);
	const short = url.replace(/^https?:\/\/(www\.)?/, '').replace(/\/$/, '');
	if (!/^https?:\/\//i.test(url)) return <span className="text">{url}</span>;
	return <a className="text" href={url} target="_blank" rel="noopener noreferrer nofollow">{short}</a>;
}

export const url: Kind = {
	Show,
	Edit: (props: EditProps) => <TextEdit {...props} inputMode="url" />,
	Filter: TextFilter,
	text: (_, value) => String(value ?? ''),
	check: (_, value) => (value && !/^(https?:\/\/)?[^\s/]+\.[^\s]+$/i.test(String(value)) ? 'check.not_url' : tooLong(2000, value)),
	width: 160,
	inline: true,
};
