/**
 * What somebody arranged on their page: views pinned to the menu, cards of their home page, tabs. It is kept in the account, so it
 * is the same on every device.
 */
import { App } from 'antd';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { patch } from '@/api/client.ts';
import { problemText } from '@/components/common/undo.tsx';
import { useApp } from './context.tsx';

export interface Pin {
	entity: string;
	/** Of a built-in view its key, of a saved one its id. */
	view: string;
	name: string;
	query: string;
}

export interface Arranged {
	pins?: Pin[];
	/** Keys of home cards in their order, and those that are left out. */
	home?: { order: string[]; hidden: string[] };
	/** Cards of the dashboard in their order, and how many days they speak of. */
	dashboard?: { cards: string[]; span?: string };
}

function parse(text: string | null | undefined): Arranged {
	try {
		const found: unknown = JSON.parse(text || '{}');
		return found && typeof found === 'object' && !Array.isArray(found) ? found : {};
	} catch {
		return {};
	}
}

export function useArranged(): [Arranged, (change: Partial<Arranged>) => void] {
	const { me } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const client = useQueryClient();
	const { data } = useQuery({
		queryKey: ['arranged', me.id], queryFn: () => parse(me.page), initialData: () => parse(me.page), staleTime: Infinity, gcTime: Infinity,
	});
	const set = useCallback((change: Partial<Arranged>) => {
		const before = client.getQueryData<Arranged>(['arranged', me.id]) ?? {};
		const next = { ...before, ...change };
		client.setQueryData(['arranged', me.id], next);
		patch('account', { page: JSON.stringify(next) }).catch((error: unknown) => {
			client.setQueryData(['arranged', me.id], before);
			void message.error(problemText(error, t));
		});
	}, [client, me.id, message, t]);
	return [data, set];
}
