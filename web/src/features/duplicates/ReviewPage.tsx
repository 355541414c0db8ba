/** Pair after pair, the likeliest first: merge, not the same, later; by keyboard. Everything can be taken back. */
import { App, Button, Modal, Select } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { get, post } from '@/api/client.ts';
import { entityOf, refresh, titleOf, useCache } from '@/api/records.ts';
import { useCan, useMeta } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { ConfirmNumber, confirms } from '@/components/common/Confirm.tsx';
import { mayTakeKey } from '@/components/common/roving.ts';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { problemText, useUndo } from '@/components/common/undo.tsx';
import { number, percent } from '@/lib/format.ts';
import { Compare } from './Compare.tsx';
import { merge, type Pair, type PairPage, unmerge, useLook, useSides } from './merge.ts';
import { Moves } from './Moves.tsx';
import { ScanState } from './ScanState.tsx';
import './duplicates.css';

const LIMITS = ['0', '0.8', '0.9', '0.99'];

export default function ReviewPage() {
	const meta = useMeta();
	const { t } = useTranslation();
	const cache = useCache();
	const entity = entityOf(meta, 'customer')!;
	const bulk = useCan('bulk') && entity.actions.update === 'all';
	const [min, setMin] = useState('0');
	/** Where the page of pairs at hand begins, and which of them is shown. */
	const [cursor, setCursor] = useState<string | null>(null);
	const [at, setAt] = useState(0);
	const [sweeping, setSweeping] = useState(false);
	useTitle(t('duplicates.title'));
	const pairs = useQuery({
		queryKey: ['duplicates', min, cursor],
		placeholderData: keepPreviousData,
		queryFn: ({ signal }) => get<PairPage>(`duplicates?limit=20&min=${min}${cursor ? `&cursor=${cursor}` : ''}`, signal),
	});
	const pair = pairs.data?.pairs[at];
	const next = pairs.data?.next ?? null;
	const again = async () => {
		setCursor(null);
		setAt(0);
		await cache.invalidateQueries({ queryKey: ['duplicates'] });
	};
	/** A page that holds nothing one may change is passed over. */
	useEffect(() => {
		if (pairs.isSuccess && !pairs.isPlaceholderData && !pair && next) {
			setCursor(next);
			setAt(0);
		}
	}, [pairs.isSuccess, pairs.isPlaceholderData, pair, next]);
	const choose = (value: string) => {
		setMin(value);
		setCursor(null);
		setAt(0);
	};
	const forward = () => setAt((n) => n + 1);

	return (
		<div className="page duplicates">
			<header className="page-head">
				<div>
					<h1>{t('duplicates.title')}</h1>
					{pairs.data?.count !== undefined && <p className="quiet">{t('duplicates.count', { count: pairs.data.count, n: `${number(pairs.data.count)}${pairs.data.more ? '+' : ''}` })}</p>}
				</div>
				<div className="duplicates-tools">
					<Select
						aria-label={t('duplicates.limit')} value={min} onChange={choose} popupMatchSelectWidth={false}
						options={LIMITS.map((value) => ({ value, label: value === '0' ? t('duplicates.limit_all') : t('duplicates.limit_from', { p: percent(Number(value)) }) }))}
					/>
					{bulk && Number(min) >= 0.9 && (pairs.data?.count ?? 0) > 0 && <Button onClick={() => setSweeping(true)}>{t('duplicates.sweep')}</Button>}
					<ScanState onDone={() => void again()} />
				</div>
			</header>
			{pairs.isPending && <Loading rows={10} />}
			{pairs.isError && <Failed error={pairs.error} onRetry={() => void pairs.refetch()} />}
			{pairs.isSuccess && !pair && !next && (
				<Empty title={t('duplicates.nothing')} text={t('duplicates.nothing_text')} action={cursor ? <Button onClick={() => void again()}>{t('duplicates.from_start')}</Button> : undefined} />
			)}
			{pair && <One key={`${pair.a},${pair.b}`} pair={pair} onNext={forward} onGone={forward} onBack={() => void again()} />}
			{sweeping && pairs.data && <Sweep min={min} onClose={() => setSweeping(false)} onDone={() => void again()} />}
		</div>
	);
}

