/** The frame around every page: menu, search, live dot, language, theme, me. */
import { MenuFoldOutlined, MenuUnfoldOutlined, PlusOutlined, SearchOutlined } from '@ant-design/icons';
import { Button, Dropdown, Tooltip } from 'antd';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { NavLink, useLocation, useNavigate } from 'react-router';
import { useLiveState } from '@/api/events.ts';
import { Loading } from '@/components/common/States.tsx';
import { useApp } from './context.tsx';
import { Boundary } from './Boundary.tsx';
import { LOCALES } from './i18n.ts';
import { EntityIcon } from './icons.tsx';
import { Mark } from './Mark.tsx';
import { makeable, useNav, useSettings } from './nav.ts';
import { usePhone } from './preferences.ts';
import { Pages } from './Pages.tsx';
import type { Density, ThemeChoice } from './theme.ts';
import type { Locale } from '@/lib/format.ts';
import { useWho } from './who.ts';
import found from 'virtual:features';
import { adopt } from './features.ts';

const palette = () => import('./palette/Palette.tsx');
const Palette = lazy(palette);
const KeysHelp = lazy(() => import('./Keys.tsx').then((m) => ({ default: m.KeysHelp })));

adopt(found);

const FOLD = 'guanxi.folded';

export default function Shell() {
	const { t } = useTranslation();
	const phone = usePhone();
	const [folded, setFolded] = useState(() => localStorage.getItem(FOLD) === '1');
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
						setFolded(!folded);
					}}
				/>
			)}
			<header className="top">
				{phone && <Mark size={26} />}
				<button type="button" className="search-button" onClick={() => setSearching(true)} aria-keyshortcuts="Control+K Meta+K">
					<SearchOutlined aria-hidden /> <span>{t('search.placeholder')}</span> {!phone && <kbd>Ctrl K</kbd>}
				</button>
				<NewButton />
				<Live />
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

/** Users, roles, imports … have addresses of their own, but stand behind "Settings". */
function useInSettings(): boolean {
	const { pathname } = useLocation();
	const groups = useSettings();
	return groups.some((g) => g.items.some((i) => pathname === i.to || pathname.startsWith(`${i.to}/`)));
}

function Side({ folded, onFold }: { folded: boolean; onFold(): void }) {
	const { t } = useTranslation();
	const { main } = useNav();
	const { meta } = useApp();
	const name = meta.firm || t('app.name');
	const all = [...main, { to: '/settings', label: t('nav.settings'), icon: 'settings' }];
	const inSettings = useInSettings();
	return (
		<nav className="side" aria-label={t('nav.title')}>
			<NavLink to="/" className="side-mark" aria-label={name} title={meta.firm || undefined}>
				<Mark size={26} />{!folded && <b className="text">{name}</b>}
			</NavLink>
			<ul>
				{all.map((item) => (
					<li key={item.to}>
						<Tooltip title={folded ? item.label : ''} placement="right">
							<NavLink to={item.to} end={item.to === '/'} className={({ isActive }) => `side-link${isActive || (inSettings && item.to === '/settings') ? ' is-here' : ''}`}>
								<EntityIcon name={item.icon} /> <span className={folded ? 'sr-only' : undefined}>{item.label}</span>
							</NavLink>
						</Tooltip>
					</li>
				))}
			</ul>
			<Tooltip title={folded ? t('nav.unfold') : ''} placement="right">
				<button type="button" className="side-link side-fold" onClick={onFold} aria-expanded={!folded} aria-label={folded ? t('nav.unfold') : undefined}>
					{folded ? <MenuUnfoldOutlined /> : <><MenuFoldOutlined /> <span>{t('nav.fold')}</span></>}
				</button>
			</Tooltip>
		</nav>
	);
}

/** On phones the first four places and the rest behind "more". */
function Bottom() {
	const { t } = useTranslation();
	const { main } = useNav();
	const items = [...main.slice(0, 4), { to: '/settings', label: t('nav.more'), icon: 'settings' }];
	const inSettings = useInSettings();
	return (
		<nav className="bottom" aria-label={t('nav.title')}>
			{items.map((item) => (
				<NavLink key={item.to} to={item.to} end={item.to === '/'} className={({ isActive }) => (isActive || (inSettings && item.to === '/settings') ? 'is-here' : undefined)}>
					<EntityIcon name={item.icon} />
					<span>{item.label}</span>
				</NavLink>
			))}
		</nav>
	);
}

function NewButton() {
	const { t } = useTranslation();
	const navigate = useNavigate();
	const phone = usePhone();
	const items = makeable(useWho())
		.map((e) => ({ key: e.name, icon: <EntityIcon name={e.icon ?? e.name} />, label: e.label }));
	if (items.length === 0) return null;
	return (
		<Dropdown trigger={['click']} placement="bottomRight" menu={{ items, onClick: ({ key }) => void navigate(`/${key}/new`) }}>
			<Button type="primary" icon={<PlusOutlined />} aria-label={phone ? t('nav.new') : undefined}>{phone ? null : t('nav.new')}</Button>
		</Dropdown>
	);
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
