/** What a role may do, in words somebody reads who has never seen the matrix. */
import type { TFunction } from 'i18next';
import type { Action, Meta, Scope } from '@/api/types.ts';
import { list } from '@/lib/format.ts';
import { ACTIONS, type Rights, scopeOf, SCOPES } from './rights.ts';

/** Kinds of records that are the page's own affair. */
const ASIDE = ['saved_view', 'import_run', 'bulk_act', 'attachment'];

interface Reach {
	scope: Scope;
	/** Named where they differ from the rest. */
	kinds: string[];
}

/** How far an action reaches: first what holds for those that are not named, then those that differ. */
export function reachOf(meta: Meta, rights: Rights, action: Action): { most: Scope; others: Reach[] } {
	const kinds = meta.entities.filter((e) => !e.system && !e.child && !ASIDE.includes(e.name));
	const by = new Map<Scope, string[]>();
	for (const e of kinds) {
		const { scope } = scopeOf(rights, e.name, action, false);
		by.set(scope, [...(by.get(scope) ?? []), e.label_many]);
	}
	const rest = rights['*']?.[action] ?? 'none';
	const most = by.has(rest) || by.size === 0 ? rest : [...by].sort((a, b) => b[1].length - a[1].length)[0]![0];
	const others = SCOPES.filter((s) => s !== most && by.has(s)).reverse().map((scope) => ({ scope, kinds: by.get(scope)! }));
	return { most, others };
}

/** One line an action, then what the role may not do at all, then its general rights. */
export function roleWords(t: TFunction, meta: Meta, rights: Rights, caps: string[]): string[] {
	const lines: string[] = [];
	const never: string[] = [];
	for (const action of ACTIONS) {
		const { most, others } = reachOf(meta, rights, action);
		const some = others.filter((o) => o.scope !== 'none');
		if (most === 'none' && some.length === 0) {
			never.push(t(`action_word.${action}`));
			continue;
		}
		const parts = [
			...(most === 'none' ? [] : [t(`role.reach_${most}`)]),
			...(most === 'none' ? some : others).map((o) => t('role.reach_kinds', { kinds: list(o.kinds), reach: t(`role.reach_${o.scope}`) })),
		];
		lines.push(t('role.line', { action: t(`action_word.${action}`), reach: parts.join(t('role.reach_join')) }));
	}
	if (never.length) lines.push(t('role.never', { actions: list(never.map((word) => t('role.verb', { word })), 'disjunction') }));
	if (caps.length) lines.push(t('role.also', { caps: list(caps.map((c) => t(`cap.${c}`))) }));
	return lines;
}
