import type { ReactNode } from 'react';
import type { Meaning } from '@/api/types.ts';
import { meaningClass } from '@/app/theme.ts';

/** A word with a meaning: coloured only if it has one. */
export function Meant({ meaning, children }: { meaning?: Meaning | null; children: ReactNode }) {
	return <span className={meaningClass(meaning)}>{children}</span>;
}
