/** A page that breaks says so; the frame around it lives on. */
import { Component, type ReactNode } from 'react';
import { Button } from 'antd';
import { Translation } from 'react-i18next';

export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
	override state: { error: Error | null } = { error: null };

	static getDerivedStateFromError(error: Error) {
		return { error };
	}

	override componentDidCatch(error: Error) {
		console.error(error);
	}

	override render() {
		const { error } = this.state;
		if (!error) return this.props.children;
		// A part of the page that can't be loaded usually means that a newer version was installed meanwhile.
		const old = /import|module|fetch/i.test(error.message);
		return (
			<Translation>
				{(t) => (
					<div className="state" role="alert">
						<p className="state-title">{old ? t('state.new_version') : t('state.broken')}</p>
						<p className="state-text">{old ? t('state.new_version_text') : t('state.broken_text')}</p>
						<div className="state-action"><Button type="primary" onClick={() => window.location.reload()}>{t('state.reload')}</Button></div>
						<p className="state-id">{error.message}</p>
					</div>
				)}
			</Translation>
		);
	}
}
