/** Whose customer this is, and the two ways to reach them at once. */
import { MailOutlined, PhoneOutlined } from '@ant-design/icons';
import { App, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { fieldOf, may, type RecordAnswer } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { problemText, useUndo } from '@/components/common/undo.tsx';
import { useSaver } from '@/components/record/save.tsx';
import { editable, FieldValue } from '@/fields/index.tsx';

export function Reach({ record: { row, masked } }: { record: RecordAnswer }) {
	const { t } = useTranslation();
	const phone = masked.has('phone') || !row.phone ? null : String(row.phone);
	const email = masked.has('email') || !row.email ? null : String(row.email);
	return (
		<>
			{phone && <Button icon={<PhoneOutlined />} href={`tel:${phone.replace(/[^+\d]/g, '')}`}>{t('customer.call')}</Button>}
			{email && <Button icon={<MailOutlined />} href={`mailto:${email}`}>{t('customer.mail')}</Button>}
		</>
	);
}

/** Nobody's customers lie in the public pool; whoever may, takes them from there. */
export function Owner({ entity, record: { row, etag, masked } }: { entity: Entity; record: RecordAnswer }) {
	const { me } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const undo = useUndo();
	const saver = useSaver(entity);
	const field = fieldOf(entity, 'owner_id');
	if (!field || field.right === 'hidden') return null;

	async function claim() {
		try {
			const saved = await saver.save(row, etag, { owner_id: me.id });
			if (saved) undo(t('customer.claimed'), async () => {
				await saver.save(saved, null, { owner_id: null });
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
			{saver.dialog}
		</div>
	);
}
