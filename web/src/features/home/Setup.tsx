/** The first steps of a firm, for its administrators: each ticks itself from facts and opens the place where it is done. */
import { CheckCircleFilled, RightCircleOutlined } from '@ant-design/icons';
import { App, Button, Tooltip } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { get, patch } from '@/api/client.ts';
import { entityOf, useCache, useCount } from '@/api/records.ts';
import { useApp, useCan } from '@/app/context.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { useSettingsOf } from '@/features/admin/SettingsForm.tsx';
import { number, relative } from '@/lib/format.ts';

interface Step {
	key: string;
	done: boolean;
	text: string;
	to: string | null;
}

const NONE = new URLSearchParams();
const COMMAND = 'guanxi backup --data DIR FILE';

export default function Setup() {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const invites = useCan('users');
	const settings = useSettingsOf({ scope: 'firm' });
	const value = (name: string) => settings.data?.find((s) => s.name === name)?.value ?? '';
	const shown = settings.isSuccess && value('firm.setup_done') !== 'true';
	const people = useCount(entityOf(meta, 'user'), NONE, shown);
	const customers = useCount(entityOf(meta, 'customer'), NONE, shown);
	const machine = useQuery({ queryKey: ['setup'], enabled: shown, queryFn: ({ signal }) => get<{ backup_at: string | null }>('first_steps', signal) });
	if (!shown || !people.data || !customers.data || !machine.data) return null;

	const backup = machine.data.backup_at;
	const many = (count: { total: number; capped: boolean }) => `${number(count.total)}${count.capped ? '+' : ''}`;
	const step = (key: string, done: boolean, to: string | null, facts: string | null = null, values: Record<string, string> = {}): Step =>
		({ key, done, to, text: done && facts !== null ? facts : t(`setup.${key}_text`, values) });
	const firm = { name: value('firm.name'), currency: value('firm.currency') || meta.base_currency, zone: value('firm.time_zone') };
	const steps = [
		step('firm', firm.name !== '', '/settings/firm', t('setup.firm_done', firm)),
		...(invites ? [step('people', people.data.total > 1, '/settings/invite', t('setup.people_done', { n: many(people.data) }))] : []),
		step('customers', customers.data.total > 0, '/import/new?entity=customer', t('setup.customers_done', { n: many(customers.data) })),
		step('factor', me.totp_enabled === true, '/account?tab=factor'),
		step('backup', backup !== null, null, backup && t('setup.backup_done', { when: relative(backup) }), { command: COMMAND }),
	];

	async function hide() {
		try {
			await patch('settings', { values: { 'firm.setup_done': 'true' } });
			await cache.invalidateQueries({ queryKey: ['settings'] });
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	return (
		<section className="panel setup" aria-label={t('setup.title')}>
			<header>
				<h2>{t('setup.title')}</h2>
				<span className="quiet">{t('setup.progress', { done: steps.filter((s) => s.done).length, all: steps.length })}</span>
				<Tooltip title={t('setup.hide_text')}><Button size="small" type="text" onClick={() => void hide()}>{t('setup.hide')}</Button></Tooltip>
			</header>
			<ul>
				{steps.map((s) => (
					<li key={s.key}>
						{s.done ? <CheckCircleFilled className="is-done" aria-label={t('setup.done')} /> : <RightCircleOutlined className="quiet" aria-label={t('setup.todo')} />}
						<span>{s.to ? <Link to={s.to}><b>{t(`setup.${s.key}`)}</b></Link> : <b>{t(`setup.${s.key}`)}</b>} <span className="quiet">{s.text}</span></span>
					</li>
				))}
			</ul>
		</section>
	);
}
