/** A form: arranged, shown elsewhere, counted; and what came in by it. */
import { CopyOutlined, ExportOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { get } from '@/api/client.ts';
import { entityOf, type RecordAnswer, refresh, saveRecord, useCache } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { RecordPageProps } from '@/app/features.ts';
import { ChartCard } from '@/components/chart/ChartCard.tsx';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { ChildTable } from '@/components/record/ChildTable.tsx';
import { RecordPage } from '@/components/record/RecordPage.tsx';
import { useMay } from '@/components/record/rights.tsx';
import { date, number } from '@/lib/format.ts';
import { BuildTab } from './BuildTab.tsx';
import { draftOf } from './form.ts';
import './webforms.css';

/** Where visitors find it: at the address that customers reach, which need not be the one that staff use. */
function useAddress(row: Row): string | null {
	const told = useQuery({
		queryKey: ['settings', 'consent.url'], staleTime: 60_000,
		queryFn: async ({ signal }) => (await get<{ name: string; value: string }[]>('settings', signal)).find((s) => s.name === 'consent.url')?.value ?? '',
	});
	if (told.isPending) return null;
	return `${(told.data || window.location.origin).replace(/\/+$/, '')}/f/${String(row.door_key)}`;
}

function Actions({ record }: { record: RecordAnswer }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const entity = entityOf(meta, 'web_form')!;
	const open = record.row.state === 'open';
	const may = useMay()(entity, 'update');
	const address = useAddress(record.row);
	async function set(state: string) {
		try {
			await saveRecord(meta, entity, record.row.id, { state }, record.etag);
			await refresh(cache, 'web_form');
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	return (
		<>
			{may && (
				<Button type={open ? 'default' : 'primary'} onClick={() => void set(open ? 'closed' : 'open')}>
					{t(open ? 'web_form.close' : 'web_form.open')}
				</Button>
			)}
			{open && address && <Button href={address} target="_blank" rel="noopener" icon={<ExportOutlined />}>{t('web_form.look')}</Button>}
		</>
	);
}

function Copied({ label, text, hint }: { label: string; text: string; hint?: string }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	return (
		<section className="wf-copy">
			<h3>{label}</h3>
			{hint && <p className="muted">{hint}</p>}
			<pre>{text}</pre>
			<Button
				size="small" icon={<CopyOutlined />} aria-label={`${t('word.copy')}: ${label}`}
				onClick={() => void navigator.clipboard?.writeText(text).then(() => message.success(t('record.copied')))}
			>
				{t('word.copy')}
			</Button>
		</section>
	);
}

function ShareTab({ row }: { row: Row }) {
	const { t } = useTranslation();
	const address = useAddress(row);
	const asked = draftOf(row).fields.find((f) => !f.hidden)?.field ?? 'name';
	const sites = String(row.sites ?? '').trim();
	const title = String(row.title_en ?? row.title_zh ?? row.name).replace(/[<>"&]/g, '');
	if (!address) return <Loading rows={5} />;
	return (
		<>
			{row.state !== 'open' && <p className="why-no">{t('web_form.not_open')}</p>}
			<Copied label={t('web_form.link')} text={address} />
			<Copied
				label={t('web_form.link_from')} hint={t('web_form.link_from_text')}
				text={`${address}?utm_source=newsletter&utm_medium=email&utm_campaign=spring`}
			/>
			<Copied
				label={t('web_form.frame')}
				hint={sites ? t('web_form.frame_sites', { sites: sites.split(/\s+/).join(', ') }) : t('web_form.frame_none')}
				text={`<iframe src="${address}" title="${title}" width="100%" height="760" style="border:0" loading="lazy"></iframe>`}
			/>
			<Copied
				label={t('web_form.program')} hint={t('web_form.program_text')}
				text={`GET ${address}/data\nPOST ${address}/data  {"stamp": "…", "values": {"${asked}": "…"}, "agreed": [true]}`}
			/>
		</>
	);
}

interface Count {
	day: string;
	what: string;
	n: number;
}

const REFUSED = ['invalid', 'fast', 'stale', 'asked', 'trap', 'repeated', 'busy', 'full'];

function CountsTab({ id }: { id: string }) {
	const { t } = useTranslation();
	const found = useQuery({ queryKey: ['web_form', id, 'counts'], queryFn: ({ signal }) => get<Count[]>(`web_forms/${id}/counts?days=30`, signal) });
	if (found.isPending) return <Loading rows={5} />;
	if (found.isError) return <Failed error={found.error} onRetry={() => void found.refetch()} />;
	const sum = (what: string) => found.data.filter((c) => c.what === what).reduce((a, c) => a + c.n, 0);
	const days = [...new Set(found.data.map((c) => c.day))];
	if (days.length === 0) return <Empty title={t('web_form.nothing_yet')} />;
	const bars = days.map((day) => ({ label: date(day), value: found.data.find((c) => c.day === day && c.what === 'sent')?.n ?? 0 }));
	const refused = REFUSED.filter((what) => sum(what) > 0);
	return (
		<>
			<p className="muted">{t('web_form.last_days', { n: 30 })}</p>
			<ol className="wf-funnel">
				{['shown', 'begun', 'sent'].map((what) => (
					<li key={what}>
						<b>{number(sum(what))}</b> {t(`web_form.count_${what}`)}
					</li>
				))}
			</ol>
			<ChartCard
				title={t('web_form.per_day')} sentence={t('web_form.per_day_text', { n: number(sum('sent')), days: number(days.length) })}
				bars={bars.map((b) => ({ ...b, text: number(b.value) }))}
				heads={[t('web_form.day'), t('web_form.count_sent')]} axis={(v) => number(v)} file={t('web_form.per_day')}
			/>
			{refused.length > 0 && (
				<section>
					<h3>{t('web_form.refused')}</h3>
					<ul className="wf-refused">
						{refused.map((what) => (
							<li key={what}>
								<span>{t(`web_form.count_${what}`)}</span> <b>{number(sum(what))}</b>
							</li>
						))}
					</ul>
				</section>
			)}
		</>
	);
}

function EntriesTab({ record }: { record: RecordAnswer }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const became = (row: Row) => {
		const [kind = '', id = ''] = String(row.record ?? '').split('/');
		return id ? <Link to={`/${kind}/${id}`}>{entityOf(meta, kind)?.label ?? kind}</Link> : '–';
	};
	return (
		<ChildTable
			child="web_form_entry" field="form_id" parent={{ entity: 'web_form', row: record.row }} fixed emptyText={t('web_form.nothing_yet')} order="at.desc"
			columns={['at', 'state', 'reason', 'record', 'customer_id', 'utm_source', 'page']}
			show={{ at: (row) => <Link to={`/web_form_entry/${row.id}`}><When at={String(row.at)} /></Link>, record: became }}
		/>
	);
}

export default function WebFormPage({ entity, id }: RecordPageProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	return (
		<RecordPage
			entity={entity} id={id} without={['web_form_entry']} actions={(record) => <Actions record={record} />}
			tabs={(record) => [
				{
					key: 'entries',
					label: entityOf(meta, 'web_form_entry')?.label_many ?? '',
					work: 'marketing' as const,
					children: <EntriesTab record={record} />,
				},
				{
					key: 'build',
					label: t('web_form.build'),
					work: 'marketing' as const,
					children: <BuildTab key={String(record.row.version)} record={record} />,
				},
				{ key: 'share', label: t('web_form.share'), work: 'marketing' as const, children: <ShareTab row={record.row} /> },
				{ key: 'counts', label: t('web_form.counts'), work: 'marketing' as const, children: <CountsTab id={id} /> },
			]}
		/>
	);
}
