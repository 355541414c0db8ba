/** What is wrong at the check, field by field, and what to do about it: say what a word means, leave cells empty. */
import { Checkbox, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { entityOf, fieldOf } from '@/api/records.ts';
import type { Field } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { number } from '@/lib/format.ts';
import type { Check, CellProblem } from './types.ts';
import type { Work } from './work.ts';

interface Trouble {
	path: string;
	label: string;
	field: Field;
	/** Cells of the rows that were tried. */
	cells: number;
	/** Cells of the whole file whose words are none of the choices. */
	unknown: number;
	message: string;
	/** Words to be given a meaning. */
	words: string[];
}

/** Everything that costs a row or a value, by field; fields for which something was decided stay. */
export function troublesOf(check: Check, work: Work, find: (entity: string, field: string) => [string, Field] | null): Trouble[] {
	const out = new Map<string, Trouble>();
	const at = (entity: string | undefined, name: string | null | undefined): Trouble | null => {
		const path = `${entity}.${name}`;
		const found = entity && name ? find(entity, name) : null;
		if (!found) return null;
		if (!out.has(path)) out.set(path, { path, label: found[0], field: found[1], cells: 0, unknown: 0, message: '', words: [] });
		return out.get(path)!;
	};
	const count = (problem: CellProblem) => {
		const trouble = problem.column === null || problem.column === undefined ? null : at(problem.entity, problem.field);
		if (!trouble) return;
		trouble.cells += 1;
		trouble.message ||= problem.message;
	};
	for (const row of check.rows) {
		row.errors?.forEach(count);
		row.left?.forEach(count);
	}
	for (const warning of check.warnings ?? []) {
		const trouble = warning.code === 'import_values_unknown' ? at(warning.entity, warning.field) : null;
		if (!trouble) continue;
		trouble.words.push(...(warning.values ?? []));
		trouble.unknown = warning.count;
		trouble.message ||= warning.message;
	}
	for (const [path, words] of Object.entries(work.values)) {
		const trouble = at(path.split('.')[0], path.split('.')[1]);
		trouble?.words.unshift(...Object.keys(words).filter((w) => !trouble.words.includes(w)));
	}
	for (const path of work.leave) if (path !== '*') at(path.split('.')[0], path.split('.')[1]);
	return [...out.values()];
}

const needed = (field: Field) => Boolean(field.required) && !field.fallback;

interface Props {
	check: Check;
	work: Work;
	onChange(change: Partial<Work>): void;
}

export function Choices({ check, work, onChange }: Props) {
	const meta = useMeta();
	const { t } = useTranslation();
	const troubles = troublesOf(check, work, (entity, name) => {
		const info = entityOf(meta, entity);
		const field = fieldOf(info, name);
		return info && field ? [`${info.label} · ${field.label}`, field] : null;
	});
	if (troubles.length === 0) return null;
	const leave = (path: string, on: boolean) => onChange({ leave: on ? [...work.leave, path] : work.leave.filter((p) => p !== path) });
	const mean = (path: string, word: string, value: string | undefined) => {
		const words = { ...work.values[path] };
		if (value === undefined) delete words[word];
		else words[word] = value;
		onChange({ values: { ...work.values, [path]: words } });
	};
	const all = work.leave.includes('*');
	const anyLeft = troubles.some((x) => !needed(x.field));
	return (
		<section className="troubles" aria-label={t('import.troubles')}>
			<h2>{t('import.troubles')}</h2>
			{anyLeft && (
				<Checkbox checked={all} onChange={(e) => leave('*', e.target.checked)}>{t('import.leave_all')}</Checkbox>
			)}
			<ul>
				{troubles.map((x) => (
					<li key={x.path}>
						<div className="trouble-head">
							<b>{x.label}</b>
							{x.cells > 0 && <span className="quiet">{t('import.trouble_rows', { count: x.cells, n: number(x.cells) })}</span>}
							{x.unknown > 0 && <span className="quiet">{t('import.trouble_file', { count: x.unknown, n: number(x.unknown) })}</span>}
							{!needed(x.field) && !all && (
								<Checkbox checked={work.leave.includes(x.path)} onChange={(e) => leave(x.path, e.target.checked)}>
									{t('import.leave_cells')}<span className="sr-only">: {x.label}</span>
								</Checkbox>
							)}
						</div>
						<p className="hint">{x.message || t('import.trouble_decided')}{needed(x.field) ? ` ${t('import.trouble_needed')}` : ''}</p>
						{x.words.length > 0 && <Words trouble={x} meant={work.values[x.path] ?? {}} onMean={(word, v) => mean(x.path, word, v)} />}
					</li>
				))}
			</ul>
		</section>
	);
}

/** No option has this value. */
const EMPTY = '-empty-';

interface WordsProps {
	trouble: Trouble;
	meant: Record<string, string>;
	onMean(word: string, value: string | undefined): void;
}

function Words({ trouble, meant, onMean }: WordsProps) {
	const { t } = useTranslation();
	const { field } = trouble;
	const options = field.type === 'bool'
		? [{ value: 'true', label: t('word.yes') }, { value: 'false', label: t('word.no') }]
		: (field.options ?? []).map((o) => ({ value: o.value, label: o.label }));
	return (
		<ul className="trouble-words">
			{trouble.words.map((word) => (
				<li key={word}>
					<span className="text">{word}</span>
					<span aria-hidden>→</span>
					<Select
						size="small" allowClear placeholder={t('import.means_choose')} popupMatchSelectWidth={false}
						aria-label={t('import.means', { word, field: field.label })}
						value={meant[word] === undefined ? null : meant[word] === '' ? EMPTY : meant[word]}
						options={[...options, { value: EMPTY, label: t('import.means_nothing') }]}
						onChange={(v?: string) => onMean(word, v === EMPTY ? '' : v)}
					/>
				</li>
			))}
		</ul>
	);
}
