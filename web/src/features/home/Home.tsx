/** Today: cards of features, those of one's role first, arranged as one likes. */
import { ArrowDownOutlined, ArrowUpOutlined, CloseOutlined, PlusOutlined, SettingOutlined } from '@ant-design/icons';
import { Button, Skeleton, Tooltip } from 'antd';
import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useArranged } from '@/app/arranged.ts';
import { useApp } from '@/app/context.tsx';
import type { HomeCard } from '@/app/feature.ts';
import { features, pieceOf } from '@/app/features.ts';
import { useTitle } from '@/app/title.ts';
import { useWho } from '@/app/who.ts';
import { cardsFor, moved } from './cards.ts';

export default function Home() {
	const { me } = useApp();
	const { t } = useTranslation();
	const who = useWho();
	const [{ home }, arrange] = useArranged();
	const [arranging, setArranging] = useState(false);
	useTitle(t('nav.home'));
	const { shown, others } = cardsFor(features().home, who, home);
	const hour = new Date().getHours();
	const keep = (keys: string[], hidden: string[]) => arrange({ home: { order: keys, hidden } });
	const keys = shown.map((c) => c.key);
	const hidden = home?.hidden ?? [];
	return (
		<div className="page home">
			<header className="home-head">
				<h1>{t(hour < 11 ? 'home.morning' : hour < 18 ? 'home.day' : 'home.evening', { name: me.name })}</h1>
				{arranging && home && <Button size="small" onClick={() => arrange({ home: undefined })}>{t('home.usual')}</Button>}
				<Tooltip title={t('home.arrange')}>
					<Button
						type={arranging ? 'primary' : 'text'} size="small" icon={<SettingOutlined />} aria-label={t('home.arrange')}
						aria-pressed={arranging} onClick={() => setArranging(!arranging)}
					/>
				</Tooltip>
			</header>
			<div className="home-cards">
				{shown.map((card, i) => (
					<div key={card.key} className={card.wide ? 'home-card is-wide' : 'home-card'}>
						{arranging && (
							<div className="home-tools" role="group" aria-label={t(card.label)}>
								<b>{t(card.label)}</b>
								<Button
									size="small" icon={<ArrowUpOutlined />} disabled={i === 0} aria-label={t('home.up', { name: t(card.label) })}
									onClick={() => keep(moved(keys, i, -1), hidden)}
								/>
								<Button
									size="small" icon={<ArrowDownOutlined />} disabled={i === shown.length - 1}
									aria-label={t('home.down', { name: t(card.label) })} onClick={() => keep(moved(keys, i, 1), hidden)}
								/>
								<Button
									size="small" icon={<CloseOutlined />} aria-label={t('home.leave_out', { name: t(card.label) })}
									onClick={() => keep(keys.filter((k) => k !== card.key), [...hidden, card.key])}
								/>
							</div>
						)}
						<Card card={card} />
					</div>
				))}
			</div>
			{arranging && others.length > 0 && (
				<section className="home-others">
					<h2>{t('home.others')}</h2>
					{others.map((card) => (
						<Button key={card.key} icon={<PlusOutlined />} onClick={() => keep([...keys, card.key], hidden.filter((k) => k !== card.key))}>
							{t(card.label)}
						</Button>
					))}
				</section>
			)}
		</div>
	);
}

function Card({ card }: { card: HomeCard }) {
	const { t } = useTranslation();
	const Own = pieceOf(card.load);
	const inside = <Suspense fallback={<Skeleton active title={false} />}><Own /></Suspense>;
	return card.bare ? inside : <section className="panel"><header><h2>{t(card.label)}</h2></header>{inside}</section>;
}
