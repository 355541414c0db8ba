/** Who got a password from somebody else chooses one of their own before anything else. */
import { Button } from 'antd';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Password } from './Password.tsx';
import { useApp } from './context.tsx';
import { Mark } from './Mark.tsx';

export default function MustChange() {
	const { me, reloadMe, signOut } = useApp();
	const { t } = useTranslation();
	useEffect(() => {
		document.title = `${t('account.change_password')} · Guanxi`;
	}, [t]);
	return (
		<div className="sign-in">
			<main className="sign-in-box">
				<h1><Mark /> {t('account.must_change')}</h1>
				<p className="sign-in-line">{t('account.must_change_text', { name: me.name })}</p>
				<Password onDone={reloadMe} />
				<Button type="link" className="form-more" onClick={signOut}>{t('menu.sign_out')}</Button>
			</main>
		</div>
	);
}
