/** Tabs that scroll sideways where there is no room; arrows move, as everywhere. */
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from 'react';

export interface Tab {
	key: string;
	label: string;
	children: ReactNode;
}

interface Props {
	items: Tab[];
	active: string;
	onChange(key: string): void;
	label: string;
}

export function Tabs({ items, active, onChange, label }: Props) {
	const id = useId();
	const strip = useRef<HTMLDivElement>(null);
	const at = Math.max(0, items.findIndex((i) => i.key === active));
	useEffect(() => {
		const tab = strip.current?.children[at] as HTMLElement | undefined;
		const box = strip.current;
		// Not scrollIntoView: that would move the page as well.
		if (tab && box && (tab.offsetLeft < box.scrollLeft || tab.offsetLeft + tab.offsetWidth > box.scrollLeft + box.clientWidth)) box.scrollLeft = tab.offsetLeft - 40;
	}, [at]);

	function onKeyDown(event: KeyboardEvent) {
		const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: items.length - 1 }[event.key];
		if (to === undefined) return;
		event.preventDefault();
		const next = (to + items.length) % items.length;
		onChange(items[next]!.key);
		(strip.current?.children[next] as HTMLElement | undefined)?.focus();
	}

	return (
		<div className="tabs">
			<div className="tabs-strip" role="tablist" aria-label={label} ref={strip} onKeyDown={onKeyDown}>
				{items.map((item, i) => (
					<button
						key={item.key} type="button" role="tab" id={`${id}${item.key}`} aria-selected={i === at} aria-controls={i === at ? `${id}panel` : undefined} tabIndex={i === at ? 0 : -1}
						className={`tab${i === at ? ' is-here' : ''}`} onClick={() => onChange(item.key)}
					>
						{item.label}
					</button>
				))}
			</div>
			<div role="tabpanel" id={`${id}panel`} aria-labelledby={`${id}${items[at]?.key ?? ''}`} key={items[at]?.key} className="tab-panel">{items[at]?.children}</div>
		</div>
	);
}
