/** Pictures of reports; loaded only where one is shown. */
import { BarChart, GraphChart, LineChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';

use([BarChart, LineChart, GraphChart, GridComponent, TooltipComponent, LegendComponent, AriaComponent, CanvasRenderer]);

export interface Series {
	name: string;
	values: (number | null)[];
	/** Bars stand for what is; lines for what it is compared with, or for what goes on. */
	kind: 'bar' | 'line';
	colour?: 'accent' | 'quiet' | 'good' | 'warn' | 'bad';
	dashed?: boolean;
	stack?: string;
}

export interface Network {
	nodes: { name: string; size: number }[];
	links: { from: string; to: string; weight: number }[];
}

interface Props {
	label: string;
	categories: string[];
	series: Series[];
	network?: Network;
	axis(value: number): string;
	text(value: number): string;
	most?: number;
	dark: boolean;
	onPick?(index: number): void;
}

const VARIABLE = { accent: '--accent', quiet: '--ink-2', good: '--good', warn: '--warn', bad: '--bad' } as const;

export default function Chart({ label, categories, series, network, axis, text, most, dark, onPick }: Props) {
	const box = useRef<HTMLDivElement>(null);
	const pick = useRef(onPick);
	pick.current = onPick;
	const said = JSON.stringify([categories, series, network]);

	useEffect(() => {
		const element = box.current!;
		const style = getComputedStyle(document.documentElement);
		const colour = (name: string) => style.getPropertyValue(name).trim();
		const ink = colour('--ink-2');
		const paint = (one: Series) => colour(VARIABLE[one.colour ?? 'accent']) || colour('--accent');
		const chart = init(element, null, { renderer: 'canvas' });
		// Rich text is drawn on the canvas: HTML tips would need inline styles that the page's policy forbids.
		const tip = {
			renderMode: 'richText' as const,
			backgroundColor: colour('--paper'),
			borderColor: colour('--line'),
			textStyle: { color: colour('--ink'), fontSize: 12 },
		};
		const font = { fontFamily: style.getPropertyValue('font-family') };
		if (network)
			chart.setOption({
				animation: false, textStyle: font, tooltip: tip,
				series: [{
					type: 'graph', layout: 'circular', circular: { rotateLabel: true }, left: 90, right: 90, top: 40, bottom: 40, roam: false,
					label: { show: true, color: ink, fontSize: 11, width: 110, overflow: 'truncate' }, itemStyle: { color: colour('--accent') },
					lineStyle: { color: colour('--accent'), curveness: 0.25, opacity: 0.55 },
					data: network.nodes.map((n) => ({ name: n.name, symbolSize: n.size })),
					links: network.links.map((l) => ({ source: l.from, target: l.to, lineStyle: { width: l.weight } })),
				}],
			});
		else
			chart.setOption({
				animation: false, textStyle: font,
				grid: { left: 4, right: 12, top: series.length > 1 ? 32 : 12, bottom: 4, containLabel: true },
				legend: series.length > 1 ? { top: 0, left: 0, itemWidth: 14, itemHeight: 8, textStyle: { color: ink, fontSize: 12 } } : undefined,
				xAxis: {
					type: 'category', data: categories, axisTick: { show: false }, axisLine: { lineStyle: { color: colour('--line') } },
					axisLabel: { color: ink, fontSize: 11, hideOverlap: true },
				},
				yAxis: {
					type: 'value', min: (range: { min: number }) => Math.min(0, range.min), max: most, splitNumber: 4,
					axisLabel: { color: ink, fontSize: 11, formatter: axis }, splitLine: { lineStyle: { color: colour('--line-2') } },
				},
				tooltip: {
					...tip, trigger: 'axis', axisPointer: { type: 'shadow' },
					formatter: (points: unknown) => {
						const i = (points as { dataIndex: number }[])[0]?.dataIndex ?? 0;
						return [
							categories[i],
							...series.flatMap((s) =>
								s.values[i] === null || s.values[i] === undefined
									? []
									: [`${series.length > 1 ? `${s.name}: ` : ''}${text(s.values[i])}`],
							),
						].join('\n');
					},
				},
				series: series.map((s) => ({
					type: s.kind,
					name: s.name,
					data: s.values,
					stack: s.stack,
					barMaxWidth: 34,
					symbol: s.values.length > 40 ? 'none' : 'circle',
					symbolSize: 5,
					itemStyle: { color: paint(s), borderRadius: s.kind === 'bar' && !s.stack ? [2, 2, 0, 0] : 0 },
					lineStyle: { color: paint(s), width: 2, type: s.dashed ? 'dashed' : 'solid' }, cursor: onPick ? 'pointer' : 'default',
				})),
			});
		chart.on('click', (event) => pick.current?.(event.dataIndex));
		const watch = new ResizeObserver(() => chart.resize());
		watch.observe(element);
		return () => {
			watch.disconnect();
			chart.dispose();
		};
	}, [said, axis, text, most, dark]);

	return <div ref={box} className={network ? 'chart report-chart is-network' : 'chart report-chart'} role="img" aria-label={label} />;
}
