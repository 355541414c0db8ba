import { useTranslation } from 'react-i18next';
import { useMeta } from '@/app/context.tsx';
import type { Rights } from './rights.ts';
import { roleWords } from './roleWords.ts';

/** A role in plain words, line by line. */
export function RoleWords({ rights, caps }: { rights: Rights; caps: string[] }) {
	const meta = useMeta();
	const { t } = useTranslation();
	return <ul className="role-words">{roleWords(t, meta, rights, caps).map((line) => <li key={line}>{line}</li>)}</ul>;
}
