/** Saving with nothing lost: what others changed meanwhile is merged, or shown side by side to choose from. */
import { App, Modal } from 'antd';
import { lazy, type ReactNode, Suspense, useCallback, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/client.ts';
import { fetchRecord, fieldOf, refresh, replaceRow, saveRecord, useCache } from '@/api/records.ts';
import type { Entity, Field, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { alsoNeeded } from '@/app/features.ts';
import { checkValue, isNothing, kindOf, wire } from '@/fields/index.tsx';
import type { Choice, Conflict } from './Conflict.tsx';

const ConflictDialog = lazy(() => import('./Conflict.tsx'));

const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** Fields that both sides changed, differently. */
export function conflictsOf(entity: Entity, base: Row, theirs: Row, mine: Record<string, unknown>): Conflict[] {
	return Object.keys(mine).flatMap((name) => {
		const field = fieldOf(entity, name);
		if (!field || same(theirs[name], base[name]) || same(theirs[name], mine[name])) return [];
		return [{ field, base, theirs, mine: mine[name] }];
	});
}

/** Asks for what has to go along with a change. */
function NeededDialog({ field, onDone }: { field: Field; onDone(value: unknown): void }) {
	const { t } = useTranslation();
	const id = useId();
	const [value, setValue] = useState<unknown>(null);
	const { Edit } = kindOf(field);
	const ready = !isNothing(value) && String(value).trim() !== '' && checkValue(field, value) === null;
	return (
		<Modal
			open width={460} title={field.label} okText={t('word.save')} okButtonProps={{ disabled: !ready }} onOk={() => onDone(value)}
			onCancel={() => onDone(null)}
		>
			<div className="stack">
				<label htmlFor={id}>{t('save.needed', { field: field.label })}</label>
				<Edit field={field} value={value} onChange={setValue} id={id} invalid={false} autoFocus />
			</div>
		</Modal>
	);
}

export interface Saver {
	/** Resolves to the record as it now is, or null when the person gave up on a conflict. Throws ApiError. */
	save(base: Row, etag: string | null, changes: Record<string, unknown>): Promise<Row | null>;
	/** To be rendered by the page. */
	dialog: ReactNode;
}

export function useSaver(entity: Entity): Saver {
	const meta = useMeta();
	const cache = useCache();
	const { message } = App.useApp();
	const { t } = useTranslation();
	const [asking, setAsking] = useState<{ conflicts: Conflict[]; done(choices: Record<string, Choice> | null): void } | null>(null);

	const [needed, setNeeded] = useState<{ field: Field; done(value: unknown): void } | null>(null);

	const save = useCallback(async (base: Row, etag: string | null, changes: Record<string, unknown>): Promise<Row | null> => {
		const wired = (values: Record<string, unknown>) =>
			Object.fromEntries(Object.entries(values).map(([name, value]) => {
				const field = fieldOf(entity, name);
				return [name, field ? wire(field, value) : value];
			}));
		let mine = changes;
		const also = alsoNeeded(entity, changes);
		if (also) {
			const value = await new Promise<unknown>((done) => setNeeded({ field: also, done }));
			setNeeded(null);
			if (value === null) return null;
			mine = { ...mine, [also.name]: value };
		}
		let against = etag ?? (base.version ? `"v${base.version}"` : null);
		for (let attempt = 0; ; attempt++) {
			try {
				const saved = await saveRecord(meta, entity, base.id, wired(mine), against);
				replaceRow(cache, entity.name, saved.row, saved.etag);
				void cache.invalidateQueries({ queryKey: ['changes', entity.name] });
				void cache.invalidateQueries({ queryKey: ['some', entity.name] });
				if (attempt > 0) void message.info(t('conflict.merged'));
				return saved.row;
			} catch (error) {
				if (!(error instanceof ApiError) || !error.stale || attempt >= 4) throw error;
				const fresh = await fetchRecord(meta, entity, base.id);
				const conflicts = conflictsOf(entity, base, fresh.row, mine);
				if (conflicts.length > 0) {
					const choices = await new Promise<Record<string, Choice> | null>((done) => setAsking({ conflicts, done }));
					setAsking(null);
					if (!choices) {
						await refresh(cache, entity.name);
						return null;
					}
					mine = Object.fromEntries(Object.entries(mine).filter(([name]) => choices[name] !== 'theirs'));
				}
				replaceRow(cache, entity.name, fresh.row, fresh.etag);
				if (Object.keys(mine).length === 0) return fresh.row;
				base = fresh.row;
				against = fresh.etag;
			}
		}
	}, [meta, cache, entity, message, t]);

	return {
		save,
		dialog: asking
			? <Suspense fallback={null}><ConflictDialog entity={entity} conflicts={asking.conflicts} onDone={asking.done} /></Suspense>
			: needed && <NeededDialog field={needed.field} onDone={needed.done} />,
	};
}
