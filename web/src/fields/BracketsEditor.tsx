/** Brackets without a gap: each begins where the one before ends, so only ends and rates are typed. */
import { Button, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { number, parseDecimal } from '@/lib/format.ts';
import type { EditProps } from './kind.ts';
import './brackets.css';

export interface Bracket {
	from: string;
	to?: string | null;
	rate: string;
}

const listOf = (value: unknown): Bracket[] => (Array.isArray(value) ? (value as Bracket[]) : []);
const shown = (value: string) => (Number.isFinite(Number(value)) && value !== '' ? number(value, { maximumFractionDigits: 4 }) : value);

export function BracketList({ value, percent }: { value: unknown; percent?: boolean }) {
	return (
		<ul className="brackets-list">
			{listOf(value).map((b, i) => (
				<li key={i}><span>{b.to ? `${shown(b.from)} – ${shown(b.to)}` : `${shown(b.from)} +`}</span> <b>{shown(b.rate)}{percent ? ' %' : ''}</b></li>
			))}
		</ul>
	);
}

export default function BracketsEditor({ value, onChange, id, describedBy, disabled, invalid }: EditProps) {
	const { t } = useTranslation();
	const list = listOf(value);
	/* what is typed stays as it is typed until it is a number */
	const put = (next: Bracket[]) => onChange(next.map((b, i) => ({
		from: i === 0 ? '0' : next[i - 1]!.to ?? '', ...(i + 1 < next.length ? { to: b.to ?? '' } : {}), rate: b.rate,
	})));
	const change = (i: number, part: Partial<Bracket>) => put(list.map((b, k) => (k === i ? { ...b, ...part } : b)));
	const clean = (text: string) => parseDecimal(text) ?? text;
	return (
		<div id={id} role="group" aria-describedby={describedBy} aria-invalid={invalid} className="brackets">
			{list.map((b, i) => {
				const last = i + 1 === list.length;
				return (
					<div key={i} className="brackets-row">
						<span className="brackets-from">{shown(b.from) || '…'}</span>
						<span aria-hidden="true">–</span>
						{last
							? <span className="brackets-open">{t('brackets.open')}</span>
							: (
								<Input
									aria-label={t('brackets.to', { n: i + 1 })} value={b.to ?? ''} inputMode="decimal" disabled={disabled}
									onChange={(e) => change(i, { to: clean(e.target.value) })}
								/>
							)}
						<Input
							aria-label={t('brackets.rate', { n: i + 1 })} value={b.rate} inputMode="decimal" disabled={disabled}
							onChange={(e) => change(i, { rate: clean(e.target.value) })}
						/>
						<Button
							aria-label={t('brackets.drop', { n: i + 1 })} disabled={disabled || list.length === 1}
							onClick={() => put(list.filter((_, k) => k !== i))}
						>
							×
						</Button>
					</div>
				);
			})}
			<Button
				disabled={disabled || list.length >= 50}
				onClick={() => put([...list.map((b, i) => (i + 1 === list.length ? { ...b, to: b.to ?? '' } : b)), { from: '', rate: '' }])}
			>
				{t('brackets.add')}
			</Button>
		</div>
	);
}
