/** The steps a record's state may take from where it stands; what a step needs is asked for with it. */
import { App, Button, Dropdown, Modal } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '@/api/client.ts';
import { fieldOf, refresh, selectAll, useCache } from '@/api/records.ts';
import type { Field, Row, Transition } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { checkValue, editable, isNothing, kindOf, wire } from '@/fields/index.tsx';
import { problemText } from '../common/undo.tsx';
import { useMay } from './rights.tsx';

interface Step extends Transition {
	field: Field;
}

/** Buttons beside the title; what is over stands in a menu. */
const BUTTONS = 2;

export function Steps({ entity, record }: PartProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	const mayHere = useMay();
	const { message } = App.useApp();
	const cache = useCache();
	const [asking, setAsking] = useState<Step | null>(null);
	const [busy, setBusy] = useState<string | null>(null);
	const { row } = record;
	const steps: Step[] = entity.fields.flatMap((field) => (field.transitions ?? [])
		.filter((s) => s.may && (s.from === null ? row[field.name] !== s.to : s.from.includes(String(row[field.name] ?? ''))))
		.map((s) => ({ ...s, field })));
	if (steps.length === 0 || !mayHere(entity, 'update')) return null;

	async function take(step: Step, values: Record<string, unknown>) {
		setBusy(step.name);
		try {
			await call('POST', `${entity.name}/${row.id}/transitions/${step.name}?select=${encodeURIComponent(selectAll(meta, entity))}`, {
				body: values, headers: record.etag ? { 'If-Match': record.etag } : undefined,
			});
			setAsking(null);
			await refresh(cache, entity.name);
			void message.success(step.label);
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(null);
	}

	/** Fields that have to go along: those that are still empty, and the reason. */
	function askedBy(step: Step): Field[] {
		const names = [...step.needs.filter((name) => isNothing(row[name])), ...(step.reason ? [step.reason] : [])];
		return [...new Set(names)].flatMap((name) => fieldOf(entity, name) ?? []).filter(editable);
	}
	const start = (step: Step) => (askedBy(step).length > 0 ? setAsking(step) : void take(step, {}));
	const rest = steps.slice(BUTTONS);
	return (
		<>
			{steps.slice(0, BUTTONS).map((step) => (
				<Button key={step.name} loading={busy === step.name} danger={step.colour === 'bad'} onClick={() => start(step)}>{step.label}</Button>
			))}
			{rest.length > 0 && (
				<Dropdown
					trigger={['click']}
					menu={{
						items: rest.map((s) => ({ key: s.name, label: s.label, danger: s.colour === 'bad' })),
						onClick: ({ key }) => start(rest.find((s) => s.name === key)!),
					}}
				>
					<Button>{t('record.steps')}</Button>
				</Dropdown>
			)}
			{asking && (
				<StepDialog
					step={asking} fields={askedBy(asking)} row={row} busy={busy !== null} onClose={() => setAsking(null)}
					onGo={(values) => void take(asking, values)}
				/>
			)}
		</>
	);
}

interface DialogProps {
	step: Step;
	fields: Field[];
	row: Row;
	busy: boolean;
	onClose(): void;
	onGo(values: Record<string, unknown>): void;
}

function StepDialog({ step, fields, row, busy, onClose, onGo }: DialogProps) {
	const id = useId();
	const [values, setValues] = useState<Record<string, unknown>>(() => Object.fromEntries(fields.map((f) => [f.name, row[f.name] ?? null])));
	const ready = fields.every((f) => !isNothing(values[f.name]) && checkValue(f, values[f.name]) === null);
	return (
		<Modal
			open width={460} title={step.label} okText={step.label} okButtonProps={{ disabled: !ready }} confirmLoading={busy} onCancel={onClose}
			onOk={() => onGo(Object.fromEntries(fields.map((f) => [f.name, wire(f, values[f.name])])))}
		>
			<div className="stack">
				{fields.map((f, i) => {
					const { Edit } = kindOf(f);
					return (
						<div key={f.name} className="form-field" data-field={f.name}>
							<label htmlFor={`${id}${f.name}`}>{f.label}</label>
							<Edit
								field={f} value={values[f.name]} onChange={(value) => setValues((old) => ({ ...old, [f.name]: value }))}
								id={`${id}${f.name}`} invalid={false} autoFocus={i === 0}
							/>
						</div>
					);
				})}
			</div>
		</Modal>
	);
}
