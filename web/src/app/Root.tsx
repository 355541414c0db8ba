/** Boot: language, session, descriptors; then the shell or the sign-in page. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { App as AntApp, ConfigProvider } from 'antd';
import type { Locale as AntLocale } from 'antd/es/locale';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { BrowserRouter } from 'react-router';
import { ApiError, call, get, onSignedOut, patch, setApiLanguage, setCsrf } from '@/api/client.ts';
import { startEvents, stopEvents } from '@/api/events.ts';
import { setWeekStart } from '@/api/query.ts';
import { rememberMeta } from '@/api/rights.ts';
import type { Me, Meta, Session } from '@/api/types.ts';
import { Failed } from '@/components/common/States.tsx';
import { AppContext, type Preferences } from './context.tsx';
import { localeOf, preferredLocale, switchLocale } from './i18n.ts';
import { densityOf, loadPreferences, storePreferences, themeOf, useDark } from './preferences.ts';
import { nameListboxes } from './listboxes.ts';
import { nonce } from './nonce.ts';
import { SignIn } from './SignIn.tsx';
import { themeConfig } from './theme.ts';

// Asked for at once, side by side, not one after the other.
const shell = import('./Shell.tsx');
const Shell = lazy(() => shell);
const Invited = lazy(() => import('./Invited.tsx'));
const MustChange = lazy(() => import('./MustChange.tsx'));
// Before anything is asked of the server: labels come in the language that a call names.
setApiLanguage(preferredLocale());
const firstLocale = switchLocale(preferredLocale());
let firstPhase: Promise<Phase> | null = null;

const queries = new QueryClient({
	defaultOptions: {
		queries: {
			staleTime: 10_000,
			gcTime: 10 * 60_000,
			refetchOnWindowFocus: false,
			retry: (count, error) => count < 2 && error instanceof ApiError && (error.offline || error.status >= 502),
		},
	},
});

type Phase =
	| { is: 'starting' }
	| { is: 'out' }
	| { is: 'in'; session: Session; meta: Meta }
	| { is: 'failed'; error: ApiError };

/** What there is and who is asking, in the reader's language. */
async function describe(): Promise<Meta> {
	const [meta, account] = await Promise.all([get<Meta>('meta'), get<Me>('account')]);
	setWeekStart(meta.week_start);
	const shipped = new Map(account.shipped?.map((s) => [s.text, s.label]));
	for (const field of meta.entities.find((e) => e.name === 'role')?.fields ?? []) if (['name', 'name_zh', 'note'].includes(field.name)) field.shipped = shipped;
	rememberMeta(meta);
	return { ...meta, language: localeOf(meta.user.locale) ?? undefined, user: { ...meta.user, ...account } };
}

async function enter(session: Session): Promise<Phase> {
	setCsrf(session.csrf);
	return { is: 'in', session, meta: await describe() };
}

async function start(): Promise<Phase> {
	try {
		const session = (await call<Session>('GET', 'session', { quiet401: true })).data;
		return await enter(session);
	} catch (error) {
		if (error instanceof ApiError && error.status === 401) return { is: 'out' };
		return { is: 'failed', error: error instanceof ApiError ? error : new ApiError(0, '', String(error)) };
	}
}

firstPhase = start();

