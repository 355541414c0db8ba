/** "Done. Undo": instead of "are you sure", wherever something can be undone. */
import { App, Button } from 'antd';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, randomId } from '@/api/client.ts';
import { missingRight } from '@/api/rights.ts';

export function useUndo() {
	const { message } = App.useApp();
	const { t } = useTranslation();
	return useCallback((text: string, undo?: () => Promise<void>) => {
		const key = randomId();
		void message.open({
			key,
			type: 'success',
			duration: undo ? 8 : 3,
			content: (
				<span className="undo">
					{text}
					{undo && (
						<Button
							type="link" size="small"
							onClick={() => {
								void message.open({ key, type: 'loading', duration: 0, content: t('undo.busy') });
								undo().then(
									() => void message.open({ key, type: 'success', content: t('undo.done') }),
									(error: unknown) => void message.open({ key, type: 'error', content: problemText(error, t) }),
								);
							}}
						>
							{t('undo.button')}
						</Button>
					)}
				</span>
			),
		});
	}, [message, t]);
}

/** What to tell of a failed call in one line. */
export function problemText(error: unknown, t: (key: string, values?: Record<string, unknown>) => string): string {
	if (!(error instanceof ApiError)) return String(error);
	if (error.offline) return t('state.offline');
	if (error.status === 401) return t('sign_in.again');
	const said = error.errors.map((e) => e.message).filter(Boolean).join(' ') || error.message || t('state.failed');
	return [said, missingRight(error, t)].filter(Boolean).join(' ');
}
