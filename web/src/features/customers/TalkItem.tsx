/** What was said or is to be done, in the stream: finished, answered, changed and pinned where it stands. */
import { PushpinFilled, PushpinOutlined } from '@ant-design/icons';
import { App, Button, Tooltip } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { fieldOf, refresh, useCache } from '@/api/records.ts';
import { EntityIcon } from '@/app/icons.tsx';
import type { TimelineItemProps } from '@/app/feature.ts';
import { mayTakeKey } from '@/components/common/roving.ts';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { FormDialog } from '@/components/form/FormDialog.tsx';
import { useMay } from '@/components/record/rights.tsx';
import { useSaver } from '@/components/record/save.tsx';
import { optionLabel } from '@/fields/enum.tsx';
import { FieldValue, isNothing } from '@/fields/index.tsx';
import { answer } from './TalkComposer.tsx';
import { useFinish } from './finish.tsx';

export default function TalkItem({ entity, row, masked }: TimelineItemProps) {
	const { t } = useTranslation();
	const mayHere = useMay();
	const { message } = App.useApp();
	const cache = useCache();
	const saver = useSaver(entity);
	const [whole, setWhole] = useState(false);
	const [editing, setEditing] = useState(false);
	const { finish, dialog } = useFinish(entity, row, null);
	const kind = fieldOf(entity, 'kind');
	const direction = fieldOf(entity, 'direction');
	const state = fieldOf(entity, 'state');
	const owner = fieldOf(entity, 'owner_id');
	const body = String(row.body ?? '');
	const long = body.length > 400 || body.split('\n').length > 6;
	const pin = row.pinned === true;
	const open = row.state === 'open' || row.state === 'planned';

	async function toggle() {
		try {
			await saver.save(row, null, { pinned: !pin });
			await refresh(cache, 'interaction');
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	return (
		<article
			className={`event event-${String(row.kind)}`} onKeyDown={(event) => {
				if (event.key !== 'e' || !mayHere(entity, 'update') || !mayTakeKey(event)) return;
				event.preventDefault();
				setEditing(true);
			}}
		>
			<span className="event-icon" aria-hidden="true"><EntityIcon name="interaction" /></span>
			<div className="event-body">
				<p className="event-head">
					<span className="event-kind">{kind ? optionLabel(kind, row.kind) : ''}</span>
					{row.subject ? <b><Link to={`/interaction/${row.id}`}>{masked.has('subject') ? '…' : String(row.subject)}</Link></b> : null}
					{state && row.state !== 'done' ? <FieldValue field={state} row={row} place="cell" /> : null}
					<span className="event-tools">
						{mayHere(entity, 'update') && open && <Button size="small" onClick={() => void finish()}>{t('customer.finish')}</Button>}
						{mayHere(entity, 'create') && <Button type="text" size="small" onClick={() => answer(row)}>{t('timeline.answer')}</Button>}
						{mayHere(entity, 'update') && <Button type="text" size="small" onClick={() => setEditing(true)}>{t('word.edit')}</Button>}
						{!row.subject && <Link to={`/interaction/${row.id}`}>{t('timeline.open')}</Link>}
					</span>
					{mayHere(entity, 'update') && (
						<Tooltip title={pin ? t('timeline.unpin') : t('timeline.pin')}>
							<Button
								type="text" size="small" className="event-pin" icon={pin ? <PushpinFilled /> : <PushpinOutlined />}
								aria-label={pin ? t('timeline.unpin') : t('timeline.pin')} aria-pressed={pin} onClick={() => void toggle()}
							/>
						</Tooltip>
					)}
				</p>
				{body && (
					<p className={`event-text${long && !whole ? ' is-cut' : ''}`}>{body}</p>
				)}
				{long && <Button type="link" size="small" onClick={() => setWhole(!whole)}>{whole ? t('timeline.less') : t('timeline.whole')}</Button>}
				{row.outcome ? <p className="event-text"><span className="quiet">{fieldOf(entity, 'outcome')?.label}:</span> {String(row.outcome)}</p> : null}
				<p className="event-meta">
					<When at={String(row.at)} />
					{direction && row.direction && row.direction !== 'internal' ? <span>{optionLabel(direction, row.direction)}</span> : null}
					{row.minutes ? <span>{t('timeline.minutes', { count: Number(row.minutes) })}</span> : null}
					{owner && !isNothing(row.owner_id) ? <FieldValue field={owner} row={row} place="cell" /> : null}
				</p>
			</div>
			{saver.dialog}
			{dialog}
			{editing && (
				<FormDialog
					entity={entity} row={row} onClose={() => setEditing(false)}
					onSaved={() => { setEditing(false); void refresh(cache, 'interaction', 'customer'); }}
				/>
			)}
		</article>
	);
}
