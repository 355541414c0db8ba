/** A new form: what it is called and what it makes; the rest is arranged on its page. */
import { App, Button, Input, Radio } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { createRecord, entityOf, fieldOf, may, refresh, useCache } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { beginning } from './form.ts';
import './webforms.css';

export default function NewWebForm({ entity }: { entity: Entity }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const navigate = useNavigate();
	const cache = useCache();
	const kinds = (fieldOf(entity, 'entity')?.options ?? []).filter((o) => may(entityOf(meta, o.value), 'create'));
	const [kind, setKind] = useState(kinds[0]?.value ?? '');
	const [name, setName] = useState('');
	const [busy, setBusy] = useState(false);
	const title = t('list.create', { what: entity.label });
	useTitle(title);
	if (!may(entity, 'create') || kinds.length === 0) return <Denied need={t('state.need', { action: t('action_word.create'), what: entity.label_many })} />;

	async function save() {
		setBusy(true);
		try {
			const row = await createRecord(meta, entity, { name: name.trim(), entity: kind, state: 'draft', title_zh: name.trim(), fields: beginning(kind) });
			await refresh(cache, 'web_form');
			void navigate(`/web_form/${row.id}?tab=build`, { replace: true });
		} catch (error) {
			setBusy(false);
			void message.error(problemText(error, t));
		}
	}
	return (
		<div className="page page-narrow">
			<h1>{title}</h1>
			<form className="panel stack" onSubmit={(e) => { e.preventDefault(); if (name.trim()) void save(); }}>
				<label htmlFor="web-form-name">{fieldOf(entity, 'name')?.label}</label>
				<Input id="web-form-name" value={name} maxLength={120} autoFocus onChange={(e) => setName(e.target.value)} />
				<span id="web-form-kind">{fieldOf(entity, 'entity')?.label}</span>
				<Radio.Group
					aria-labelledby="web-form-kind" value={kind} onChange={(e) => setKind(String(e.target.value))}
					options={kinds.map((o) => ({ value: o.value, label: o.label }))}
				/>
				<div><Button type="primary" htmlType="submit" loading={busy} disabled={!name.trim()}>{t('word.save')}</Button></div>
			</form>
		</div>
	);
}
