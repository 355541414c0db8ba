/** Whether one hears of a record's changes. */
import { EyeFilled, EyeOutlined } from '@ant-design/icons';
import { App, Button, Tooltip } from 'antd';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { get, put, remove } from '@/api/client.ts';
import type { PartProps } from '@/app/feature.ts';
import { problemText } from '@/components/common/undo.tsx';

interface State {
	following: boolean;
	followers: number;
}

export default function Follow({ entity, record }: PartProps) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useQueryClient();
	const path = `follows/${entity.name}/${record.row.id}`;
	const key = ['follows', entity.name, String(record.row.id)];
	const state = useQuery({ queryKey: key, queryFn: ({ signal }) => get<State>(path, signal), staleTime: 60_000 });
	if (!state.data) return null;
	const { following, followers } = state.data;
	async function turn() {
		try {
			cache.setQueryData(key, following ? await remove<State>(path) : await put<State>(path, {}));
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	return (
		<Tooltip title={t(following ? 'notices.following_text' : 'notices.follow_text', { n: followers })}>
			<Button icon={following ? <EyeFilled /> : <EyeOutlined />} aria-pressed={following} onClick={() => void turn()}>
				{t(following ? 'notices.following' : 'notices.follow')}
			</Button>
		</Tooltip>
	);
}
