/** Search or jump: everything one may see, as one types; arrows and Enter. */
import { SearchOutlined } from '@ant-design/icons';
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { Input, Modal, Spin } from 'antd';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { get } from '@/api/client.ts';
import { entityOf, fetchPage, fieldOf, may } from '@/api/records.ts';
import type { Entity, SearchAnswer } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { EntityIcon } from '@/app/icons.tsx';
import { features, waysOf } from '@/app/features.ts';
import { type NavItem, useNav, useSettings } from '@/app/nav.ts';
import { useWho } from '@/app/who.ts';
import { Failed } from '@/components/common/States.tsx';
import { number } from '@/lib/format.ts';
import { isWordOf, settingsFor, useFindable } from './settings.ts';
import { LOCALES } from '@/app/i18n.ts';
import { useWords } from './words.ts';
import { useDelayed } from '@/lib/delayed.ts';

interface Hit {
	key: string;
	icon: string;
	title: string;
	subtitle?: string | null;
	to: string;
	/** Done instead of going anywhere. */
	run?: () => void;
}

interface Group {
	key: string;
	label: string;
	hits: Hit[];
	/** Leads to all of them. */
	all?: string;
}

const RECENT = 'guanxi.recent';

function recent(): Hit[] {
	try {
		return (JSON.parse(localStorage.getItem(RECENT) ?? '[]') as Hit[]).slice(0, 6);
	} catch {
		return [];
	}
}

/** The server keeps choices by their keys; people read their labels. */
function subtitleOf(entity: Entity | undefined, subtitle: string | null | undefined) {
	return fieldOf(entity, entity?.subtitle)?.options?.find((o) => o.value === subtitle)?.label ?? subtitle;
}

/** Namesakes are told apart by what their feature says: where they live, how their number ends. */
function useApart(found: SearchAnswer | undefined) {
	const { meta } = useApp();
	const asked = (found?.groups ?? []).flatMap((g) => {
		const entity = entityOf(meta, g.entity);
		const fields = (waysOf(g.entity).apart ?? []).flatMap((n) => fieldOf(entity, n) ?? []);
		return entity && fields.length > 0 && g.hits.length > 0 ? [{ entity, fields, ids: g.hits.map((h) => h.id) }] : [];
	});
	const answers = useQueries({
		queries: asked.map(({ entity, fields, ids }) => ({
			queryKey: ['some', entity.name, 'apart', ids.join()],
			staleTime: 30_000,
			placeholderData: keepPreviousData,
			queryFn: ({ signal }: { signal: AbortSignal }) => fetchPage(
				entity, new URLSearchParams({ select: ['id', ...fields.map((f) => f.name)].join(), id: `in.(${ids.join()})` }), signal,
			),
		})),
	});
	return (name: string, id: string): string | null => {
		const at = asked.findIndex((a) => a.entity.name === name);
		const row = at < 0 ? undefined : answers[at]?.data?.rows.find((r) => r.id === id);
		if (!row) return null;
		const tail = (value: unknown) => String(value ?? '').replace(/\D/g, '').slice(-4);
		return asked[at]!.fields
			.map((f) => (f.type === 'phone' ? tail(row[f.name]) && `…${tail(row[f.name])}` : row[f.name]))
			.filter(Boolean)
			.join(' · ') || null;
	};
}

/** What can be done from anywhere. */
function useActs(): (Hit & { words: string })[] {
	const { prefer, signOut } = useApp();
	const { t } = useTranslation();
	return [
		...LOCALES.map((l) => ({
			key: `locale${l.value}`, icon: 'settings', title: `${t('menu.language')}: ${l.label}`, words: `${l.value} language 语言 語言`,
			run: () => prefer({ locale: l.value }),
		})),
		...(['auto', 'light', 'dark'] as const).map((v) => ({
			key: `theme${v}`, icon: 'settings', title: `${t('menu.theme')}: ${t(`theme.${v}`)}`, words: `theme ${v} 主题 主題`,
			run: () => prefer({ theme: v }),
		})),
		...(['compact', 'comfortable'] as const).map((v) => ({
			key: `density${v}`, icon: 'settings', title: `${t('menu.density')}: ${t(`density.${v}`)}`, words: `density ${v} 密度`,
			run: () => prefer({ density: v }),
		})),
		{ key: 'keys', icon: 'key', title: t('menu.keys'), words: 'keyboard shortcuts 快捷键 快速鍵', to: '/settings/keys' },
		{ key: 'out', icon: 'user', title: t('menu.sign_out'), words: 'sign out logout 退出登录 登出', run: signOut },
	].map((hit) => ({ to: '', ...hit }));
}

