/** What the features add to the generic pages: own record pages, built-in views, places in the menu. */
import { type ComponentType, lazy, type LazyExoticComponent } from 'react';
import type { Condition } from '@/api/query.ts';
import type { Entity, Field } from '@/api/types.ts';
import { visibleFieldNames } from '@/lib/fields.ts';

export interface BuiltInView {
	key: string;
	/** An i18n key. */
	label: string;
	query: string;
	/** Fields the view speaks of; it is offered only to those who see them. */
	needs?: string[];
}

export interface RecordPageProps {
	entity: Entity;
	id: string;
}

interface Feature {
	record?: LazyExoticComponent<ComponentType<RecordPageProps>>;
	/** A page of its own to make one. */
	form?: LazyExoticComponent<ComponentType<{ entity: Entity }>>;
	/** What choosing a linked record fills in: its fields by ours. */
	fills?: Record<string, Record<string, string>>;
	/** Starting values of a new one. */
	start?: Record<string, unknown>;
	views?: BuiltInView[];
	/** The order that the server has an index for once these fields are narrowed to a value; its own order would sort all that match. */
	narrowed?: { fields: string[]; order: string };
	/** Groups of the form that make no sense for these values. */
	without?: (values: Record<string, unknown>) => string[];
	/** A field that must be given together with these values. */
	needs?: (values: Record<string, unknown>) => string | null;
	/** Name in the menu of icons. */
	icon?: string;
}

const FEATURES: Record<string, Feature> = {
	customer: {
		narrowed: { fields: ['owner_id', 'stage', 'city'], order: 'last_order_at.desc' },
		// A person has no line of business and a company no birthday.
		without: (values) => (values.kind === 'company' ? ['person'] : ['company']),
		needs: (values) => (values.stage === 'lost' ? 'lost_reason' : null),
		record: lazy(() => import('@/features/customers/CustomerPage.tsx')),
		views: [
			{ key: 'pool', label: 'view.pool', query: 'owner_id=is.null', needs: ['owner_id'] },
			{ key: 'silent', label: 'view.silent', query: 'last_order_at=older.90d&order=orders_total.desc', needs: ['last_order_at', 'orders_total'] },
			{ key: 'vip', label: 'view.vip', query: 'level=in.(vip)&order=last_order_at.desc', needs: ['level', 'last_order_at'] },
			{ key: 'new', label: 'view.new', query: 'created_at=within.30d', needs: ['created_at'] },
		],
	},
	order: {
		narrowed: { fields: ['owner_id', 'team_id', 'branch_id', 'state', 'customer_id'], order: 'placed_at.desc' },
		record: lazy(() => import('@/features/sales/OrderPage.tsx')),
		form: lazy(() => import('@/features/sales/OrderForm.tsx')),
		start: { kind: 'sale' },
		views: [
			{ key: 'unpaid', label: 'view.unpaid', query: 'state=in.(placed)', needs: ['state'] },
			{ key: 'to_ship', label: 'view.to_ship', query: 'state=in.(paid)', needs: ['state'] },
			{ key: 'returns', label: 'view.returns', query: 'state=in.(cancelled,returned)', needs: ['state'] },
		],
	},
	order_line: { fills: { product_id: { sku: 'sku', name: 'name', unit: 'unit', unit_price: 'price' } }, start: { kind: 'sale' } },
	product: { record: lazy(() => import('@/features/sales/ProductPage.tsx')) },
	interaction: {
		record: lazy(() => import('@/features/customers/InteractionPage.tsx')),
		views: [
			{ key: 'open_mine', label: 'view.open_mine', query: 'state=in.(open,planned)&owner_id=in.(me)&order=due_at.asc', needs: ['state', 'owner_id', 'due_at'] },
			{ key: 'open', label: 'view.open_all', query: 'state=in.(open,planned)&order=due_at.asc', needs: ['state', 'due_at'] },
		],
	},
	user: { record: lazy(() => import('@/features/admin/UserPage.tsx')) },
	role: { record: lazy(() => import('@/features/admin/RolePage.tsx')) },
	bulk_act: { record: lazy(() => import('@/features/admin/BulkActPage.tsx')) },
	import_run: { record: lazy(() => import('@/features/exchange/RunPage.tsx')) },
};

/** What else has to be asked for when these values are set, such as why a customer is lost. */
export function alsoNeeded(entity: Entity, values: Record<string, unknown>): Field | undefined {
	const name = FEATURES[entity.name]?.needs?.(values);
	return name && isMissing(values[name]) ? entity.fields.find((f) => f.name === name && f.right === 'write') : undefined;
}

const isMissing = (value: unknown) => value === undefined || value === null || value === '';

export function recordPage(entity: string) {
	return FEATURES[entity]?.record;
}

export function formPage(entity: string) {
	return FEATURES[entity]?.form;
}

export function fillsOf(entity: string, field: string): Record<string, string> | undefined {
	return FEATURES[entity]?.fills?.[field];
}

export function startOf(entity: string): Record<string, unknown> | undefined {
	return FEATURES[entity]?.start;
}

export function groupsWithout(entity: string, values: Record<string, unknown>): string[] {
	return FEATURES[entity]?.without?.(values) ?? [];
}

/** How a list is ordered while nobody asked for an order. */
export function defaultOrder(entity: Entity, conditions: Condition[], q: string): string | null {
	const narrowed = FEATURES[entity.name]?.narrowed;
	const fits = narrowed && q === '' && visibleFieldNames(entity).has(narrowed.order.replace(/\..*/, ''))
		&& conditions.some((c) => narrowed.fields.includes(c.field) && ['in', 'is', 'empty'].includes(c.op));
	return fits ? narrowed.order : entity.sort ?? null;
}

export function builtInViews(entity: Entity): BuiltInView[] {
	const seen = visibleFieldNames(entity);
	const views: BuiltInView[] = [{ key: 'all', label: 'view.all', query: '' }];
	if (entity.owner && seen.has(entity.owner) && !entity.system) views.push({ key: 'mine', label: 'view.mine', query: `${entity.owner}=in.(me)` });
	for (const view of FEATURES[entity.name]?.views ?? []) if (!view.needs || view.needs.every((f) => seen.has(f))) views.push(view);
	return views;
}
