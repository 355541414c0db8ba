/** The right that is missing, in words; /meta knows what things are called. */
import type { ApiError } from './client.ts';
import { entityOf, fieldOf } from './records.ts';
import type { Meta } from './types.ts';

const ACTIONS = ['read', 'create', 'update', 'delete', 'export', 'import'];

let known: Meta | null = null;

export function rememberMeta(meta: Meta) {
	known = meta;
}

type Words = (key: string, values?: Record<string, unknown>) => string;

/** "Change: Customers", "Change or delete many at once", or null. */
function rightWords(right: string, t: Words): string | null {
	const [name = '', what] = right.split('.');
	if (!what) return t(`cap.${name}`);
	const entity = known ? entityOf(known, name) : undefined;
	if (!entity) return null;
	const word = ACTIONS.includes(what) ? t(`action_word.${what}`) : fieldOf(entity, what)?.label;
	return word ? t('denied.right', { action: word, what: entity.label_many }) : null;
}

/** After what the server says: which right is missing, and who can give it. */
export function missingRight(error: ApiError, t: Words): string {
	if (!error.right || error.errors.some((e) => e.key === 'outside_scope')) return '';
	const right = rightWords(error.right, t);
	return [right ? t('denied.missing', { right }) : '', error.ask ? t('denied.ask', { manager: error.ask }) : ''].filter(Boolean).join(' ');
}
