/** A new segment: of what, by which condition, what it is called. */
import { App, Button, Input, Select, Switch } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { createRecord, entityOf, may, refresh, useCache } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { problemText } from '@/components/common/undo.tsx';
import { Editor } from '@/components/condition/Editor.tsx';
import { complete, emptyGroup, toJson } from '@/components/condition/tree.ts';

export default function SegmentForm({ entity }: { entity: Entity }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const navigate = useNavigate();
	const cache = useCache();
	const kinds = meta.entities.filter((e) => !e.system && !e.child && may(e, 'read') && e.name !== 'segment' && e.name !== 'saved_view');
	const [of, setOf] = useState(kinds.find((e) => e.name === 'customer')?.name ?? kinds[0]?.name ?? '');
	const [tree, setTree] = useState(emptyGroup);
	const [name, setName] = useState('');
	const [live, setLive] = useState(true);
	const [busy, setBusy] = useState(false);
	const kind = entityOf(meta, of);
	useTitle(t('segment.new'));

	async function save() {
		setBusy(true);
		try {
			const row = await createRecord(meta, entity, { name: name.trim(), entity: of, live, condition: JSON.stringify(toJson(meta, kind!, tree)) });
			await refresh(cache, 'segment');
			void navigate(`/segment/${row.id}`, { replace: true });
		} catch (error) {
			setBusy(false);
			void message.error(problemText(error, t));
		}
	}

	return (
		<div className="page segment-form">
			<h1>{t('segment.new')}</h1>
			<form className="panel stack" onSubmit={(e) => { e.preventDefault(); if (kind && name.trim() && complete(tree)) void save(); }}>
				<label htmlFor="segment-name">{t('segment.name')}</label>
				<Input id="segment-name" value={name} maxLength={120} autoFocus onChange={(e) => setName(e.target.value)} />
				<label htmlFor="segment-of">{t('segment.kind')}</label>
				<Select
					id="segment-of" value={of} options={kinds.map((e) => ({ value: e.name, label: e.label_many }))} style={{ maxWidth: 320 }}
					onChange={(next: string) => {
						setOf(next);
						setTree(emptyGroup());
					}}
				/>
				{kind && <Editor key={of} entity={kind} tree={tree} onChange={setTree} />}
				<span className="segment-live">
					<Switch id="segment-live" checked={live} onChange={setLive} /> <label htmlFor="segment-live">{t('segment.live')}</label>
				</span>
				<div>
					<Button type="primary" htmlType="submit" loading={busy} disabled={!kind || name.trim() === '' || !complete(tree)}>{t('word.save')}</Button>
				</div>
			</form>
		</div>
	);
}
