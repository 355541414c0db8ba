/** Money booked from a dialog. Under one key for as long as the dialog is open: sent twice by a shaky line it is booked once. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, randomId } from '@/api/client.ts';
import { refresh, useCache } from '@/api/records.ts';
import { problemText } from '@/components/common/undo.tsx';
import { parseDecimal } from '@/lib/format.ts';

export function useBooking(onDone: () => void) {
	const { t } = useTranslation();
	const cache = useCache();
	const [key] = useState(randomId);
	const [busy, setBusy] = useState(false);
	const [wrong, setWrong] = useState<string | null>(null);
	async function book(path: string, amount: string, more: Record<string, unknown>) {
		const value = parseDecimal(amount);
		if (value === null) return setWrong(t('money.not_amount'));
		setBusy(true);
		setWrong(null);
		try {
			await call('POST', path, { body: { amount: value, ...more }, headers: { 'Idempotency-Key': key } });
			await refresh(cache, 'receivable', 'receipt', 'allocation', 'order');
			onDone();
		} catch (error) {
			setWrong(problemText(error, t));
			setBusy(false);
		}
	}
	return { busy, wrong, book };
}
