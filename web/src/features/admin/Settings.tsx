/** Where settings live, in plain words. */
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { EntityIcon } from '@/app/icons.tsx';
import { useSettings } from '@/app/nav.ts';
import { useTitle } from '@/app/title.ts';

export default function Settings() {
	const { t } = useTranslation();
	const groups = useSettings();
	useTitle(t('nav.settings'));
	return (
		<div className="page">
			<h1>{t('nav.settings')}</h1>
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
