/** Waits for changes that are refused because others have to agree, wherever on the page they are made. */
import { lazy, Suspense, useEffect, useState } from 'react';
import { type HeldBack, onHeldBack } from '@/api/client.ts';

const AskDialog = lazy(() => import('./AskDialog.tsx'));

export default function Held() {
	const [held, setHeld] = useState<HeldBack | null>(null);
	useEffect(() => onHeldBack(setHeld), []);
	return held ? <Suspense fallback={null}><AskDialog held={held} onClose={() => setHeld(null)} /></Suspense> : null;
}
