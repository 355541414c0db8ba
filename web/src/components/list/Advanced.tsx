/** Building a list's whole condition, and keeping what it is narrowed to as a segment; loaded when asked for. */
import { App, Input, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import type { Condition } from '@/api/query.ts';
import { createRecord, entityOf, fieldOf, refresh, useCache } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useApp, useMeta } from '@/app/context.tsx';
import { problemText } from '../common/undo.tsx';
import { Editor } from '../condition/Editor.tsx';
import { ADVANCED } from './AdvancedChip.tsx';
import { complete, fieldJson, type Json, readTree, toJson } from '../condition/tree.ts';

export default function AdvancedDialog({ entity, text, onDone, onClose }: { entity: Entity; text: string; onDone(text: string): void; onClose(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const [tree, setTree] = useState(() => readTree(meta, text, entity));
	return (
		<Modal
			open width={860} title={t('condition.advanced')} okText={t('filter.apply')} onCancel={onClose}
			okButtonProps={{ disabled: !complete(tree) || tree.parts.length === 0 }}
			onOk={() => onDone(JSON.stringify(toJson(meta, entity, tree)))}
		>
			<Editor entity={entity} tree={tree} onChange={setTree} />
		</Modal>
	);
}

/** What a list is narrowed to, as one condition. */
function conditionOf(entity: Entity, q: string, conditions: Condition[]): Json {
	const parts = conditions.flatMap((c): Json[] => {
		if (c.field === ADVANCED) {
			const whole = JSON.parse(c.value[0] ?? '{"all":[]}') as Json;
			return Array.isArray(whole.all) ? (whole.all as Json[]) : [whole];
		}
		if (c.any) return [{ any: c.any.map((one) => fieldJson(one, fieldOf(entity, one.field))) }];
		return [fieldJson(c, fieldOf(entity, c.field))];
	});
	return { all: [...parts, ...(q ? [{ text: q }] : [])] };
}

export function SaveSegment({ entity, q, conditions, onClose }: { entity: Entity; q: string; conditions: Condition[]; onClose(): void }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const navigate = useNavigate();
	const cache = useCache();
	const [name, setName] = useState('');
	const [busy, setBusy] = useState(false);
	async function save() {
		setBusy(true);
		try {
			const row = await createRecord(meta, entityOf(meta, 'segment')!, {
				name: name.trim(), entity: entity.name, condition: JSON.stringify(conditionOf(entity, q, conditions)),
			});
			await refresh(cache, 'segment');
			onClose();
			void navigate(`/segment/${row.id}`);
		} catch (error) {
			setBusy(false);
			void message.error(problemText(error, t));
		}
	}
	return (
		<Modal
			open width={420} title={t('segment.save')} okText={t('word.save')} onOk={() => void save()} onCancel={onClose} confirmLoading={busy}
			okButtonProps={{ disabled: name.trim() === '' }}
		>
			<label htmlFor="segment-name">{t('segment.name')}</label>
			<Input
				id="segment-name" autoFocus value={name} maxLength={120} onChange={(e) => setName(e.target.value)}
				onPressEnter={() => name.trim() && void save()}
			/>
			<p className="muted">{t('segment.save_text')}</p>
		</Modal>
	);
}
