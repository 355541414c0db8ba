/** What the pool shows of one customer when it is looked at, its history, and the ways to take it. */
import { useQuery } from '@tanstack/react-query';
import { App, Button, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { post } from '@/api/client.ts';
import { entityOf, refresh, useCache } from '@/api/records.ts';
import type { Field, Row } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { FieldValue, isNothing, kindOf } from '@/fields/index.tsx';

interface Looked {
	id: string;
	pool: string;
	why: string | null;
	from?: string;
	fields: Row;
	history: { kind: string; at: string; reason: string | null; from?: string; to?: string }[];
}

const APART = new Set(['id', 'version', 'sort_name', 'held_since', 'stage_rule_id', 'created_at', 'updated_at', 'open_work', 'orders_unrated', 'birth_month', 'birth_day']);

/** Takes a customer, for oneself or for somebody else, and opens it where one may. */
export function useTaking() {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const navigate = useNavigate();
	const [busy, setBusy] = useState<string | null>(null);
	async function done() {
		await Promise.all(['pool_entry', 'customer'].map((name) => refresh(cache, name)));
		await cache.invalidateQueries({ queryKey: ['pool'] });
	}
	async function take(customer: string, name: string, stay = false) {
		setBusy(customer);
		try {
			await post(`customer/${customer}/claim`);
			void message.success(t('pool.taken', { name }));
			await done();
			if (!stay) void navigate(`/customer/${customer}`);
		} catch (error) {
			void message.error(problemText(error, t));
			await done();
		}
		setBusy(null);
	}
	async function assign(customer: string, user: string) {
		setBusy(customer);
		try {
			await post(`customer/${customer}/assign`, { user_id: user });
			void message.success(t('pool.assigned'));
			await done();
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(null);
	}
	return { busy, take, assign };
}

export function Assign({ customer, onDone }: { customer: string; onDone(): void }) {
	const { t } = useTranslation();
	const { busy, assign } = useTaking();
	const [user, setUser] = useState<string | null>(null);
	const field: Field = { name: 'user', type: 'link', link: 'user', label: t('pool.assign_to'), right: 'write' };
	const Pick = kindOf(field).Edit;
	return (
		<div className="stack">
			<label htmlFor="pool-assign">{t('pool.assign_to')}</label>
			<Pick id="pool-assign" field={field} value={user} onChange={(v) => setUser(typeof v === 'string' ? v : ((v as { id?: string } | null)?.id ?? null))} />
			<div><Button disabled={!user} loading={busy === customer} onClick={() => void assign(customer, user!).then(onDone)}>{t('pool.assign')}</Button></div>
		</div>
	);
}

function Facts({ looked }: { looked: Looked }) {
	const { meta } = useApp();
	const entity = entityOf(meta, 'customer');
	const fields = (entity?.fields ?? []).filter((f) => !APART.has(f.name) && f.type !== 'json' && !isNothing(looked.fields[f.name]));
	return (
		<dl className="pool-facts">
			{fields.map((f) => (
				<div key={f.name} style={{ display: 'contents' }}>
					<dt>{f.label}</dt>
					<dd><FieldValue field={f} row={looked.fields} place="fact" /></dd>
				</div>
			))}
		</dl>
	);
}

export function History({ steps }: { steps: Looked['history'] }) {
	const { t } = useTranslation();
	return (
		<ul className="pool-history">
			{steps.map((h) => (
				<li key={`${h.at}.${h.kind}`}>
					<When at={h.at} /> <b>{t(`pool.kind_${h.kind}`, { from: h.from ?? '–', to: h.to ?? '–' })}</b>{h.reason && <> · {h.reason}</>}
				</li>
			))}
		</ul>
	);
}

/** Looking counts, so it happens when it is asked for and is kept for the while that the page is open. */
export function Look({ customer }: { customer: string }) {
	const { t } = useTranslation();
	const cache = useCache();
	const looked = useQuery({
		queryKey: ['look', customer], staleTime: 60_000, retry: false,
		queryFn: async () => {
			const answer = await post<Looked>(`customer/${customer}/look`);
			await cache.invalidateQueries({ queryKey: ['pool', 'limits'] });
			return answer;
		},
	});
	if (looked.isPending) return <Loading rows={5} />;
	if (looked.isError) return <Failed error={looked.error} />;
	return (
		<>
			{looked.data.why && <p><b>{t('pool.why')}</b> {looked.data.why}</p>}
			<Facts looked={looked.data} />
			<h3>{t('pool.history')}</h3>
			<History steps={looked.data.history} />
		</>
	);
}

export function LookDialog({ row, mayClaim, mayAssign, onClose }: { row: Row; mayClaim: boolean; mayAssign: boolean; onClose(): void }) {
	const { t } = useTranslation();
	const { busy, take } = useTaking();
	const customer = String(row.customer_id);
	const name = String(row.name);
	return (
		<Modal
			open width={680} title={name} onCancel={onClose} cancelText={t('word.close')}
			okText={t('pool.take')} onOk={() => void take(customer, name).then(onClose)}
			okButtonProps={{ loading: busy === customer, style: mayClaim ? undefined : { display: 'none' } }}
		>
			<Look customer={customer} />
			{mayAssign && <Assign customer={customer} onDone={onClose} />}
		</Modal>
	);
}
