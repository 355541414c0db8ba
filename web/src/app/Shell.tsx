/** The frame around every page: menu, search, live dot, language, theme, me. */
import { SearchOutlined } from '@ant-design/icons';
import { Button, Dropdown, Tooltip } from 'antd';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate } from 'react-router';
import { useLiveState } from '@/api/events.ts';
import { Loading } from '@/components/common/States.tsx';
import { useApp } from './context.tsx';
import { Boundary } from './Boundary.tsx';
import { LOCALES } from './i18n.ts';
import { Mark } from './Mark.tsx';
import { Bottom, NewButton, Side } from './Side.tsx';
import { useNarrow, usePhone } from './preferences.ts';
import { Pages } from './Pages.tsx';
import type { Density, ThemeChoice } from './theme.ts';
import type { Locale } from '@/lib/format.ts';
import found from 'virtual:features';
import { adopt, features, pieceOf } from './features.ts';

const palette = () => import('./palette/Palette.tsx');
const Palette = lazy(palette);
const KeysHelp = lazy(() => import('./Keys.tsx').then((m) => ({ default: m.KeysHelp })));

adopt(found);

const FOLD = 'guanxi.folded';

export default function Shell() {
	const { t } = useTranslation();
	const phone = usePhone();
	const narrow = useNarrow();
	const [choice, setChoice] = useState(() => localStorage.getItem(FOLD));
	// Where there is little room, the second column is opened on demand.
	const folded = choice === null ? narrow : choice === '1';
	const [searching, setSearching] = useState(false);
	const [helping, setHelping] = useState(false);
	const location = useLocation();

	useEffect(() => {
		const onKey = (e: KeyboardEvent) => {
			if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') {
				e.preventDefault();
				setSearching(true);
			} else if (e.key === '?' && !e.ctrlKey && !e.metaKey && !e.altKey && !(e.target as HTMLElement).closest('input,textarea,select,[contenteditable],.ant-modal')) {
				e.preventDefault();
				setHelping(true);
			}
		};
		window.addEventListener('keydown', onKey);
		return () => window.removeEventListener('keydown', onKey);
	}, []);
	useEffect(() => setSearching(false), [location.pathname]);
	useEffect(() => {
		// There before it is asked for: what is typed right after Ctrl K must not be lost.
		const timer = setTimeout(() => void palette(), 600);
		return () => clearTimeout(timer);
	}, []);

	return (
		<div className={`shell${folded && !phone ? ' is-folded' : ''}`}>
			<a className="skip" href="#main">{t('nav.skip')}</a>
			{!phone && (
				<Side
					folded={folded} onFold={() => {
						localStorage.setItem(FOLD, folded ? '0' : '1');
						setChoice(folded ? '0' : '1');
					}}
				/>
			)}
			<header className="top">
				{phone && <Mark size={26} />}
				<button type="button" className="search-button" onClick={() => setSearching(true)} aria-keyshortcuts="Control+K Meta+K">
					<SearchOutlined aria-hidden /> <span>{t('search.placeholder')}</span> {!phone && <kbd>Ctrl K</kbd>}
				</button>
				{!phone && <NewButton />}
				<Live />
				<Top />
				<MeMenu />
			</header>
			<main id="main" className="main" tabIndex={-1}>
				<Boundary key={location.pathname}>
					<Suspense fallback={<div className="page"><Loading /></div>}>
						<Pages />
					</Suspense>
				</Boundary>
			</main>
			{phone && <Bottom />}
			{helping && <Suspense fallback={null}><KeysHelp onClose={() => setHelping(false)} /></Suspense>}
			{searching && <Suspense fallback={null}><Palette onClose={() => setSearching(false)} /></Suspense>}
		</div>
	);
}

function Top() {
	return features().top.map(({ key, load }) => {
		const Piece = pieceOf(load);
		return <Suspense key={key} fallback={null}><Piece /></Suspense>;
	});
}

function Live() {
	const { t } = useTranslation();
	const state = useLiveState();
	return (
		<Tooltip title={t(`live.${state}_text`)}>
			<span className={`live live-${state}`} role="status">
				<i aria-hidden="true" /> <span className="live-word">{t(`live.${state}`)}</span>
			</span>
		</Tooltip>
	);
}

function MeMenu() {
	const { me, preferences, prefer, signOut } = useApp();
	const { t } = useTranslation();
	const navigate = useNavigate();
	const phone = usePhone();
	const pick = (key: string, current: string, choices: { value: string; label: string }[]) =>
		choices.map((c) => ({ key: `${key}:${c.value}`, label: <span aria-current={c.value === current ? 'true' : undefined}>{c.label}</span>, extra: c.value === current ? '✓' : undefined }));
	return (
		<Dropdown
			trigger={['click']} placement="bottomRight"
			menu={{
				items: [
					{ key: 'who', type: 'group', label: <span className="me-who"><b>{me.name}</b><br />{me.email}</span> },
					{ key: 'account', label: t('account.title') },
					{ key: 'language', type: 'group', label: t('menu.language'), children: pick('locale', preferences.locale, LOCALES) },
					{ key: 'theme', type: 'group', label: t('menu.theme'), children: pick('theme', preferences.theme, (['auto', 'light', 'dark'] as ThemeChoice[]).map((v) => ({ value: v, label: t(`theme.${v}`) }))) },
					{ key: 'density', type: 'group', label: t('menu.density'), children: pick('density', preferences.density, (['compact', 'comfortable'] as Density[]).map((v) => ({ value: v, label: t(`density.${v}`) }))) },
					{ type: 'divider' },
					{ key: 'keys', label: t('menu.keys') },
					{ key: 'out', label: t('menu.sign_out') },
				],
				onClick: ({ key }) => {
					const [what, value = ''] = key.split(':');
					if (what === 'locale') prefer({ locale: value as Locale });
					else if (what === 'theme') prefer({ theme: value as ThemeChoice });
					else if (what === 'density') prefer({ density: value as Density });
					else if (what === 'out') signOut();
					else if (what === 'keys') void navigate('/settings/keys');
					else if (what === 'account') void navigate('/account');
				},
			}}
		>
			<Button type="text" className="me">
				<span className="me-dot" aria-hidden="true">{[...me.name.trim()][0]?.toUpperCase() ?? '·'}</span>
				<span className="sr-only">{t('menu.me')}</span>
				<span className={phone ? 'sr-only' : 'me-name'}>{me.name}</span>
			</Button>
		</Dropdown>
	);
}