export function Root() {
	const [preferences, setPreferences] = useState(loadPreferences);
	const [ant, setAnt] = useState<AntLocale | null>(null);
	const [phase, setPhase] = useState<Phase>({ is: 'starting' });
	// The session ended while somebody was working: ask again over the page, lose nothing.
	const [again, setAgain] = useState(false);
	const dark = useDark(preferences.theme);
	const asked = useRef<string | null>(null);
	// The link's secret stands behind the "#": no server between sees it, and no log.
	const [invited, setInvited] = useState(() => (window.location.pathname === '/invite' ? window.location.hash.slice(1) : null));
	const leave = useCallback(() => {
		history.replaceState(null, '', '/');
		setInvited(null);
	}, []);

	useEffect(() => {
		document.documentElement.dataset.theme = dark ? 'dark' : 'light';
		document.documentElement.dataset.density = preferences.density;
		document.documentElement.classList.add('gx');
	}, [dark, preferences.density]);

	useEffect(() => {
		void (preferences.locale === preferredLocale() && !ant ? firstLocale : switchLocale(preferences.locale)).then(setAnt);
	}, [preferences.locale]);

	const adopt = useCallback((next: Phase) => {
		if (next.is === 'in') {
			const { locale, theme, density } = next.meta.user;
			setPreferences((old) => ({
				locale: localeOf(locale) ?? old.locale,
				theme: themeOf(theme) ?? old.theme,
				density: densityOf(density) ?? old.density,
			}));
			startEvents();
		}
		setPhase(next);
	}, []);

	useEffect(() => {
		void (firstPhase ?? start()).then(adopt);
		firstPhase = null;
	}, [adopt]);

	useEffect(nameListboxes, []);
	useEffect(() => onSignedOut(() => setAgain(true)), []);

	const signedIn = useCallback(async (session: Session) => {
		const same = phase.is === 'in' && phase.session.user.id === session.user.id;
		if (!same) queries.clear();
		adopt(await enter(session));
		setAgain(false);
		if (same) await queries.invalidateQueries();
	}, [phase, adopt]);

	const prefer = useCallback((change: Partial<Preferences>) => {
		setPreferences((old) => {
			const next = { ...old, ...change };
			storePreferences(next);
			return next;
		});
		// At once, not only when the texts are loaded: what is asked next is asked in the new language.
		if (change.locale) setApiLanguage(change.locale);
		if (phase.is !== 'in') return;
		void patch('account', change)
			.then(async () => {
				// Labels of entities and fields come in the new language.
				if (!change.locale) return;
				const meta = await describe();
				setPhase((old) => (old.is === 'in' ? { ...old, meta } : old));
				await queries.invalidateQueries();
			})
			.catch(() => undefined);
	}, [phase.is]);

	// Labels and texts are of one language, whatever came first: where they differ, the labels are asked for again.
	const labels = phase.is === 'in' ? phase.meta.language : undefined;
	useEffect(() => {
		if (!labels || labels === preferences.locale || asked.current === preferences.locale) return;
		asked.current = preferences.locale;
		setApiLanguage(preferences.locale);
		void describe().then(async (meta) => {
			setPhase((old) => (old.is === 'in' ? { ...old, meta } : old));
			await queries.invalidateQueries();
		}).catch(() => undefined).finally(() => {
			asked.current = null;
		});
	}, [labels, preferences.locale]);

	const state = useMemo(() => {
		if (phase.is !== 'in') return null;
		return {
			meta: phase.meta,
			me: phase.meta.user,
			preferences,
			dark,
			prefer,
			reloadMe: () => {
				void describe().then((meta) => setPhase((old) => (old.is === 'in' ? { ...old, meta } : old)));
			},
			signOut: () => {
				void call('DELETE', 'session', { quiet401: true })
					.catch(() => undefined)
					.then(() => {
						stopEvents();
						setCsrf(null);
						queries.clear();
						setPhase({ is: 'out' });
						history.replaceState(null, '', '/');
					});
			},
		};
	}, [phase, preferences, dark, prefer]);

	const theme = useMemo(() => themeConfig(dark, preferences.density), [dark, preferences.density]);

	if (!ant) return null;
	return (
		<ConfigProvider csp={nonce ? { nonce } : undefined} locale={ant} theme={theme} button={{ autoInsertSpace: false }} wave={{ disabled: true }}>
			<AntApp component={false} message={{ maxCount: 3 }} notification={{ placement: 'bottomLeft' }}>
				<QueryClientProvider client={queries}>
					<BrowserRouter>
						{phase.is === 'starting' && <div className="boot" aria-busy="true" />}
						{phase.is === 'failed' && <Failed error={phase.error} onRetry={() => void start().then(adopt)} />}
						{(phase.is === 'out' || phase.is === 'in') && invited !== null && (
							<Suspense fallback={<div className="boot" aria-busy="true" />}>
								<Invited
									token={invited} preferences={preferences} prefer={prefer} onLeave={leave}
									onDone={async (session) => {
										await signedIn(session);
										leave();
									}}
								/>
							</Suspense>
						)}
						{phase.is === 'out' && invited === null && <SignIn onDone={signedIn} preferences={preferences} prefer={prefer} />}
						{state && invited === null && (
							<AppContext state={state}>
								<Suspense fallback={<div className="boot" aria-busy="true" />}>
									{state.me.must_change_password ? <MustChange /> : <Shell />}
								</Suspense>
								{again && <SignIn over email={state.me.email} onDone={signedIn} preferences={preferences} prefer={prefer} />}
							</AppContext>
						)}
					</BrowserRouter>
				</QueryClientProvider>
			</AntApp>
		</ConfigProvider>
	);
}
