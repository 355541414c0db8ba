/** Files of a record: dropped or chosen, listed, taken out again. */
import { DeleteOutlined, DownloadOutlined, UploadOutlined } from '@ant-design/icons';
import { App, Button, Progress, Tooltip } from 'antd';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { BASE, call } from '@/api/client.ts';
import { deleteRecord, entityOf, refresh, restoreRecord, useCache, useRows } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { bytes } from '@/lib/format.ts';
import { Empty, Failed, Loading } from '../common/States.tsx';
import { problemText, useUndo } from '../common/undo.tsx';
import { When } from '../common/When.tsx';
import { useMay } from './rights.tsx';

interface Props {
	parent: { entity: string; field: string; row: Row };
}

export function Files({ parent }: Props) {
	const meta = useMeta();
	const { t } = useTranslation();
	const mayHere = useMay();
	const { message } = App.useApp();
	const undo = useUndo();
	const cache = useCache();
	const entity = entityOf(meta, 'attachment')!;
	const input = useRef<HTMLInputElement>(null);
	const [sending, setSending] = useState<{ name: string; done: number; of: number } | null>(null);
	const [over, setOver] = useState(false);
	const files = useRows(entity, new URLSearchParams({ select: 'id,name,type,size,created_at', [parent.field]: `eq.${parent.row.id}`, order: 'id.desc' }), { page: 50 });
	const rows = files.data?.pages.flatMap((p) => p.rows) ?? [];
	const able = mayHere(entity, 'create');

	async function send(list: FileList | null) {
		if (!list?.length || !able) return;
		let done = 0;
		for (const file of list) {
			setSending({ name: file.name, done, of: list.length });
			try {
				await call('POST', `file?${new URLSearchParams({ name: file.name, entity: parent.entity, record_id: parent.row.id })}`, { raw: file });
			} catch (error) {
				void message.error(`${file.name}: ${problemText(error, t)}`);
			}
			done++;
		}
		setSending(null);
		await refresh(cache, 'attachment');
	}

	async function drop(row: Row) {
		try {
			await deleteRecord(entity, row.id);
			await refresh(cache, 'attachment');
			undo(t('save.deleted', { name: String(row.name) }), async () => {
				await restoreRecord(entity, row.id);
				await refresh(cache, 'attachment');
			});
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	const add = able && <Button icon={<UploadOutlined />} size="small" onClick={() => input.current?.click()}>{t('files.add')}</Button>;
	return (
		<div
			className={`files${over ? ' is-over' : ''}`}
			onDragOver={(e) => {
				e.preventDefault();
				setOver(true);
			}}
			onDragLeave={() => setOver(false)}
			onDrop={(e) => {
				e.preventDefault();
				setOver(false);
				void send(e.dataTransfer.files);
			}}
		>
			<input
				ref={input}
				type="file"
				multiple
				hidden
				onChange={(e) =>
					void send(e.target.files).then(() => {
						if (input.current) input.current.value = '';
					})
				}
			/>
			{sending && (
				<div role="status">
					<span>{t('files.sending', { name: sending.name })}</span>
					<Progress
						percent={Math.round((sending.done / sending.of) * 100)}
						size="small"
						aria-label={t('files.sending', { name: sending.name })}
					/>
				</div>
			)}
			{files.isPending ? (
				<Loading rows={3} />
			) : files.isError ? (
				<Failed error={files.error} onRetry={() => void files.refetch()} small />
			) : rows.length === 0 ? (
				<Empty title={t('files.empty')} text={able ? t('files.empty_text') : undefined} action={add} />
			) : (
				<>
					<ul className="file-list">
						{rows.map((row) => (
							<li key={row.id}>
								<a href={`${BASE}/attachment/${row.id}/content`} download={String(row.name)}>
									<DownloadOutlined aria-hidden /> {String(row.name)}
								</a>
								<span className="quiet">
									{row.size === null || row.size === undefined ? '' : bytes(Number(row.size))}
								</span>
								<span className="quiet">
									{row.created_at ? <When at={String(row.created_at)} /> : null}
								</span>
								{mayHere(entity, 'delete') && (
									<Tooltip title={t('word.delete')}>
										<Button
											type="text"
											size="small"
											icon={<DeleteOutlined />}
											aria-label={t('record.delete_named', { name: String(row.name) })}
											onClick={() => void drop(row)}
										/>
									</Tooltip>
								)}
							</li>
						))}
					</ul>
					{add}
				</>
			)}
		</div>
	);
}
