/** Bars over time; loaded only where one is shown. */
import { BarChart } from 'echarts/charts';
import { AriaComponent, GridComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';

use([BarChart, GridComponent, TooltipComponent, AriaComponent, CanvasRenderer]);

export interface Bar {
	label: string;
	value: number;
	/** As people read it. */
	text: string;
	/** Its time is not over: drawn paler, and said. */
	open?: boolean;
}

interface Props {
	bars: Bar[];
	/** What the chart says, for those who can't see it. */
	label: string;
	axis(value: number): string;
	dark: boolean;
	onPick?(index: number): void;
}

export default function Bars({ bars, label, axis, dark, onPick }: Props) {
	const box = useRef<HTMLDivElement>(null);
	const pick = useRef(onPick);
	pick.current = onPick;

	useEffect(() => {
		const element = box.current!;
		const style = getComputedStyle(document.documentElement);
		const colour = (name: string) => style.getPropertyValue(name).trim();
		const ink = colour('--ink-2');
		const chart = init(element, null, { renderer: 'canvas' });
		chart.setOption({
			animation: false,
			grid: { left: 4, right: 8, top: 12, bottom: 4, containLabel: true },
			textStyle: { fontFamily: style.getPropertyValue('font-family') },
			xAxis: { type: 'category', data: bars.map((b) => b.label), axisTick: { show: false }, axisLine: { lineStyle: { color: colour('--line') } }, axisLabel: { color: ink, fontSize: 11, hideOverlap: true } },
			yAxis: { type: 'value', min: 0, splitNumber: 3, axisLabel: { color: ink, fontSize: 11, formatter: (v: number) => axis(v) }, splitLine: { lineStyle: { color: colour('--line-2') } } },
			// Rich text is drawn on the canvas: HTML tips would need inline styles that the page's policy forbids.
			tooltip: { trigger: 'axis', renderMode: 'richText', axisPointer: { type: 'shadow' }, backgroundColor: colour('--paper'), borderColor: colour('--line'), textStyle: { color: colour('--ink'), fontSize: 12 }, formatter: (points: unknown) => {
				const i = (points as { dataIndex: number }[])[0]?.dataIndex ?? 0;
				return `${bars[i]?.label ?? ''}\n${bars[i]?.text ?? ''}`;
			} },
			series: [{ type: 'bar', data: bars.map((b) => (b.open ? { value: b.value, itemStyle: { opacity: .45, borderType: 'dashed', borderWidth: 1, borderColor: colour('--accent') } } : b.value)), itemStyle: { color: colour('--accent'), borderRadius: [2, 2, 0, 0] }, barMaxWidth: 34, cursor: onPick ? 'pointer' : 'default' }],
		});
		chart.on('click', (event) => pick.current?.(event.dataIndex));
		const watch = new ResizeObserver(() => chart.resize());
		watch.observe(element);
		return () => {
			watch.disconnect();
			chart.dispose();
		};
	}, [bars, axis, dark]);

	return <div ref={box} className="chart" role="img" aria-label={label} />;
}
