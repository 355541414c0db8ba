/** On phones: every field of work with its pages, and what was pinned. */
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useAreas } from './area.ts';
import { useArranged } from './arranged.ts';
import { EntityIcon } from './icons.tsx';
import { useTitle } from './title.ts';
import { useWho } from './who.ts';

export default function More() {
	const { t } = useTranslation();
	const areas = useAreas();
	const who = useWho();
	const [{ pins = [] }] = useArranged();
	const mine = pins.filter((p) => who.may(p.entity, 'read'));
	useTitle(t('nav.more'));
	const place = (to: string, icon: string, label: string) => <li key={to}><Link to={to}><EntityIcon name={icon} /> <b>{label}</b></Link></li>;
	return (
		<div className="page">
			<h1>{t('nav.more')}</h1>
			{mine.length > 0 && (
				<section>
					<h2>{t('nav.pinned')}</h2>
					<ul className="places">
						{mine.map((p) => place(`/${p.entity}?${new URLSearchParams([...new URLSearchParams(p.query), ['view', p.view]])}`, p.entity, p.name))}
					</ul>
				</section>
			)}
			{areas.map((area) => (
				<section key={area.area}>
					<h2>{area.label}</h2>
					<ul className="places">
						{area.area === 'settings' ? place('/settings', 'settings', area.label) : area.items.map((i) => place(i.to, i.icon, i.label))}
					</ul>
				</section>
			))}
		</div>
	);
}