export default function Palette({ onClose }: { onClose(): void }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const navigate = useNavigate();
	const id = useId();
	const { main } = useNav();
	const settings = useSettings();
	const who = useWho();
	const [typed, setTyped] = useState('');
	const [active, setActive] = useState(0);
	const list = useRef<HTMLDivElement>(null);
	const q = useDelayed(typed.trim(), 90);

	const found = useQuery({
		queryKey: ['search', q],
		enabled: q !== '',
		placeholderData: keepPreviousData,
		queryFn: ({ signal }) => get<SearchAnswer>(`search?q=${encodeURIComponent(q)}&limit=6`, signal),
	});

	const apart = useApart(found.data);
	const findable = useFindable(q !== '');
	const words = useWords(typed.trim() !== '');
	const acts = useActs();
	const groups = useMemo<Group[]>(() => {
		const said = typed.trim().toLowerCase();
		const fits = (words: string) => said === '' || said.split(/\s+/).every((w) => words.toLowerCase().includes(w));
		const own: NavItem[] = features().palette
			.filter((p) => !p.when || p.when(who))
			.map((p) => ({ to: p.to, label: t(p.label), icon: p.icon, words: p.words, key: p.label }));
		const places: Hit[] = [
			...main, { to: '/settings', label: t('nav.settings'), icon: 'settings', words: 'settings 设置 設定' }, ...settings.flatMap((g) => g.items),
			...own,
		]
			.filter((p) => fits(`${p.label} ${p.to.slice(1).replace(/[/_]/g, ' ')} ${p.words ?? ''} ${words(p.key, p.entity)}`))
			.map((p) => ({ key: p.to, icon: p.icon, title: p.label, to: p.to }));
		const makeWords = (e: Entity) => [
			'new 新建 新增 create', e.name.replace(/_/g, ' '), t('list.create', { what: e.label }), `${t('nav.new')}${e.label}`, words(undefined, e.name),
		].join(' ');
		const make: Hit[] = meta.entities
			.filter((e) => !e.child && may(e, 'create') && !waysOf(e.name).unmade)
			.filter((e) => fits(makeWords(e)))
			.map((e) => ({ key: `new${e.name}`, icon: e.icon ?? e.name, title: t('list.create', { what: e.label }), to: `/${e.name}/new` }));
		if (typed.trim() === '') {
			const seen = recent().filter((h) => entityOf(meta, h.to.split('/')[1]));
			const fresh = make.filter((h) => !entityOf(meta, h.key.slice(3))?.system).slice(0, 4);
			return [
				...(seen.length ? [{ key: 'recent', label: t('search.recent'), hits: seen }] : []),
				{ key: 'places', label: t('search.places'), hits: places },
				...(fresh.length ? [{ key: 'new', label: t('nav.new'), hits: fresh }] : []),
			];
		}
		const records = (found.data?.groups ?? []).map((g) => ({
			key: g.entity,
			label: g.label,
			hits: g.hits.map((h) => ({
				key: `${g.entity}${h.id}`, icon: entityOf(meta, g.entity)?.icon ?? g.entity, title: h.title || `#${h.id}`,
				subtitle: apart(g.entity, h.id) ?? subtitleOf(entityOf(meta, g.entity), h.subtitle), to: `/${g.entity}/${h.id}`,
			})),
			all: g.more ? `/${g.entity}?q=${encodeURIComponent(q)}` : undefined,
		}));
		const single: Hit[] = settingsFor(findable, said).slice(0, 5)
			.map((s) => ({ key: s.key, icon: 'settings', title: s.label, subtitle: s.group, to: s.to }));
		const doing = acts.filter((a) => fits(`${a.title} ${a.words}`)).slice(0, 4);
		const jumps = [
			...(places.length ? [{ key: 'places', label: t('search.places'), hits: places.slice(0, 4) }] : []),
			...(single.length ? [{ key: 'settings', label: t('nav.settings'), hits: single }] : []),
			...(make.length ? [{ key: 'new', label: t('nav.new'), hits: make.slice(0, 4) }] : []),
			...(doing.length ? [{ key: 'acts', label: t('word.actions'), hits: doing }] : []),
		];
		const hits = records.filter((g) => g.hits.length > 0);
		// A place or an act that is called just so comes before what merely contains the word.
		const named = jumps.some((j) => j.hits.some((h) => h.title.toLowerCase() === said || (j.key === 'settings' && isWordOf(h.title, said))))
			|| /^(settings|设置|設定|new |新建|新增)/.test(said);
		return named ? [...jumps, ...hits] : [...hits, ...jumps];
	}, [typed, q, found.data, main, settings, meta, who, t, apart, findable, words, acts]);

	const flat = groups.flatMap((g) => [
		...g.hits, ...(g.all ? [{ key: `${g.key}all`, icon: g.key, title: t('search.all', { what: g.label }), to: g.all } as Hit] : []),
	]);
	useEffect(() => setActive(0), [q, typed === '']);
	useEffect(() => {
		list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
	}, [active]);

	function go(hit: Hit | undefined, elsewhere = false) {
		if (!hit) return;
		if (/\/\d+$/.test(hit.to)) localStorage.setItem(RECENT, JSON.stringify([hit, ...recent().filter((h) => h.to !== hit.to)]));
		if (hit.run) hit.run();
		else if (elsewhere) window.open(hit.to, '_blank', 'noopener');
		else void navigate(hit.to);
		onClose();
	}

	function onKeyDown(event: KeyboardEvent) {
		if (event.nativeEvent.isComposing) return;
		if (event.key === 'ArrowDown') setActive((a) => Math.min(flat.length - 1, a + 1));
		else if (event.key === 'ArrowUp') setActive((a) => Math.max(0, a - 1));
		else if (event.key === 'Enter') go(flat[active], event.ctrlKey || event.metaKey);
		else return;
		event.preventDefault();
	}

	let n = -1;
	const nothing = q !== '' && q === typed.trim() && found.isSuccess && !found.isFetching && flat.length === 0;
	return (
		<Modal open footer={null} closable={false} onCancel={onClose} width={640} className="palette" style={{ top: 64 }} styles={{ container: { padding: 0 } }} title={t('search.title')}>
			<Input
				autoFocus size="large" variant="borderless" prefix={found.isFetching ? <Spin size="small" /> : <SearchOutlined aria-hidden />} placeholder={t('search.placeholder')} value={typed}
				onChange={(e) => setTyped(e.target.value)} onKeyDown={onKeyDown} role="combobox" aria-expanded aria-controls={id} aria-label={t('search.title')} aria-autocomplete="list"
				aria-activedescendant={flat[active] ? `${id}${active}` : undefined} autoComplete="off" spellCheck={false}
			/>
			<div className="palette-list" role="listbox" id={id} ref={list} aria-label={t('search.results')}>
				{found.isError && q !== '' && <Failed error={found.error} onRetry={() => void found.refetch()} small />}
				{groups.map((g) => (
					<div key={g.key} role="group" aria-label={g.label}>
						<div className="palette-group" aria-hidden="true">{g.label}</div>
						{[
							...g.hits,
							...(g.all
								? [{ key: `${g.key}all`, icon: g.key, title: t('search.all', { what: g.label }), to: g.all, subtitle: null } as Hit]
								: []),
						].map((hit) => {
							n++;
							const i = n;
							return (
								<div
									key={hit.key} id={`${id}${i}`} role="option" aria-selected={i === active} className={`palette-hit${i === active ? ' is-active' : ''}`}
									onMouseMove={() => setActive(i)} onClick={(e) => go(hit, e.ctrlKey || e.metaKey)}
								>
									<EntityIcon name={hit.icon} /> <span className="palette-title"><Marked text={hit.title} q={typed} /></span>
									{hit.subtitle && <span className="palette-sub">{hit.subtitle}</span>}
								</div>
							);
						})}
					</div>
				))}
			</div>
			<div className="palette-foot" role="status">
				{nothing ? t('search.nothing', { q }) : found.data?.took_ms !== undefined && q !== '' ? t('search.took', { ms: number(Math.round(found.data.took_ms)) }) : t('search.hint')}
			</div>
		</Modal>
	);
}

/** Shows why something was found, where the typed text stands in it as it is. */
function Marked({ text, q }: { text: string; q: string }) {
	const at = q.trim() ? text.toLowerCase().indexOf(q.trim().toLowerCase()) : -1;
	if (at < 0) return <>{text}</>;
	const end = at + q.trim().length;
	return <>{text.slice(0, at)}<mark>{text.slice(at, end)}</mark>{text.slice(end)}</>;
}
