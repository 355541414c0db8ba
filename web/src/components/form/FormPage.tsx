/** Creating a record, on a page of its own; a reload loses nothing. */
import { Alert, Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { createRecord, may, refresh, titleOf, useCache } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { startOf } from '@/app/features.ts';
import { useTitle } from '@/app/title.ts';
import { fieldOf } from '@/api/records.ts';
import { Denied } from '../common/States.tsx';
import { useUndo } from '../common/undo.tsx';
import { FormFields } from './FormFields.tsx';
import { FormHints } from './FormHints.tsx';
import { useForm } from './useForm.ts';

export default function FormPage({ entity }: { entity: Entity }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const navigate = useNavigate();
	const cache = useCache();
	const done = useUndo();
	const [params] = useSearchParams();
	// "?customer_id=…" of a link from another page is given, not asked for.
	const given = Object.fromEntries([...params].filter(([name]) => fieldOf(entity, name)));
	const form = useForm(entity, { row: null, fixed: given, start: startOf(entity.name), draftKey: `${entity.name}.new` });
	const [busy, setBusy] = useState(false);
	const title = t('list.create', { what: entity.label });
	useTitle(title);

	if (!may(entity, 'create')) return <Denied need={t('state.need', { action: t('action_word.create'), what: entity.label_many })} />;

	async function submit() {
		const values = form.collect();
		if (!values || busy) return;
		setBusy(true);
		try {
			const row = await createRecord(meta, entity, values);
			form.dropDraft();
			await refresh(cache, entity.name);
			done(t('save.created', { name: titleOf(entity, row) }));
			void navigate(entity.child && entity.parent ? '/' : `/${entity.name}/${row.id}`, { replace: true });
		} catch (error) {
			form.fail(error);
			setBusy(false);
		}
	}

	return (
		<div className="page page-narrow">
			<h1>{title}</h1>
			{form.restored && (
				<Alert type="info" showIcon title={t('form.restored')} action={<Button size="small" onClick={form.dropDraft}>{t('form.drop')}</Button>} />
			)}
			<form
				onSubmit={(e) => {
					e.preventDefault();
					void submit();
				}}
			>
				<FormFields entity={entity} form={form} row={{ id: '0', ...given, ...form.values } as Row} autoFocus />
				<FormHints entity={entity} values={{ ...given, ...form.values }} />
				<div className="form-foot">
					<Button type="primary" htmlType="submit" loading={busy}>{t('word.save')}</Button>
					<Button
						onClick={() => {
							// Given up is given up; only a reload keeps what was typed.
							form.dropDraft();
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
