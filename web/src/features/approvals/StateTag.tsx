import { useTranslation } from 'react-i18next';
import { COLOURS, type State } from './approvals.ts';

export function StateTag({ state }: { state: State }) {
	const { t } = useTranslation();
	return <span className={`mean mean-${COLOURS[state]}`}>{t(`approvals.state_${state}`)}</span>;
}
