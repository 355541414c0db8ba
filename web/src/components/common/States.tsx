/** Loading, nothing here, went wrong, not allowed: every page shows them alike. */
import { Button, Skeleton } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { ApiError } from '@/api/client.ts';
import { missingRight } from '@/api/rights.ts';
import { useApp } from '@/app/context.tsx';

export function Loading({ rows = 6 }: { rows?: number }) {
	const { t } = useTranslation();
	return (
		<div className="state-loading" role="status" aria-label={t('state.loading')}>
			<Skeleton active title paragraph={{ rows }} />
		</div>
	);
}

export function Empty({ title, text, action }: { title: string; text?: ReactNode; action?: ReactNode }) {
	return (
		<div className="state" role="status">
			<p className="state-title">{title}</p>
			{text && <p className="state-text">{text}</p>}
			{action && <div className="state-action">{action}</div>}
		</div>
	);
}

/** Says what happened, what to do, and a number to quote. */
export function Failed({ error, onRetry, small }: { error: unknown; onRetry?: () => void; small?: boolean }) {
	const { t } = useTranslation();
	const e = error instanceof ApiError ? error : null;
	if (e?.denied) return <Denied error={e} />;
	const what = e?.offline ? t('state.offline') : e?.missing ? t('state.missing') : t('state.failed');
	const todo = e?.offline ? t('state.offline_todo') : e?.missing ? t('state.missing_todo') : t('state.failed_todo');
	return (
		<div className={small ? 'state state-small' : 'state'} role="alert">
			<p className="state-title">{what}</p>
			<p className="state-text">{e?.message || (e ? todo : String(error))}</p>
			{e?.message && !e.missing && <p className="state-text">{todo}</p>}
			{e?.missing && !small && <div className="state-action"><Link to={`/${window.location.pathname.split('/')[1] ?? ''}`}>{t('state.back')}</Link></div>}
			{onRetry && !e?.missing && (
				<div className="state-action">
					<Button onClick={onRetry}>{t('state.retry')}</Button>
				</div>
			)}
			{e?.requestId && <p className="state-id">{t('state.request_id', { id: e.requestId })}</p>}
		</div>
	);
}

/** Says which right is missing and who can give it. */
export function Denied({ error, need }: { error?: ApiError; need?: string }) {
	const { t } = useTranslation();
	const { ask } = useApp().me;
	const missing = error ? missingRight(error, t) : '';
	return (
		<div className="state" role="alert">
			<p className="state-title">{t('state.denied')}</p>
			<p className="state-text">{error?.details ?? need ?? (error?.message || t('state.denied_text'))}</p>
			{missing ? <p className="state-text">{missing}</p> : <p className="state-text">{ask ? t('denied.ask', { manager: ask }) : t('state.denied_who')}</p>}
			{error?.requestId && <p className="state-id">{t('state.request_id', { id: error.requestId })}</p>}
		</div>
	);
}
