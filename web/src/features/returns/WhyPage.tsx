/** Why things come back: by reason, product and month, in a sentence and a picture each. */
import { Select } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { get } from '@/api/client.ts';
import { entityOf, may, useSome } from '@/api/records.ts';
import { useApp, useEntity } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { ChartCard } from '@/components/chart/ChartCard.tsx';
import { Denied } from '@/components/common/States.tsx';
import { date, number, percent } from '@/lib/format.ts';
import { reasonName, useReasons } from './reasons.ts';

const MONTHS = [3, 6, 12, 24];
const PRODUCTS = 12;

/** The first of the month so many months ago; 1: of the next one. */
const month = (ago: number) => {
	const now = new Date();
	return new Date(Date.UTC(now.getFullYear(), now.getMonth() - ago, 1)).toISOString().slice(0, 10);
};

interface Part {
	reason_id?: string | null;
	product_id?: string | null;
	n: number;
}

export default function WhyPage() {
	const { meta } = useApp();
	const { t } = useTranslation();
	const navigate = useNavigate();
	const [address, setAddress] = useSearchParams();
	const months = MONTHS.includes(Number(address.get('months'))) ? Number(address.get('months')) : 12;
	const entity = entityOf(meta, 'return_line');
	const sees = may(entity, 'read');
	const reasons = useReasons();
	const from = month(months - 1), within = `requested_on=gte.${from}`;
	useTitle(t('returns.why'));
	const by = (field: string) => ({
		queryKey: ['some', 'return_line', 'why', field, from], enabled: sees,
		queryFn: ({ signal }: { signal: AbortSignal }) => get<Part[]>(`return_line?select=${field},n:count()&${within}`, signal),
	});
	const reason = useQuery(by('reason_id')), product = useQuery(by('product_id'));
	const time = useQuery({
		queryKey: ['some', 'return_line', 'why', 'month', from], enabled: sees,
		queryFn: ({ signal }) => get<{ from: string; n: number }[]>(`return_line?select=n:count()&buckets=requested_on.month.${from}.${month(-1)}`, signal),
	});
	const top = sorted(product.data).filter((p) => p.product_id).slice(0, PRODUCTS);
	const names = useSome(
		useEntity('product'),
		new URLSearchParams({ select: 'id,name', id: `in.(${top.map((p) => p.product_id).join(',')})`, limit: String(PRODUCTS) }),
		top.length > 0,
	);
	if (!entity || !sees) return <Denied need={t('state.need', { action: t('action_word.read'), what: entity?.label_many ?? '' })} />;
	const all = sorted(reason.data), count = all.reduce((n, p) => n + p.n, 0), first = all[0];
	const named = (id: string | null | undefined) => {
		const row = reasons.find((r) => r.id === id);
		return row ? reasonName(row, t) : '—';
	};
	const product_name = (id: string | null | undefined) => String(names.data?.rows.find((r) => r.id === id)?.name ?? `#${id ?? ''}`);
	const most = time.data?.reduce((a, b) => (b.n > a.n ? b : a), time.data[0] ?? { from, n: 0 });
	return (
		<div className="page">
			<h1>{t('returns.why')}</h1>
			<div role="group" aria-label={t('filter.title')}>
				<Select
					aria-label={t('returns.period')} value={months} onChange={(v) => setAddress(v === 12 ? {} : { months: String(v) })}
					options={MONTHS.map((v) => ({ value: v, label: t('returns.months', { count: v }) }))}
				/>
			</div>
			<div className="home-two">
				<ChartCard
					title={t('returns.by_reason')} file="returns-by-reason.csv" heads={[t('returns.reason'), t('returns.items')]} axis={(v) => number(v)}
					sentence={first
						? t('returns.reason_sentence', { count, n: number(count), reason: named(first.reason_id), share: percent(first.n / count) })
						: t('returns.nothing')}
					bars={reason.data ? all.map((p) => ({ label: named(p.reason_id), value: p.n, text: number(p.n) })) : null}
					error={reason.error} onRetry={() => void reason.refetch()}
					onPick={(i) => all[i] && void navigate(`/return_line?reason_id=in.(${all[i].reason_id})&${within}`)}
				/>
				<ChartCard
					title={t('returns.by_product')} file="returns-by-product.csv" heads={[t('returns.product'), t('returns.items')]} axis={(v) => number(v)}
					sentence={top[0]
						? t('returns.product_sentence', { product: product_name(top[0].product_id), count: top[0].n, n: number(top[0].n) })
						: t('returns.nothing')}
					bars={product.data && (names.data || top.length === 0)
						? top.map((p) => ({ label: product_name(p.product_id), value: p.n, text: number(p.n) }))
						: null}
					error={product.error ?? names.error} onRetry={() => void product.refetch()}
					onPick={(i) => top[i] && void navigate(`/return_line?product_id=in.(${top[i].product_id})&${within}`)}
				/>
				<ChartCard
					title={t('returns.by_month')} file="returns-by-month.csv" heads={[t('returns.month'), t('returns.items')]} axis={(v) => number(v)}
					sentence={most && most.n > 0
						? t('returns.month_sentence', { month: date(most.from, 'month'), count: most.n, n: number(most.n) })
						: t('returns.nothing')}
					bars={time.data?.map((b) => ({ label: date(b.from, 'month'), value: b.n, text: number(b.n) })) ?? null}
					error={time.error} onRetry={() => void time.refetch()}
				/>
			</div>
		</div>
	);
}

const sorted = (parts: Part[] | undefined) => [...(parts ?? [])].sort((a, b) => b.n - a.n);
