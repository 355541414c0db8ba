/** The number to be typed where an act concerns many records. */
import { Input } from 'antd';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { ASK_ABOVE } from '@/api/bulk.ts';
import { number } from '@/lib/format.ts';

/** What was typed is this number; separators and full-width digits do not matter. */
export function confirms(typed: string, count: number): boolean {
	if (count <= ASK_ABOVE) return true;
	return typed.normalize('NFKC').replace(/[\s,.'’]/g, '') === String(count);
}

export function ConfirmNumber({ count, value, onChange }: { count: number; value: string; onChange(value: string): void }) {
	const { t } = useTranslation();
	const id = useId();
	if (count <= ASK_ABOVE) return null;
	return (
		<>
			<label htmlFor={id}>{t('bulk.type_number', { n: number(count) })}</label>
			<Input id={id} value={value} inputMode="numeric" autoComplete="off" onChange={(e) => onChange(e.target.value)} />
		</>
	);
}
