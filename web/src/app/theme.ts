/** Our own look on Ant Design: calm greys, one accent, colour only for meaning. */
import { theme as ant, type ThemeConfig } from 'antd';
import type { Meaning } from '@/api/types.ts';

export type ThemeChoice = 'auto' | 'light' | 'dark';
export type Density = 'compact' | 'comfortable';

const FONT = 'system-ui, -apple-system, "PingFang SC", "PingFang TC", "Microsoft YaHei", "Microsoft JhengHei", "Noto Sans CJK SC", "Noto Sans SC", "Segoe UI", Roboto, sans-serif';
const CODE = 'ui-monospace, "SF Mono", "Cascadia Mono", Consolas, "Noto Sans Mono CJK SC", monospace';

export function themeConfig(dark: boolean, density: Density): ThemeConfig {
	const compact = density === 'compact';
	return {
		cssVar: { key: 'gx' },
		hashed: false,
		algorithm: dark ? ant.darkAlgorithm : ant.defaultAlgorithm,
		token: {
			colorPrimary: dark ? '#24908a' : '#0f6b66',
			colorInfo: dark ? '#5b9bd5' : '#24629e',
			colorSuccess: dark ? '#5aa874' : '#2b7a4b',
			colorWarning: dark ? '#d49a3a' : '#96600a',
			colorError: dark ? '#e5746a' : '#b3362b',
			colorLink: dark ? '#4bbdb3' : '#0f6b66', colorLinkHover: dark ? '#7fd6cd' : '#0b524e',
			colorTextBase: dark ? '#e8eae9' : '#1b1f1e',
			colorBgBase: dark ? '#151817' : '#ffffff',
			colorBgLayout: dark ? '#0f1211' : '#f4f6f5',
			colorBorder: dark ? '#3a413f' : '#d3d8d6',
			colorBorderSecondary: dark ? '#2a302e' : '#e6eae8',
			colorTextSecondary: dark ? '#a9b1ae' : '#56605c',
			colorTextTertiary: dark ? '#a0a9a5' : '#636d69',
			colorTextQuaternary: dark ? '#929b97' : '#66706c',
			colorTextPlaceholder: dark ? '#9aa39f' : '#6a7470',
			colorTextDescription: dark ? '#a9b1ae' : '#56605c',
			colorSuccessBg: dark ? '#16291e' : '#e4f2ea',
			colorSuccessBorder: dark ? '#2c5540' : '#b7dcc6',
			colorWarningBg: dark ? '#33270f' : '#fbf0da',
			colorWarningBorder: dark ? '#5c481f' : '#ecd5a5',
			colorErrorBg: dark ? '#381a17' : '#fbe8e6',
			colorErrorBorder: dark ? '#6a332d' : '#f0c1bc',
			colorInfoBg: dark ? '#15273a' : '#e4eef8',
			colorInfoBorder: dark ? '#2c4a68' : '#bdd5ec',
			fontFamily: FONT,
			fontFamilyCode: CODE,
			fontSize: compact ? 13 : 14,
			controlHeight: compact ? 30 : 36,
			// What a finger or a tremor needs at least.
			controlHeightSM: compact ? 24 : 28,
			borderRadius: 6,
			wireframe: false,
			motionDurationMid: '0.12s',
			motionDurationSlow: '0.18s',
			boxShadow: '0 4px 16px rgba(0,0,0,.12)',
			boxShadowSecondary: '0 4px 16px rgba(0,0,0,.14)',
		},
		components: {
			Button: { primaryShadow: 'none', defaultShadow: 'none', dangerShadow: 'none' },
			Form: { itemMarginBottom: compact ? 14 : 18 },
			Tooltip: { fontSize: 12 },
		},
	};
}

/** Text and background of a meaning; the names are those of the CSS variables in base.css. */
export function meaningClass(meaning: Meaning | null | undefined): string {
	return `mean mean-${meaning ?? 'none'}`;
}