function One({ pair, onNext, onGone, onBack }: { pair: Pair; onNext(): void; onGone(): void; onBack(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const undo = useUndo();
	const entity = entityOf(meta, 'customer')!;
	const [stays, setStays] = useState(pair.stays);
	const [chosen, setChosen] = useState<Record<string, string>>({});
	const [busy, setBusy] = useState(false);
	const goes = stays === pair.a ? pair.b : pair.a;
	const sides = useSides([pair.a, pair.b]);
	const look = useLook(stays, [goes]);
	const both = sides.data?.rows.length === 2 ? sides.data : null;

	async function act(what: () => Promise<void>) {
		if (busy) return;
		setBusy(true);
		try {
			await what();
			onGone();
		} catch (error) {
			void message.error(problemText(error, t));
			void sides.refetch();
			setBusy(false);
		}
	}
	const doMerge = () => both && void act(async () => {
		await merge(stays, both.rows, chosen);
		const name = titleOf(entity, both.rows.find((r) => r.id === stays)!);
		undo(t('duplicates.merged_into', { name }), async () => {
			await unmerge(goes);
			await post('duplicates/decide', { a: pair.a, b: pair.b, apart: false });
			await refresh(cache, 'customer');
			onBack();
		});
	});
	const doApart = () => void act(async () => {
		await post('duplicates/decide', { a: pair.a, b: pair.b, apart: true });
		undo(t('duplicates.apart_said'), async () => {
			await post('duplicates/decide', { a: pair.a, b: pair.b, apart: false });
			onBack();
		});
	});
	const keys = useRef<(key: string) => boolean>(() => false);
	keys.current = (key) => {
		if (key === 'm') doMerge();
		else if (key === 'n') doApart();
		else if (key === 's') onNext();
		else if (key === 'x') setStays(goes);
		else return false;
		return true;
	};
	useEffect(() => {
		const onKey = (event: KeyboardEvent) => {
			if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !mayTakeKey(event)) return;
			if (keys.current(event.key.toLowerCase())) event.preventDefault();
		};
		window.addEventListener('keydown', onKey);
		return () => window.removeEventListener('keydown', onKey);
	}, []);

	if (sides.isPending) return <Loading rows={10} />;
	if (sides.isError) return <Failed error={sides.error} onRetry={() => void sides.refetch()} />;
	return (
		<section className="panel duplicates-one" aria-label={t('duplicates.pair')}>
			<p className="duplicates-odds">
				<b>{percent(pair.probability, pair.probability > 0.999 ? 2 : pair.probability > 0.95 ? 1 : 0)}</b> {t('duplicates.odds')}
			</p>
			{both
				? <Compare
					entity={entity} rows={both.rows} masked={both.masked} stays={stays} onStays={setStays} reasons={pair.reasons}
					chosen={chosen} suggested={look.data?.fields ?? {}} onChoose={(name, who) => setChosen((old) => ({ ...old, [name]: who }))}
				/>
				: <p role="status">{t('duplicates.is_gone')}</p>}
			{both && <Moves look={look.data} />}
			<div className="duplicates-acts">
				<Button type="primary" disabled={!both} loading={busy} onClick={doMerge}>{t('duplicates.merge')} <kbd>M</kbd></Button>
				<Button disabled={busy} onClick={doApart}>{t('duplicates.not_same')} <kbd>N</kbd></Button>
				<Button disabled={busy} onClick={onNext}>{t('duplicates.later')} <kbd>S</kbd></Button>
				<span className="quiet duplicates-hint"><kbd>X</kbd> {t('duplicates.swap')}</span>
			</div>
		</section>
	);
}

function Sweep({ min, onClose, onDone }: { min: string; onClose(): void; onDone(): void }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const [typed, setTyped] = useState('');
	const [busy, setBusy] = useState(false);
	const found = useQuery({ queryKey: ['duplicates', 'sweep', min], queryFn: () => post<{ pairs: number }>('duplicates/merge', { min: Number(min), preview: true }), gcTime: 0 });
	const n = found.data?.pairs ?? 0;
	async function run() {
		setBusy(true);
		try {
			await post('duplicates/merge', { min: Number(min), expected: n });
			void message.success(t('duplicates.sweep_begun'));
			onClose();
			setTimeout(onDone, 1500);
		} catch (error) {
			void message.error(problemText(error, t));
			setBusy(false);
			void found.refetch();
		}
	}
	return (
		<Modal
			open title={t('duplicates.sweep_title', { p: percent(Number(min)) })} onCancel={onClose} onOk={() => void run()} okText={t('duplicates.sweep_do', { count: n, n: number(n) })}
			okButtonProps={{ disabled: !found.data || n === 0 || !confirms(typed, n), loading: busy }} cancelText={t('word.cancel')}
		>
			<div className="stack">
				<p>{t('duplicates.sweep_text', { count: n, n: number(n) })}</p>
				<ConfirmNumber count={n} value={typed} onChange={setTyped} />
			</div>
		</Modal>
	);
}
