/** What every page knows: who is here, what they may see, how they like it. */
import { createContext, type ReactNode, useContext } from 'react';
import type { Entity, Me, Meta } from '@/api/types.ts';
import { entityOf } from '@/api/records.ts';
import type { Locale } from '@/lib/format.ts';
import type { Density, ThemeChoice } from './theme.ts';

export interface Preferences {
	locale: Locale;
	theme: ThemeChoice;
	density: Density;
}

export interface AppState {
	meta: Meta;
	me: Me;
	preferences: Preferences;
	dark: boolean;
	/** Remembers on this device and in the account. */
	prefer(change: Partial<Preferences>): void;
	reloadMe(): void;
	signOut(): void;
}

const Context = createContext<AppState | null>(null);

export function AppContext({ state, children }: { state: AppState; children: ReactNode }) {
	return <Context.Provider value={state}>{children}</Context.Provider>;
}

export function useApp(): AppState {
	const state = useContext(Context);
	if (!state) throw new Error('outside the application');
	return state;
}

export function useMeta(): Meta {
	return useApp().meta;
}

export function useEntity(name: string | null | undefined): Entity | undefined {
	return entityOf(useMeta(), name);
}

export function useCan(capability: string): boolean {
	return useMeta().capabilities.includes(capability);
}
