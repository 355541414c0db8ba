/** The menu: fields of work, and beside them the pages of the one somebody is in, with the views they pinned. */
import { MenuFoldOutlined, MenuUnfoldOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Dropdown, Tooltip } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, NavLink, useLocation, useNavigate } from 'react-router';
import { entityOf, useCount } from '@/api/records.ts';
import { listParams, parseList } from '@/components/list/state.ts';
import { number } from '@/lib/format.ts';
import { type AreaItem, useArea, useAreas } from './area.ts';
import { type Pin, useArranged } from './arranged.ts';
import { useApp } from './context.tsx';
import { EntityIcon } from './icons.tsx';
import { Mark } from './Mark.tsx';
import { makeable, type MenuItem, useNav } from './nav.ts';
import { SettingsList } from './SettingsList.tsx';
import { useWho } from './who.ts';

/** How often what waits is counted again while nothing else asks. */
const COUNT_EVERY = 60_000;

export function Side({ folded, onFold }: { folded: boolean; onFold(): void }) {
	const { t } = useTranslation();
	const { meta } = useApp();
	const areas = useAreas();
	const { area } = useArea();
	const name = meta.firm || t('app.name');
	const here = areas.find((a) => a.area === area);
	return (
		<nav className="side" aria-label={t('nav.title')}>
			<NavLink to="/" className="side-mark" aria-label={name} title={meta.firm || undefined}>
				<Mark size={26} />{!folded && <b className="text">{name}</b>}
			</NavLink>
			<div className="side-both">
				<div className="side-areas">
					<ul>
						{areas.map((item) => (
							<li key={item.area}>{folded ? <FoldedArea item={item} here={item === here} /> : <AreaLink item={item} here={item === here} />}</li>
						))}
					</ul>
					<Tooltip title={t(folded ? 'nav.unfold' : 'nav.fold')} placement="right">
						<button
							type="button" className="side-link side-fold" onClick={onFold} aria-expanded={!folded}
							aria-label={t(folded ? 'nav.unfold' : 'nav.fold')}
						>
							{folded ? <MenuUnfoldOutlined /> : <MenuFoldOutlined />}
						</button>
					</Tooltip>
				</div>
				{!folded && here && <Second key={here.area} area={here} />}
			</div>
		</nav>
	);
}

function AreaLink({ item, here }: { item: AreaItem; here: boolean }) {
	return (
		<Link to={item.to} className={`side-link${here ? ' is-here' : ''}`} aria-current={here ? 'true' : undefined}>
			<EntityIcon name={item.icon} /> <span>{item.label}</span>
		</Link>
	);
}

/** Without the second column its pages open from the icon. */
function FoldedArea({ item, here }: { item: AreaItem; here: boolean }) {
	const navigate = useNavigate();
	const cls = `side-link${here ? ' is-here' : ''}`;
	const inside = <><EntityIcon name={item.icon} /> <span className="sr-only">{item.label}</span></>;
	if (item.items.length < 2)
		return (
			<Tooltip title={item.label} placement="right"><Link to={item.to} className={cls} aria-current={here ? 'true' : undefined}>{inside}</Link></Tooltip>
		);
	return (
		<Dropdown
			trigger={['click']} placement="topRight"
			menu={{
				items: [{
					key: 'area', type: 'group', label: item.label,
					children: item.items.map((i) => ({ key: i.to, label: i.label, icon: <EntityIcon name={i.icon} /> })),
				}],
				onClick: ({ key }) => void navigate(key),
			}}
		>
			<button type="button" className={cls} title={item.label} aria-haspopup="menu" aria-current={here ? 'true' : undefined}>{inside}</button>
		</Dropdown>
	);
}

