/** How the search for duplicates stands, and the button that begins or stops it. */
import { App, Button } from 'antd';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { get, post } from '@/api/client.ts';
import { When } from '@/components/common/When.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { number } from '@/lib/format.ts';
import type { Scan } from './merge.ts';

export function ScanState({ onDone }: { onDone(): void }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const client = useQueryClient();
	const key = ['duplicates-scan'];
	const scan = useQuery({
		queryKey: key, queryFn: ({ signal }) => get<Scan>('duplicates/scan', signal),
		refetchInterval: (q) => (q.state.data && ['waiting', 'running'].includes(q.state.data.state) ? 1000 : false),
	});
	const state = scan.data?.state;
	const runs = state === 'waiting' || state === 'running';
	const ran = useRef(false);
	useEffect(() => {
		if (ran.current && !runs && state) onDone();
		ran.current = runs;
	}, [runs, state, onDone]);
	const ask = async (path: string) => {
		try {
			client.setQueryData(key, await post<Scan>(path, {}));
		} catch (error) {
			void message.error(problemText(error, t));
			void scan.refetch();
		}
	};
	if (!scan.data) return null;
	return (
		<span className="duplicates-scan">
			<span className="quiet" role="status">
				{runs ? t('duplicates.scanning', { n: scan.data.percent }) : null}
				{state === 'done' && scan.data.finished_at
					? <>{t('duplicates.scanned', { count: scan.data.customers, n: number(scan.data.customers) })} · <When at={scan.data.finished_at} /></> : null}
				{state === 'failed' || state === 'stopped' ? t(`duplicates.scan_${state}`) : null}
			</span>
			<Button onClick={() => void ask(runs ? 'duplicates/scan/cancel' : 'duplicates/scan')}>{runs ? t('duplicates.scan_stop') : t('duplicates.scan')}</Button>
		</span>
	);
}
