/** A form over the page, for records that have no page of their own. */
import { Button, Drawer } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { createRecord } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { startOf } from '@/app/features.ts';
import { useSaver } from '../record/save.tsx';
import { FormFields } from './FormFields.tsx';
import { FormHints } from './FormHints.tsx';
import { useForm } from './useForm.ts';

interface Props {
	entity: Entity;
	row: Row | null;
	fixed?: Record<string, unknown>;
	/** Starting values of a new record. */
	start?: Record<string, unknown>;
	onClose(): void;
	onSaved(row: Row): void;
}

export function FormDialog({ entity, row, fixed, start, onClose, onSaved }: Props) {
	const meta = useMeta();
	const { t } = useTranslation();
	const id = useId();
	const saver = useSaver(entity);
	const form = useForm(entity, { row, fixed, start: row ? undefined : startOf(entity.name), draftKey: row ? undefined : `${entity.name}.${Object.values(fixed ?? {}).join('.')}` });
	const [busy, setBusy] = useState(false);
	const shown = { id: row?.id ?? '0', ...row, ...fixed, ...start, ...form.values } as Row;

	/** Given up is given up: the next one begins empty. */
	function cancel() {
		form.dropDraft();
		onClose();
	}

	async function submit() {
		const values = form.collect();
		if (!values || busy) return;
		setBusy(true);
		try {
			const saved = row ? await saver.save(row, null, values) : await createRecord(meta, entity, { ...start, ...values });
			form.dropDraft();
			if (saved) onSaved(saved);
			else onClose();
		} catch (error) {
			form.fail(error);
			setBusy(false);
		}
	}

	return (
		<Drawer
			open size="min(460px, 100vw)" onClose={cancel} title={row ? t('record.edit', { what: entity.label }) : t('list.create', { what: entity.label })} closable={{ placement: 'end' }}
			footer={
				<div className="form-foot">
					<Button type="primary" htmlType="submit" form={id} loading={busy}>{t('word.save')}</Button>
					<Button onClick={cancel}>{t('word.cancel')}</Button>
				</div>
			}
		>
			<form
				id={id} onSubmit={(e) => {
					e.preventDefault();
					void submit();
				}}
			>
				<FormFields entity={entity} form={form} row={shown} autoFocus />
				{!row && <FormHints entity={entity} values={{ ...fixed, ...start, ...form.values }} />}
			</form>
			{saver.dialog}
		</Drawer>
	);
}
