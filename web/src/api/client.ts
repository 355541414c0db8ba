/** The one way to the server: CSRF, language, retries, problem documents. */

export interface FieldError {
	field: string;
	key: string;
	message: string;
}

/** A refused or failed call. `kind` is what the page decides by; `message` is in the user's language. */
export class ApiError extends Error {
	constructor(
		readonly status: number,
		readonly code: string,
		message: string,
		readonly requestId: string | null = null,
		readonly errors: FieldError[] = [],
		readonly details: string | null = null,
		readonly hint: string | null = null,
		readonly title: string | null = null,
		/** Which right is missing, as the server calls it, and who can give it. */
		readonly right: string | null = null,
		readonly ask: string | null = null,
	) {
		super(message);
	}

	get offline() {
		return this.status === 0;
	}

	get denied() {
		return this.status === 403;
	}

	get missing() {
		return this.status === 404;
	}

	/** Somebody else changed the record meanwhile. */
	get stale() {
		return this.status === 412 || (this.status === 409 && this.code === 'version');
	}
}

export interface Answer<T> {
	data: T;
	headers: Headers;
	status: number;
}

export interface CallOptions {
	body?: unknown;
	/** Sent as it is, with its own type. */
	raw?: Blob;
	headers?: Record<string, string>;
	signal?: AbortSignal;
	/** A 401 here is an answer, not the end of the session. */
	quiet401?: boolean;
}

export const BASE = '/api/v1';

let csrf: string | null = null;
let language = 'zh-Hans';
const signedOutListeners = new Set<() => void>();

export function setCsrf(token: string | null) {
	csrf = token;
}

export function setApiLanguage(locale: string) {
	language = locale;
}

/** A change that was refused because others have to agree to it first. */
export interface HeldBack {
	method: string;
	path: string;
	body: unknown;
	/** If-Match, as it was sent. */
	match?: string;
	problem: ApiError;
}
const heldListeners = new Set<(held: HeldBack) => void>();

/** Called for each of them, wherever on the page it was made. */
export function onHeldBack(listener: (held: HeldBack) => void): () => void {
	heldListeners.add(listener);
	return () => heldListeners.delete(listener);
}

/** Called when a call is refused because the session ended. */
export function onSignedOut(listener: () => void): () => void {
	signedOutListeners.add(listener);
	return () => signedOutListeners.delete(listener);
}

export function randomId(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

function problemOf(status: number, text: string, headers: Headers): ApiError {
	const id = headers.get('X-Request-Id');
	try {
		const p = JSON.parse(text) as Record<string, unknown>;
		return new ApiError(
			status,
			String(p.code ?? ''),
			String(p.message ?? p.title ?? ''),
			typeof p.request_id === 'string' ? p.request_id : id,
			Array.isArray(p.errors) ? (p.errors as FieldError[]) : [],
			typeof p.details === 'string' ? p.details : null,
			typeof p.hint === 'string' ? p.hint : null,
			typeof p.title === 'string' ? p.title : null,
			typeof p.right === 'string' ? p.right : null,
			typeof p.ask === 'string' ? p.ask : null,
		);
	} catch {
		return new ApiError(status, '', '', id);
	}
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Idempotent calls, and POSTs under their Idempotency-Key, may be sent again. */
async function fetchPatiently(url: string, init: RequestInit): Promise<Response> {
	for (let attempt = 0; ; attempt++) {
		let response: Response | null = null;
		try {
			response = await fetch(url, init);
		} catch (error) {
			if (init.signal?.aborted || attempt >= 2) throw error;
		}
		const busy = response !== null && (response.status === 503 || response.status === 429);
		if (response !== null && (!busy || attempt >= 2)) return response;
		const seconds = Number(response?.headers.get('Retry-After') ?? 0);
		if (seconds > 5 && response !== null) return response;
		await pause(seconds > 0 ? seconds * 1000 : 250 * 2 ** attempt);
	}
}

async function refreshCsrf(): Promise<boolean> {
	try {
		const response = await fetch(`${BASE}/session`, { credentials: 'same-origin', headers: { Accept: 'application/json' } });
		if (!response.ok) return false;
		csrf = ((await response.json()) as { csrf: string }).csrf;
		return true;
	} catch {
		return false;
	}
}

export async function callRaw(method: string, path: string, options: CallOptions = {}): Promise<Response> {
	const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': language, ...options.headers };
	let body: BodyInit | undefined;
	if (options.raw) {
		body = options.raw;
		headers['Content-Type'] ??= options.raw.type || 'application/octet-stream';
	} else if (options.body !== undefined) {
		body = JSON.stringify(options.body);
		headers['Content-Type'] ??= 'application/json';
	}
	if (method === 'POST') headers['Idempotency-Key'] ??= randomId();
	const url = path.startsWith('/') ? path : `${BASE}/${path}`;
	for (let attempt = 0; ; attempt++) {
		if (method !== 'GET' && method !== 'HEAD' && csrf) headers['X-CSRF-Token'] = csrf;
		let response: Response;
		try {
			response = await fetchPatiently(url, { method, headers, body, credentials: 'same-origin', signal: options.signal });
		} catch (error) {
			if (options.signal?.aborted) throw error;
			throw new ApiError(0, 'offline', '');
		}
		if (response.ok || response.status === 304) return response;
		const problem = problemOf(response.status, await response.text(), response.headers);
		if (problem.status === 403 && problem.code.includes('csrf') && attempt === 0 && (await refreshCsrf())) continue;
		if (problem.status === 401 && !options.quiet401) for (const listener of signedOutListeners) listener();
		if (problem.errors.some((e) => e.key === 'approval_needed'))
			for (const listener of heldListeners) listener({ method, path, body: options.body, match: headers['If-Match'], problem });
		throw problem;
	}
}

export async function call<T = unknown>(method: string, path: string, options: CallOptions = {}): Promise<Answer<T>> {
	const response = await callRaw(method, path, options);
	const text = await response.text();
	return { data: (text ? JSON.parse(text) : null) as T, headers: response.headers, status: response.status };
}

export const get = async <T>(path: string, signal?: AbortSignal) => (await call<T>('GET', path, { signal })).data;
export const post = async <T>(path: string, body?: unknown) => (await call<T>('POST', path, { body: body ?? {} })).data;
export const patch = async <T>(path: string, body: unknown, headers?: Record<string, string>) => (await call<T>('PATCH', path, { body, headers })).data;
export const put = async <T>(path: string, body: unknown) => (await call<T>('PUT', path, { body })).data;
export const remove = async <T>(path: string, body?: unknown) => (await call<T>('DELETE', path, { body })).data;
