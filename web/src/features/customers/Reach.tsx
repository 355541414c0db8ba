/** Whose customer this is, and the two ways to reach them at once. */
import { MailOutlined, PhoneOutlined } from '@ant-design/icons';
import { App, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { post } from '@/api/client.ts';
import { entityOf, fieldOf, may, type RecordAnswer, refresh, useCache, useSome } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { problemText, useUndo } from '@/components/common/undo.tsx';
import { editable, FieldValue } from '@/fields/index.tsx';
import { hintsOf } from './hints.ts';

/** What the customer said to being advertised to, the newest first. */
export function useConsents(row: Row) {
	return useSome(entityOf(useMeta(), 'consent'), new URLSearchParams({ select: 'id,state,channel', customer_id: `eq.${row.id}`, purpose: 'eq.marketing', order: 'at.desc', limit: '20' }));
}

export default function Reach({ record: { row, masked } }: PartProps) {
	const { t } = useTranslation();
	const warned = useConsents(row).data?.rows;
	const no = warned !== undefined && hintsOf(row, new Date(), warned).some((h) => h.key === 'no_marketing');
	const phone = masked.has('phone') || !row.phone ? null : String(row.phone);
	const email = masked.has('email') || !row.email ? null : String(row.email);
	return (
		<>
			{no && <span className="mean mean-bad reach-no" title={t('hint.no_marketing_why')}>{t('hint.no_marketing')}</span>}
			{phone && <Button icon={<PhoneOutlined />} href={`tel:${phone.replace(/[^+\d]/g, '')}`}>{t('customer.call')}</Button>}
			{email && <Button icon={<MailOutlined />} href={`mailto:${email}`}>{t('customer.mail')}</Button>}
		</>
	);
}

/** Nobody's customers lie in the public pool; whoever may, takes them from there. */
export function Owner({ entity, record: { row, masked } }: { entity: Entity; record: RecordAnswer }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const undo = useUndo();
	const cache = useCache();
	const field = fieldOf(entity, 'owner_id');
	if (!field || field.right === 'hidden') return null;

	async function claim() {
		try {
			await post(`customer/${row.id}/claim`);
			await refresh(cache, entity.name);
			undo(t('customer.claimed'), async () => {
				await post(`customer/${row.id}/release`, { reason: t('customer.claimed_not') });
				await refresh(cache, entity.name);
			});
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	return (
		<div className="owner">
			<span>{field.label}</span>
			{row.owner_id ? <b><FieldValue field={field} row={row} place="cell" masked={masked.has(field.name)} /></b> : (
				<b>{t('customer.nobody')} {editable(field) && may(entity, 'update') && <Button size="small" onClick={() => void claim()}>{t('customer.claim')}</Button>}</b>
			)}
		</div>
	);
}
