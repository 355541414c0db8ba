import { useEffect, useState } from 'react';

/** The value as it was until it has rested for a while. */
export function useDelayed<T>(value: T, ms: number): T {
	const [rested, setRested] = useState(value);
	useEffect(() => {
		const timer = setTimeout(() => setRested(value), ms);
		return () => clearTimeout(timer);
	}, [value, ms]);
	return rested;
}
