/** A new order: whose it is, its lines as a grid, and what is to be paid; order and lines are one write. */
import { Alert, Button } from 'antd';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { createRecord, entityOf, fieldOf, may, refresh, titleOf, useCache } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied } from '@/components/common/States.tsx';
import { useUndo } from '@/components/common/undo.tsx';
import { FormFields } from '@/components/form/FormFields.tsx';
import { useForm } from '@/components/form/useForm.ts';
import { kindOf } from '@/fields/index.tsx';
import { money } from '@/lib/format.ts';
import { faultsOf, freshLine, isEmpty, type Line, sumsOf, wireLines } from './lines.ts';
import { LinesGrid } from './LinesGrid.tsx';

const FIRST = ['customer_id', 'channel_id', 'placed_at', 'kind', 'currency'];
const ADDED = ['shipping_fee', 'tax', 'discount'];
/** With lines, the total follows them. */
const LEFT_OUT = ['total'];

function draftOf(key: string): Line[] | null {
	try {
		const found = JSON.parse(localStorage.getItem(key) ?? 'null') as Line[] | null;
		return found?.length ? found.map((l) => ({ ...l, waiting: false })) : null;
	} catch {
		return null;
	}
}

export default function OrderForm({ entity }: { entity: Entity }) {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const navigate = useNavigate();
	const cache = useCache();
	const done = useUndo();
	const [params] = useSearchParams();
	const given = Object.fromEntries([...params].filter(([name]) => fieldOf(entity, name)));
	const whose = `${entity.name}.new${given.customer_id ? `.${given.customer_id}` : ''}`;
	const form = useForm(entity, { row: null, start: { kind: 'sale', ...given }, draftKey: whose });
	const key = `guanxi.draft.${me.id}.${whose}.lines`;
	const [lines, setLines] = useState<Line[]>(() => draftOf(key) ?? [freshLine()]);
	const [restored] = useState(() => draftOf(key) !== null);
	const [strict, setStrict] = useState(false);
	const [busy, setBusy] = useState(false);
	const [asked, setAsked] = useState(false);
	const [problem, setProblem] = useState<string | null>(null);
	const title = t('list.create', { what: entity.label });
	useTitle(title);
	const lineEntity = entityOf(meta, 'order_line');
	const products = entityOf(meta, 'product');
	const able = lineEntity !== undefined && may(lineEntity, 'create');
	const row = { id: '0', ...given, ...form.values } as Row;
	const currency = String(row.currency || meta.base_currency);
	const kind = row.kind === 'return' ? 'return' : 'sale';
	const was = useRef(kind);
	const sums = useMemo(() => sumsOf(lines, form.values, currency), [lines, form.values, currency]);
	const written = lines.filter((l) => !isEmpty(l));

	useEffect(() => {
		// The lines go with the order, when its kind is changed; an exchange has both.
		if (was.current === kind) return;
		const from = was.current;
		was.current = kind;
		setLines((old) => old.map((l) => (l.kind === from ? { ...l, kind } : l)));
	}, [kind]);
	useEffect(() => {
		const timer = setTimeout(() => {
			if (written.length > 0) localStorage.setItem(key, JSON.stringify(lines));
			else localStorage.removeItem(key);
		}, 300);
		return () => clearTimeout(timer);
	}, [key, lines, written.length]);

	function drop() {
		form.dropDraft();
		localStorage.removeItem(key);
		setLines([freshLine(kind)]);
		setStrict(false);
	}

	/** Null and said, when something is to be corrected first. */
	function checked(): Record<string, unknown> | null {
		setProblem(null);
		const values = form.collect();
		const wrong = written.find((l) => Object.keys(faultsOf(l)).length > 0);
		if (wrong) {
			setStrict(true);
			document.querySelector<HTMLElement>(`[data-at="${wrong.key}.${Object.keys(faultsOf(wrong))[0]}"]`)?.focus();
			return null;
		}
		if (!values) return null;
		if (row.kind === 'sale' && written.length > 0 && sums.total.startsWith('-')) {
			setProblem(t('order.negative_total'));
			return null;
		}
		return written.length > 0 ? { ...values, order_lines: wireLines(lines) } : values;
	}

	async function send(values: Record<string, unknown>) {
		setBusy(true);
		try {
			const made = await createRecord(meta, entity, values);
			drop();
			await refresh(cache, entity.name, 'order_line', 'customer');
			done(t('save.created', { name: titleOf(entity, made) }));
			void navigate(`/${entity.name}/${made.id}`, { replace: true });
		} catch (error) {
			form.fail(error);
			setBusy(false);
		}
	}

	// What is in a cell counts, and products that are still looked for are waited for, before anything is saved.
	const waiting = lines.some((l) => l.waiting);
	useEffect(() => {
		if (!asked || waiting) return;
		setAsked(false);
		const values = checked();
		if (values) void send(values);
	}, [asked, waiting]);

	function submit() {
		if (busy) return;
		const at = document.activeElement;
		if (at instanceof HTMLInputElement) at.blur();
		setAsked(true);
	}

	if (!may(entity, 'create')) return <Denied need={t('state.need', { action: t('action_word.create'), what: entity.label_many })} />;
	return (
		<div className="page order-form">
			<h1>{title}</h1>
			{(form.restored || restored) && (
				<Alert type="info" showIcon title={t('form.restored')} action={<Button size="small" onClick={drop}>{t('form.drop')}</Button>} />
			)}
			<form
				onSubmit={(e) => {
					e.preventDefault();
					submit();
				}}
				onKeyDown={(e) => {
					if (e.key !== 'Enter' || !(e.ctrlKey || e.metaKey)) return;
					e.preventDefault();
					submit();
				}}
			>
				<FormFields entity={entity} form={form} row={row} only={FIRST} inRow autoFocus={!given.customer_id} />
				{able && products && (
					<LinesGrid
						entity={lineEntity} products={products} lines={lines} currency={currency} kind={kind} strict={strict} autoFocus={given.customer_id !== undefined}
						onChange={(change) => setLines((old) => change(old))}
					/>
				)}
				{able && (
					<table className="plain-table sums order-sums">
						<caption className="sr-only">{t('order.sums')}</caption>
						<tbody>
							<tr><th scope="row">{fieldOf(entity, 'lines_total')?.label}</th><td className="is-right number">{money(sums.lines, currency)}</td></tr>
							{ADDED.flatMap((name) => {
								const field = form.fields.find((f) => f.name === name);
								if (!field) return [];
								const { Edit } = kindOf(field);
								return [
									<tr key={name}>
										<th scope="row"><label htmlFor={`of${name}`}>{field.label}</label></th>
										<td><Edit id={`of${name}`} field={field} value={form.values[name] ?? null} row={row} invalid={form.errors[name] !== undefined} onChange={(v) => form.set(name, v)} /></td>
									</tr>,
								];
							})}
							<tr className="is-total"><th scope="row">{fieldOf(entity, 'total')?.label}</th><td className="is-right number" role="status">{money(sums.total, currency)}</td></tr>
						</tbody>
					</table>
				)}
				<details className="order-more">
					<summary>{t('order.details')}</summary>
					<FormFields entity={entity} form={form} row={row} except={[...FIRST, ...(able ? [...ADDED, ...(written.length > 0 ? LEFT_OUT : [])] : [])]} quiet />
				</details>
				{problem && <Alert type="error" showIcon title={problem} role="alert" />}
				<div className="form-foot">
					<Button type="primary" htmlType="submit" loading={busy || asked}>{t('word.save')}</Button>
					<Button
						onClick={() => {
							drop();
							void navigate(-1);
						}}
					>
						{t('word.cancel')}
					</Button>
				</div>
			</form>
		</div>
	);
}
