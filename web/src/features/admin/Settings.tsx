/** Where settings live, in plain words. */
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { EntityIcon } from '@/app/icons.tsx';
import { useNav, useSettings } from '@/app/nav.ts';
import { usePhone } from '@/app/preferences.ts';
import { useTitle } from '@/app/title.ts';

export default function Settings() {
	const { t } = useTranslation();
	const phone = usePhone();
	const { main } = useNav();
	const groups = useSettings();
	useTitle(t('nav.settings'));
	const rest = phone ? main.slice(4) : [];
	return (
		<div className="page">
			<h1>{t('nav.settings')}</h1>
			{rest.length > 0 && (
				<section>
					<h2>{t('nav.more')}</h2>
					<ul className="places">{rest.map((p) => <li key={p.to}><Link to={p.to}><EntityIcon name={p.icon} /> <b>{p.label}</b></Link></li>)}</ul>
				</section>
			)}
			{groups.map((g) => (
				<section key={g.key}>
					<h2>{g.label}</h2>
					<ul className="places">
						{g.items.map((p) => (
							<li key={p.to}><Link to={p.to}><EntityIcon name={p.icon} /> <span><b>{p.label}</b><span className="quiet">{p.text}</span></span></Link></li>
						))}
					</ul>
				</section>
			))}
		</div>
	);
}
