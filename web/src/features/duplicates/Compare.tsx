/** Customers side by side: what differs, whose value holds, and what speaks for or against their being the same. */
import { Button, Tooltip } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { titleOf } from '@/api/records.ts';
import type { Entity, Field, Row } from '@/api/types.ts';
import { When } from '@/components/common/When.tsx';
import { FieldValue, isNothing } from '@/fields/index.tsx';
import { number } from '@/lib/format.ts';
import { comparedFields, joins, type Reason } from './merge.ts';
import './duplicates.css';

interface Props {
	entity: Entity;
	rows: Row[];
	masked: ReadonlySet<string>;
	stays: string;
	onStays(id: string): void;
	/** Whose value holds, by field: an id or "both"; what a person chose, over what is suggested. */
	chosen: Record<string, string>;
	suggested: Record<string, string>;
	onChoose(field: string, id: string): void;
	reasons?: Reason[];
}

export function Compare({ entity, rows, masked, stays, onStays, chosen, suggested, onChoose, reasons }: Props) {
	const { t } = useTranslation();
	const [all, setAll] = useState(false);
	const { differ, same } = comparedFields(entity, rows);
	const reasonOf = new Map((reasons ?? []).map((r) => [r.field, r]));
	const apart = (reasons ?? []).filter((r) => !entity.fields.some((f) => f.name === r.field));
	const shown = [...differ, ...same.filter((f) => all || reasonOf.has(f.name))];
	const hidden = same.length - same.filter((f) => all || reasonOf.has(f.name)).length;
	return (
		<div className="compare-wrap" tabIndex={0} role="region" aria-label={t('duplicates.compare')}>
			<table className="compare">
				<thead>
					<tr>
						<td />
						{rows.map((row) => (
							<th key={row.id} scope="col" className={row.id === stays ? 'is-stays' : ''}>
								<label>
									<input type="radio" name="stays" checked={row.id === stays} onChange={() => onStays(row.id)} />
									{row.id === stays ? t('duplicates.stays') : t('duplicates.goes')}
								</label>
								<Link to={`/customer/${row.id}`} target="_blank" rel="noreferrer">{titleOf(entity, row)}</Link>
								<span className="quiet">
									{t('duplicates.orders', { count: Number(row.orders_count ?? 0), n: number(row.orders_count ?? 0) })}
									{' · '}<When at={String(row.created_at)} day />
								</span>
							</th>
						))}
						{reasons && <th scope="col" className="compare-why"><Tooltip title={t('duplicates.bits_why')}><span tabIndex={0}>{t('duplicates.evidence')}</span></Tooltip></th>}
					</tr>
				</thead>
				<tbody>
					{shown.map((field) => (
						<Line
							key={field.name} field={field} rows={rows} masked={masked.has(field.name)} differs={differ.includes(field)}
							value={chosen[field.name] ?? suggested[field.name] ?? stays}
							onChoose={(id) => onChoose(field.name, id)} reason={reasons ? reasonOf.get(field.name) ?? null : undefined}
						/>
					))}
					{apart.map((r) => (
						<tr key={r.field}>
							<th scope="row">{t(`duplicates.field_${r.field}`)}</th>
							<td colSpan={rows.length} className="quiet">{t('duplicates.of_address')}</td>
							<td className="compare-why"><Why reason={r} /></td>
						</tr>
					))}
				</tbody>
			</table>
			{hidden > 0 && <Button type="link" size="small" onClick={() => setAll(true)}>{t('duplicates.equal', { count: hidden })}</Button>}
		</div>
	);
}

interface LineProps {
	field: Field;
	rows: Row[];
	masked: boolean;
	differs: boolean;
	value: string;
	onChoose(id: string): void;
	reason: Reason | null | undefined;
}

function Line({ field, rows, masked, differs, value, onChoose, reason }: LineProps) {
	const { t } = useTranslation();
	const name = useId();
	const able = differs && field.right === 'write';
	return (
		<tr className={differs ? 'is-differs' : ''}>
			<th scope="row">
				{field.label}
				{able && joins(field) && (
					<label className="compare-both"><input type="radio" name={name} checked={value === 'both'} onChange={() => onChoose('both')} /> {t('duplicates.both')}</label>
				)}
			</th>
			{rows.map((row) => {
				const empty = isNothing(row[field.name]);
				const wins = differs && !empty && (value === row.id || value === 'both');
				const shown = <FieldValue field={field} row={row} place="cell" masked={masked} />;
				return (
					<td key={row.id} className={wins ? 'is-wins' : differs && !empty ? 'is-loses' : ''}>
						{able && !empty
							? <label><input type="radio" name={name} checked={value === row.id} onChange={() => onChoose(row.id)} aria-label={`${field.label}: ${titleText(row, field)}`} /> {shown}</label>
							: empty ? <span className="quiet">—</span> : shown}
					</td>
				);
			})}
			{reason !== undefined && <td className="compare-why">{reason && <Why reason={reason} />}</td>}
		</tr>
	);
}

const titleText = (row: Row, field: Field) => (Array.isArray(row[field.name]) ? String((row[field.name] as unknown[]).length) : String(row[field.name]));

/** How much a field says, in bits, with a bar and a word. */
function Why({ reason }: { reason: Reason }) {
	const { t } = useTranslation();
	const word = reason.level < 0 ? 'missing' : reason.level >= 6 ? 'same' : reason.level > 0 ? 'alike' : 'different';
	const width = Math.min(100, Math.abs(reason.bits) * 5);
	return (
		<span className={`dupwhy ${reason.bits >= 0 ? 'dupwhy-for' : 'dupwhy-against'}`}>
			<span className="dupwhy-bar" aria-hidden><span style={{ width: `${width}%` }} /></span>
			<b>{reason.bits > 0 ? '+' : reason.bits < 0 ? '−' : ''}{number(Math.abs(reason.bits), { maximumFractionDigits: 1 })}</b>
			<span>{t(`duplicates.level_${word}`)}</span>
		</span>
	);
}
