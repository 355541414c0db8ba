/** All settings in groups, narrowed by what is typed: in the second column of the menu, and on the page of settings. */
import { Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useArea } from './area.ts';
import { EntityIcon } from './icons.tsx';
import { type SettingsItem, useSettings } from './nav.ts';
import { settingsFor, useFindable } from './palette/settings.ts';

const MOST = 12;

const says = (item: SettingsItem, typed: string) => {
	const words = `${item.label} ${item.text} ${item.words ?? ''} ${item.to.replace(/[/_]/g, ' ')}`.toLowerCase();
	return typed.split(/\s+/).every((w) => words.includes(w));
};

export function SettingsList() {
	const { t } = useTranslation();
	const groups = useSettings();
	const { to } = useArea();
	const [typed, setTyped] = useState('');
	const said = typed.normalize('NFKC').trim().toLowerCase();
	const single = settingsFor(useFindable(said !== ''), said).slice(0, MOST);
	const found = groups.map((g) => ({ ...g, items: said ? g.items.filter((i) => says(i, said)) : g.items })).filter((g) => g.items.length > 0);
	return (
		<div className="settings-list">
			<Input
				type="search" size="small" allowClear value={typed} onChange={(e) => setTyped(e.target.value)} placeholder={t('settings.find')}
				aria-label={t('settings.find')}
			/>
			{found.map((g) => (
				<div key={g.key}>
					<h3>{g.label}</h3>
					<ul>
						{g.items.map((i) => (
							<li key={i.to}>
								<Link
									to={i.to} className={`side-link${i.to === to ? ' is-here' : ''}`} aria-current={i.to === to ? 'page' : undefined}
									title={i.text}
								>
									<EntityIcon name={i.icon} /> <span className="text">{i.label}</span>
								</Link>
							</li>
						))}
					</ul>
				</div>
			))}
			{single.length > 0 && (
				<div>
					<h3>{t('settings.single')}</h3>
					<ul>
						{single.map((s) => (
							<li key={s.key}><Link to={s.to} className="side-link" title={s.group}><span className="text">{s.label}</span></Link></li>
						))}
					</ul>
				</div>
			)}
			{said && found.length === 0 && single.length === 0 && <p className="quiet" role="status">{t('settings.nothing', { q: typed })}</p>}
		</div>
	);
}
