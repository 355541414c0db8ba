/** The form as a visitor's phone shows it, while it is being arranged. */
import { useTranslation } from 'react-i18next';
import { entityOf, useSome } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { type Asked, type Choice, type Draft, isNeeded, type Tongue, wordIn } from './form.ts';

const LANGUAGE: Record<Tongue, string> = { zh: 'zh-Hans', hant: 'zh-Hant', en: 'en' };

function Input({ asked, choice }: { asked: Asked; choice: Choice }) {
	const { type, options } = choice.field;
	if (type === 'note') return <span className="wf-input wf-area">{asked.value}</span>;
	if (type === 'enum') return <span className="wf-input">{options?.find((o) => o.value === asked.value)?.label ?? ''} <i aria-hidden="true">▾</i></span>;
	return <span className="wf-input">{asked.value}</span>;
}

export function Preview({ draft, choices, tongue }: { draft: Draft; choices: Choice[]; tongue: Tongue }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const names = [...new Set(draft.consents.map((c) => c.text).filter(Boolean))];
	const texts = useSome(
		entityOf(meta, 'consent_text'),
		new URLSearchParams({ select: 'id,name,language,text', order: 'id', limit: '100' }),
		names.length > 0,
	);
	const wordsOf = (name: string) => {
		const rows = (texts.data?.rows ?? []).filter((r) => r.name === name);
		return wordIn(tongue, (l) => rows.find((r) => r.language === LANGUAGE[l])?.text as string | undefined) || String(rows[0]?.text ?? name);
	};
	const must = <b className="wf-must" aria-hidden="true"> *</b>;
	return (
		<figure className="wf-phone" lang={LANGUAGE[tongue]} aria-label={t('web_form.preview')}>
			<h2>{wordIn(tongue, (l) => draft.words[`title_${l}`]) || t('web_form.no_title')}</h2>
			{wordIn(tongue, (l) => draft.words[`intro_${l}`]) && <p className="wf-intro">{wordIn(tongue, (l) => draft.words[`intro_${l}`])}</p>}
			{draft.fields.filter((a) => !a.hidden).map((asked) => {
				const choice = choices.find((c) => c.name === asked.field);
				if (!choice) return null;
				const label = wordIn(tongue, (l) => asked[`label_${l}`]) || choice.field.label, help = wordIn(tongue, (l) => asked[`help_${l}`]);
				const needed = asked.required || isNeeded(choice);
				return choice.field.type === 'bool'
					? <div key={asked.field} className="wf-tick"><span className="wf-box" aria-hidden="true" /><span>{label}{needed && must}</span></div>
					: <div key={asked.field}><b>{label}{needed && must}</b><Input asked={asked} choice={choice} />{help && <small>{help}</small>}</div>;
			})}
			{draft.consents.map((c, i) => (
				<div key={i} className="wf-tick">
					<span className="wf-box" aria-hidden="true" />
					<span>
						{wordsOf(c.text)}
						{c.required && must}
					</span>
				</div>
			))}
			<span className="wf-send">{{ zh: '提交', hant: '提交', en: 'Send' }[tongue]}</span>
		</figure>
	);
}