function Second({ area }: { area: AreaItem }) {
	const { t } = useTranslation();
	const { to } = useArea();
	const { pathname, search } = useLocation();
	const [{ pins = [] }] = useArranged();
	const who = useWho();
	const mine = pins.filter((p) => who.may(p.entity, 'read')
		&& (area.items.some((i) => i.to === `/${p.entity}`) || (area.area === 'today' && pathname === '/')));
	if (area.area === 'settings') return <div className="side-pages"><h2>{area.label}</h2><SettingsList /></div>;
	const view = new URLSearchParams(search).get('view');
	return (
		<div className="side-pages">
			<h2>{area.label}</h2>
			<ul>
				{area.items.map((item) => (
					<li key={item.to}><Page item={item} here={item.to === to && !mine.some((p) => p.view === view && `/${p.entity}` === pathname)} /></li>
				))}
			</ul>
			{mine.length > 0 && (
				<>
					<h3>{t('nav.pinned')}</h3>
					<ul>
						{mine.map((pin) => (
							<li key={`${pin.entity}${pin.view}`}><Pinned pin={pin} here={`/${pin.entity}` === pathname && pin.view === view} /></li>
						))}
					</ul>
				</>
			)}
		</div>
	);
}

function Page({ item, here }: { item: MenuItem; here: boolean }) {
	return (
		<Link to={item.to} className={`side-link${here ? ' is-here' : ''}`} aria-current={here ? 'page' : undefined}>
			<span className="text">{item.label}</span> {item.count && <Waiting entity={item.count.entity} query={item.count.query} />}
		</Link>
	);
}

function Pinned({ pin, here }: { pin: Pin; here: boolean }) {
	const to = `/${pin.entity}?${new URLSearchParams([...new URLSearchParams(pin.query), ['view', pin.view]])}`;
	return (
		<Link to={to} className={`side-link${here ? ' is-here' : ''}`} aria-current={here ? 'page' : undefined}>
			<span className="text">{pin.name}</span> <Waiting entity={pin.entity} query={pin.query} />
		</Link>
	);
}

/** How many meet a view: as far as the server counts without being asked for more. */
function Waiting({ entity: name, query }: { entity: string; query: string }) {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const entity = entityOf(meta, name);
	const params = entity ? listParams(meta, entity, parseList(entity, new URLSearchParams(query)), me.id) : new URLSearchParams();
	const { data } = useCount(entity, params, true, false, COUNT_EVERY);
	if (!data || data.total === 0) return null;
	const n = `${number(data.total)}${data.capped ? '+' : ''}`;
	return <span className="side-count"><span aria-hidden="true">{n}</span><span className="sr-only">{t('nav.waiting', { n })}</span></span>;
}

/** On phones five at most: the places that come first, what is made, and the rest. */
export function Bottom() {
	const { t } = useTranslation();
	const { main } = useNav();
	const { pathname } = useLocation();
	const first = main.filter((i) => i.phone !== undefined).sort((a, b) => a.phone! - b.phone!).slice(0, 3);
	const here = first.find((i) => (i.to === '/' ? pathname === '/' : pathname === i.to || pathname.startsWith(`${i.to}/`)));
	const item = (i: { to: string; label: string; icon: string }, on: boolean) => (
		<Link key={i.to} to={i.to} className={on ? 'is-here' : undefined} aria-current={on ? 'page' : undefined}>
			<EntityIcon name={i.icon} />
			<span>{i.label}</span>
		</Link>
	);
	return (
		<nav className="bottom" aria-label={t('nav.title')}>
			{first.slice(0, 2).map((i) => item(i, i === here))}
			<NewButton />
			{first.slice(2).map((i) => item(i, i === here))}
			{item({ to: '/more', label: t('nav.more'), icon: 'more' }, !here)}
		</nav>
	);
}

export function NewButton() {
	const { t } = useTranslation();
	const navigate = useNavigate();
	const items = makeable(useWho()).map((e) => ({ key: e.name, icon: <EntityIcon name={e.icon ?? e.name} />, label: e.label }));
	if (items.length === 0) return null;
	return (
		<Dropdown trigger={['click']} placement="bottomRight" menu={{ items, onClick: ({ key }) => void navigate(`/${key}/new`) }}>
			<Button type="primary" className="new" icon={<PlusOutlined />}><span className="new-word">{t('nav.new')}</span></Button>
		</Dropdown>
	);
}
