/** Lines of the account's forms, and what is wrong with them. */
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/client.ts';
import { problemText } from '@/components/common/undo.tsx';

export function Line({ id, label, hint, problem, children }: { id: string; label: string; hint?: string; problem?: string | null; children: ReactNode }) {
	return (
		<div className={`form-field${problem ? ' has-error' : ''}`}>
			<label htmlFor={id}>{label}</label>
			{children}
			{hint && <p className="hint" id={`${id}h`}>{hint}</p>}
			{problem && <p className="problem" id={`${id}e`} role="alert">{problem}</p>}
		</div>
	);
}

/** Errors of a call by field, the rest under "". */
export function useProblems() {
	const { t } = useTranslation();
	const [problems, setProblems] = useState<Record<string, string>>({});
	const take = (error: unknown) => {
		if (error instanceof ApiError && error.errors.some((e) => e.field)) setProblems(Object.fromEntries(error.errors.map((e) => [e.field, e.message || e.key])));
		else setProblems({ '': problemText(error, t) });
	};
	return { problems, take, clear: () => setProblems({}) };
}
