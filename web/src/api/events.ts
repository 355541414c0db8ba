/**
 * Live changes. One tab holds the stream and tells the others: a browser allows six
 * connections to one HTTP/1.1 server, and somebody with ten tabs must not starve.
 */
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { BASE } from './client.ts';
import type { ChangeEvent } from './types.ts';

export type LiveState = 'live' | 'connecting' | 'off';

type Listener = (event: ChangeEvent) => void;

let state: LiveState = 'off';
let lastSeq = 0;
let stopped = true;
const listeners = new Set<Listener>();
const stateListeners = new Set<() => void>();
let channel: BroadcastChannel | null = null;
let release: (() => void) | null = null;
let retry: ReturnType<typeof setTimeout> | undefined;
let source: EventSource | null = null;

function setState(next: LiveState) {
	if (state === next) return;
	state = next;
	for (const listener of stateListeners) listener();
}

function deliver(event: ChangeEvent) {
	if (event.seq <= lastSeq) return;
	lastSeq = event.seq;
	for (const listener of listeners) listener(event);
}

function open() {
	if (stopped) return;
	setState('connecting');
	source = new EventSource(`${BASE}/events${lastSeq ? `?after=${lastSeq}` : ''}`);
	source.onopen = () => {
		setState('live');
		channel?.postMessage({ state: 'live' });
	};
	source.addEventListener('change', (message) => {
		const event = JSON.parse((message as MessageEvent<string>).data) as ChangeEvent;
		event.seq = Number(event.seq);
		channel?.postMessage({ event });
		deliver(event);
	});
	source.onerror = () => {
		source?.close();
		setState('connecting');
		channel?.postMessage({ state: 'connecting' });
		clearTimeout(retry);
		if (!stopped) retry = setTimeout(open, 3000);
	};
}

export function startEvents() {
	if (!stopped) return;
	stopped = false;
	setState('connecting');
	if (!('locks' in navigator) || !('BroadcastChannel' in window)) {
		open();
		return;
	}
	channel = new BroadcastChannel('guanxi-events');
	channel.onmessage = ({ data }: MessageEvent<{ event?: ChangeEvent; state?: LiveState; ask?: boolean }>) => {
		if (data.event) deliver(data.event);
		if (data.state && !source) setState(data.state);
		if (data.ask && source) channel?.postMessage({ state });
	};
	channel.postMessage({ ask: true });
	const abort = new AbortController();
	release = () => abort.abort();
	navigator.locks
		.request('guanxi-events', { signal: abort.signal }, () => new Promise<void>((resolve) => {
			if (stopped) return resolve();
			release = resolve;
			open();
		}))
		.catch(() => undefined);
}

export function stopEvents() {
	stopped = true;
	clearTimeout(retry);
	source?.close();
	source = null;
	release?.();
	release = null;
	channel?.close();
	channel = null;
	setState('off');
}

export function useLiveState(): LiveState {
	return useSyncExternalStore(
		(listener) => {
			stateListeners.add(listener);
			return () => stateListeners.delete(listener);
		},
		() => state,
	);
}

/** Calls back for every change the reader may see; the callback may differ from render to render. */
export function useChanges(callback: Listener) {
	const latest = useRef(callback);
	latest.current = callback;
	useEffect(() => {
		const listener: Listener = (event) => latest.current(event);
		listeners.add(listener);
		return () => {
			listeners.delete(listener);
		};
	}, []);
}
