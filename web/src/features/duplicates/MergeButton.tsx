/** Merging the customer who is open with others that one knows to be the same. */
import { Button, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { entityOf, refresh, titleOf, useCache } from '@/api/records.ts';
import type { Field } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { Failed, Loading } from '@/components/common/States.tsx';
import { problemText, useUndo } from '@/components/common/undo.tsx';
import { useMay } from '@/components/record/rights.tsx';
import { kindOf } from '@/fields/index.tsx';
import { Compare } from './Compare.tsx';
import { merge, unmerge, useLook, useSides } from './merge.ts';
import { Moves } from './Moves.tsx';

export default function MergeButton({ entity, record }: PartProps) {
	const { t } = useTranslation();
	const mayHere = useMay();
	const [open, setOpen] = useState(false);
	if (!mayHere(entity, 'update')) return null;
	return (
		<>
			<Button onClick={() => setOpen(true)}>{t('duplicates.merge_with')}</Button>
			{open && <Dialog id={record.row.id} title={titleOf(entity, record.row)} onClose={() => setOpen(false)} />}
		</>
	);
}

function Dialog({ id, title, onClose }: { id: string; title: string; onClose(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const cache = useCache();
	const undo = useUndo();
	const go = useNavigate();
	const entity = entityOf(meta, 'customer')!;
	const [others, setOthers] = useState<string[]>([]);
	const [stays, setStays] = useState(id);
	const [chosen, setChosen] = useState<Record<string, string>>({});
	const [busy, setBusy] = useState(false);
	const [wrong, setWrong] = useState<string | null>(null);
	const ids = [id, ...others];
	const sides = useSides(ids);
	const look = useLook(stays, ids.filter((i) => i !== stays));
	const field = { name: 'with', type: 'links', label: t('duplicates.with'), link: 'customer', right: 'write' } as Field;
	const { Edit } = kindOf(field);

	async function save() {
		if (!sides.data) return;
		setBusy(true);
		setWrong(null);
		try {
			const gone = ids.filter((i) => i !== stays);
			await merge(stays, sides.data.rows, chosen);
			await refresh(cache, ...meta.entities.map((e) => e.name));
			if (stays !== id) void go(`/customer/${stays}`, { replace: true });
			onClose();
			undo(t('duplicates.merged', { count: gone.length }), async () => {
				for (const one of gone) await unmerge(one);
				await refresh(cache, ...meta.entities.map((e) => e.name));
			});
		} catch (error) {
			setWrong(problemText(error, t));
			setBusy(false);
			void sides.refetch();
		}
	}
	return (
		<Modal
			open width={1080} title={t('duplicates.merge_title', { name: title })} onCancel={onClose} onOk={() => void save()} okText={t('duplicates.merge')}
			okButtonProps={{ disabled: !sides.data || others.length === 0, loading: busy }} cancelText={t('word.cancel')}
		>
			<div className="stack">
				<label htmlFor="merge-with">{t('duplicates.with')}</label>
				<Edit
					id="merge-with" field={field} value={others} autoFocus onChange={(value) => {
						const list = (Array.isArray(value) ? value : []).map((v) => String(typeof v === 'object' && v ? (v as { id: string }).id : v)).filter((v) => v !== id);
						setOthers(list.slice(0, 5));
						setChosen({});
						if (stays !== id && !list.includes(stays)) setStays(id);
					}}
				/>
				{others.length > 0 && sides.isPending && <Loading rows={4} />}
				{sides.isError && <Failed small error={sides.error} onRetry={() => void sides.refetch()} />}
				{others.length > 0 && sides.data && (
					<>
						<Compare
							entity={entity} rows={sides.data.rows} masked={sides.data.masked} stays={stays} onStays={setStays}
							chosen={chosen} suggested={look.data?.fields ?? {}} onChoose={(name, who) => setChosen((old) => ({ ...old, [name]: who }))}
						/>
						<Moves look={look.data} />
					</>
				)}
				{wrong && <p className="problem" role="alert">{wrong}</p>}
			</div>
		</Modal>
	);
}
