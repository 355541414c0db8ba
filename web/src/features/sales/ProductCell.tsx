/** Where a line's product is typed or scanned: a code and Enter finds it, a part of its name offers what fits. */
import { useQuery } from '@tanstack/react-query';
import { Input } from 'antd';
import { type KeyboardEvent, useId, useRef, useState } from 'react';
import { fetchPage, searchFor } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useDelayed } from '@/lib/delayed.ts';
import { money } from '@/lib/format.ts';
import { meant, type Product, productOf } from './lines.ts';

const MANY = 8;

/** Whatever has this code, else whatever is called so. */
export async function findProducts(entity: Entity, typed: string, signal?: AbortSignal): Promise<Product[]> {
	const text = typed.trim();
	if (!text) return [];
	const names = ['sku', 'name', 'barcode', 'unit', 'price', 'currency'].filter((n) => entity.fields.some((f) => f.name === n && f.right !== 'hidden'));
	const asked = () => new URLSearchParams({ select: ['id', ...names].join(), limit: String(MANY) });
	const codes = ['sku', 'barcode'].filter((n) => names.includes(n));
	if (codes.length > 0) {
		const exact = asked();
		const quoted = `"${text.replace(/[\\"]/g, '\\$&')}"`;
		exact.set('or', `(${codes.map((n) => `${n}.eq.${quoted}`).join()})`);
		const same = (await fetchPage(entity, exact, signal)).rows;
		if (same.length > 0) return same.map(productOf);
	}
	const like = asked();
	searchFor(entity, text, like);
	return (await fetchPage(entity, like, signal)).rows.map(productOf);
}

interface Props {
	entity: Entity;
	value: string;
	label: string;
	placeholder?: string;
	invalid: boolean;
	describedBy?: string;
	currency: string;
	autoFocus?: boolean;
	/** `next`: Enter was pressed, the person goes on. */
	onType(text: string): void;
	onChoose(product: Product, next: boolean): void;
	/** What was typed stands for no product that is known yet. */
	onLook(text: string, next: boolean): void;
	onEmptyEnter(): void;
	at: string;
}

export function ProductCell({ entity, value, label, placeholder, invalid, describedBy, currency, autoFocus, onType, onChoose, onLook, onEmptyEnter, at }: Props) {
	const id = useId();
	const [open, setOpen] = useState(false);
	const [active, setActive] = useState(-1);
	// Only what was typed here is looked for, not what a product filled in.
	const typed = useRef(false);
	const rested = useDelayed(value, 160);
	const found = useQuery({
		queryKey: ['some', 'product', 'codes', rested.trim()],
		enabled: open && rested.trim() !== '',
		staleTime: 30_000,
		queryFn: ({ signal }) => findProducts(entity, rested, signal),
	});
	const fresh = open && rested === value && found.isSuccess;
	const choices = fresh ? found.data : [];
	const shown = open && choices.length > 0;

	function choose(product: Product, next: boolean) {
		typed.current = false;
		setOpen(false);
		setActive(-1);
		onChoose(product, next);
	}

	function onKeyDown(event: KeyboardEvent) {
		if (event.nativeEvent.isComposing || event.ctrlKey || event.metaKey) return;
		if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && shown) {
			event.preventDefault();
			event.stopPropagation();
			setActive((a) => (event.key === 'ArrowDown' ? Math.min(choices.length - 1, a + 1) : Math.max(0, a - 1)));
		} else if (event.key === 'Escape' && open) {
			event.stopPropagation();
			setOpen(false);
		} else if (event.key === 'Enter') {
			// Never the whole form: that is Ctrl Enter.
			event.preventDefault();
			if (value.trim() === '') onEmptyEnter();
			else if (!typed.current) onLook('', true);
			else if (shown && active >= 0) choose(choices[active]!, true);
			else if (fresh && choices.length > 0) {
				const one = meant(value, choices);
				if (one) choose(one, true);
				else setActive(0);
			} else {
				// A scanner does not wait for an answer.
				typed.current = false;
				setOpen(false);
				onLook(value, true);
			}
		}
	}

	return (
		<span className="product-cell">
			<Input
				value={value} placeholder={placeholder} role="combobox" aria-expanded={shown} aria-controls={shown ? `${id}l` : undefined} aria-autocomplete="list"
				aria-activedescendant={shown && active >= 0 ? `${id}${active}` : undefined} aria-label={label} aria-invalid={invalid} aria-describedby={describedBy}
				status={invalid ? 'error' : undefined} autoFocus={autoFocus} autoComplete="off" spellCheck={false} data-at={at} enterKeyHint="next"
				onFocus={(e) => e.target.select()}
				onChange={(e) => {
					typed.current = true;
					setOpen(true);
					setActive(-1);
					onType(e.target.value);
				}}
				onKeyDown={onKeyDown}
				onBlur={() => {
					setOpen(false);
					if (!typed.current) return;
					typed.current = false;
					const one = fresh ? (active >= 0 ? choices[active]! : meant(value, choices)) : null;
					if (one) onChoose(one, false);
					else onLook(value, false);
				}}
			/>
			{shown && (
				<ul className="product-list" role="listbox" id={`${id}l`} aria-label={label}>
					{choices.map((p, i) => (
						<li
							key={p.id} id={`${id}${i}`} role="option" aria-selected={i === active} className={i === active ? 'is-active' : undefined}
							onMouseDown={(e) => {
								e.preventDefault();
								choose(p, false);
							}}
						>
							<b>{p.name ?? p.sku}</b> <span className="quiet">{p.sku}</span> {p.price && <span className="number">{money(p.price, p.currency ?? currency)}</span>}
						</li>
					))}
				</ul>
			)}
		</span>
	);
}
