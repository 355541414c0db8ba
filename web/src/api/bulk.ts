/** Many records at once, as one act that the server keeps, carries on and takes back. */
import { get, post } from './client.ts';
import type { Entity } from './types.ts';

/** Above it the number is typed to confirm; the server asks for it too. */
export const ASK_ABOVE = 20;

export interface BulkAct {
	id: string;
	kind: string;
	state: string;
	total: number;
	done: number;
	refused: number;
	undone: number;
	kept: number;
	undo_until: string;
	may_undo: boolean;
	reasons: { state: string; key: string; field: string | null; message: string; count: number }[];
}

/** Which records: ids, or all that match but some. */
export interface BulkWhich {
	ids?: string[];
	filter?: string;
	except?: string[];
}

export interface BulkWish {
	set?: Record<string, unknown>;
	add?: Record<string, unknown>;
	remove?: Record<string, unknown>;
}

const GOING = ['queued', 'running', 'cancelling', 'undoing'];
export const isGoing = (act: BulkAct) => GOING.includes(act.state);

/** A selection in the server's words. */
export function whichOf(params: URLSearchParams, selection: { all: boolean; ids: ReadonlySet<string> }): BulkWhich {
	if (!selection.all) return { ids: [...selection.ids] };
	const filter = new URLSearchParams(params);
	for (const name of ['select', 'order', 'limit', 'cursor', 'offset']) filter.delete(name);
	return { filter: filter.toString(), except: [...selection.ids] };
}

/** How many it would be, within the reader's rights. */
export async function bulkCount(entity: Entity, kind: string, which: BulkWhich): Promise<number> {
	return (await post<{ total: number }>('bulk', { kind, entity: entity.name, ...which, preview: true })).total;
}

export const startBulk = (entity: Entity, kind: string, which: BulkWhich, expected: number, wish: BulkWish = {}) =>
	post<BulkAct>('bulk', { kind, entity: entity.name, ...which, ...wish, expected });

export const bulkAct = (id: string, signal?: AbortSignal) => get<BulkAct>(`bulk/${id}`, signal);
export const cancelBulk = (id: string) => post<BulkAct>(`bulk/${id}/cancel`);
export const undoBulk = (id: string) => post<BulkAct>(`bulk/${id}/undo`);

/** Looks again until it rests; the work goes on whether anybody looks or not. */
export async function watchBulk(act: BulkAct, onStep?: (act: BulkAct) => void): Promise<BulkAct> {
	for (let pause = 150; isGoing(act); pause = Math.min(pause * 1.5, 1500)) {
		onStep?.(act);
		await new Promise((done) => setTimeout(done, pause));
		act = await bulkAct(act.id);
	}
	return act;
}
