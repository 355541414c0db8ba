import { useEffect, useState } from 'react';
import { relative, time } from '@/lib/format.ts';

/** "3 hours ago", with the exact moment on hover; counts on by itself. */
export function When({ at, day }: { at: string; day?: boolean }) {
	const [, tick] = useState(0);
	useEffect(() => {
		if (Math.abs(Date.now() - Date.parse(at)) > 3_600_000) return undefined;
		const timer = setInterval(() => tick((n) => n + 1), 30_000);
		return () => clearInterval(timer);
	}, [at]);
	return (
		<time className="when" dateTime={at} title={time(at, 'exact')}>
			{day ? time(at, 'day') : relative(at)}
		</time>
	);
}
