/** Fields chosen and ordered, words in three languages, consents; beside it the form as a phone shows it. */
import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined } from '@ant-design/icons';
import { App, Button, Checkbox, Input, Segmented, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { entityOf, fieldOf, type RecordAnswer, refresh, saveRecord, useCache, useSome } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { useMay } from '@/components/record/rights.tsx';
import { type Agreed, type Asked, type Choice, choicesOf, draftOf, needsHidden, toRow, type Tongue, TONGUE_NAMES, TONGUES, WORDS } from './form.ts';
import { Preview } from './Preview.tsx';
import './webforms.css';

interface LineProps {
	asked: Asked;
	choice: Choice | undefined;
	tongue: Tongue;
	first: boolean;
	last: boolean;
	onChange(next: Asked): void;
	onMove(by: number): void;
	onRemove(): void;
}

function FieldLine({ asked, choice, tongue, first, last, onChange, onMove, onRemove }: LineProps) {
	const { t } = useTranslation();
	const label = choice ? `${choice.of ? `${choice.of} · ` : ''}${choice.field.label}` : asked.field;
	const word = (key: `label_${Tongue}` | `help_${Tongue}`, what: string, fallback?: string) => (
		<Input
			size="small" value={asked[key] ?? ''} placeholder={fallback ?? what} aria-label={`${label}: ${what}`} maxLength={300}
			onChange={(e) => onChange({ ...asked, [key]: e.target.value })}
		/>
	);
	const options = choice?.field.options;
	return (
		<li className="wf-line">
			<div className="wf-line-head">
				<b className={choice ? undefined : 'why-no'}>{label}</b>
				<span>
					<Button
						type="text" size="small" icon={<ArrowUpOutlined />} disabled={first} aria-label={t('web_form.up', { what: label })}
						onClick={() => onMove(-1)}
					/>
					<Button
						type="text" size="small" icon={<ArrowDownOutlined />} disabled={last} aria-label={t('web_form.down', { what: label })}
						onClick={() => onMove(1)}
					/>
					<Button type="text" size="small" icon={<DeleteOutlined />} aria-label={t('web_form.remove', { what: label })} onClick={onRemove} />
				</span>
			</div>
			{!choice && <p className="why-no">{t('web_form.gone')}</p>}
			<div className="wf-line-ticks">
				<Checkbox
					checked={Boolean(asked.hidden)} disabled={needsHidden(choice)} onChange={(e) => onChange({ ...asked, hidden: e.target.checked })}
				>
					{t('web_form.hidden')}
				</Checkbox>
				{!asked.hidden && (
					<Checkbox checked={Boolean(asked.required)} onChange={(e) => onChange({ ...asked, required: e.target.checked })}>
						{t('web_form.required')}
					</Checkbox>
				)}
			</div>
			{!asked.hidden && (
				<div className="wf-line-words">
					{word(`label_${tongue}`, t('web_form.label'), choice?.field.label)}
					{word(`help_${tongue}`, t('web_form.help'))}
				</div>
			)}
			{options
				? (
					<Select
						size="small" allowClear value={asked.value} placeholder={t(asked.hidden ? 'web_form.fixed' : 'web_form.begins')}
						aria-label={`${label}: ${t('web_form.fixed')}`} options={options.map((o) => ({ value: o.value, label: o.label }))}
						onChange={(value?: string) => onChange({ ...asked, value })}
					/>
				) : (
					<Input
						size="small" value={asked.value ?? ''} placeholder={t(asked.hidden ? 'web_form.fixed' : 'web_form.begins')} maxLength={300}
						aria-label={`${label}: ${t('web_form.fixed')}`} onChange={(e) => onChange({ ...asked, value: e.target.value })}
					/>
				)}
		</li>
	);
}

function Consents({ consents, onChange }: { consents: Agreed[]; onChange(next: Agreed[]): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const consent = entityOf(meta, 'consent');
	const texts = useSome(entityOf(meta, 'consent_text'), new URLSearchParams({ select: 'id,name', retired: 'is.false', order: 'id.desc', limit: '100' }));
	const names = [...new Set((texts.data?.rows ?? []).map((r) => String(r.name)))];
	const choices = (field: string) => (fieldOf(consent, field)?.options ?? []).map((o) => ({ value: o.value, label: o.label }));
	const set = (i: number, next: Partial<Agreed>) => onChange(consents.map((c, k) => (k === i ? { ...c, ...next } : c)));
	return (
		<section>
			<h3>{t('web_form.consents')}</h3>
			<ul className="wf-lines">
				{consents.map((c, i) => (
					<li key={i} className="wf-line">
						<div className="wf-line-words">
							<Select
								size="small" value={c.channel} aria-label={fieldOf(consent, 'channel')?.label} options={choices('channel')}
								onChange={(channel: string) => set(i, { channel })}
							/>
							<Select
								size="small" value={c.purpose} aria-label={fieldOf(consent, 'purpose')?.label} options={choices('purpose')}
								onChange={(purpose: string) => set(i, { purpose })}
							/>
							<Select
								size="small" value={c.text || undefined} placeholder={t('web_form.text')} aria-label={t('web_form.text')}
								options={names.map((n) => ({ value: n, label: n }))} onChange={(text: string) => set(i, { text })}
							/>
						</div>
						<div className="wf-line-ticks">
							<Checkbox checked={Boolean(c.required)} onChange={(e) => set(i, { required: e.target.checked })}>{t('web_form.required')}</Checkbox>
							{c.channel === 'email' && (
								<Checkbox checked={Boolean(c.confirm)} onChange={(e) => set(i, { confirm: e.target.checked })}>
									{t('web_form.confirm')}
								</Checkbox>
							)}
							<Button
								type="text" size="small" icon={<DeleteOutlined />} aria-label={t('web_form.remove', { what: c.text })}
								onClick={() => onChange(consents.filter((_, k) => k !== i))}
							/>
						</div>
					</li>
				))}
			</ul>
			{consents.length < 5 && names.length > 0 && (
				<Button
					size="small" onClick={() => onChange([...consents, { channel: 'email', purpose: 'marketing', text: names[0]!, confirm: true }])}
				>
					{t('web_form.add_consent')}
				</Button>
			)}
			{texts.data && names.length === 0 && <p className="muted">{t('web_form.no_texts')}</p>}
		</section>
	);
}

export function BuildTab({ record }: { record: RecordAnswer }) {
	const meta = useMeta();
	const { t, i18n } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const entity = entityOf(meta, 'web_form')!;
	const may = useMay()(entity, 'update');
	const [draft, setDraft] = useState(() => draftOf(record.row));
	const [tongue, setTongue] = useState<Tongue>(i18n.language === 'en' ? 'en' : i18n.language === 'zh-Hant' ? 'hant' : 'zh');
	const [busy, setBusy] = useState(false);
	const choices = choicesOf(meta, String(record.row.entity));
	const left = choices.filter((c) => !draft.fields.some((a) => a.field === c.name));
	const changed = JSON.stringify(toRow(draft)) !== JSON.stringify(toRow(draftOf(record.row)));
	const setFields = (fields: Asked[]) => setDraft({ ...draft, fields });
	function move(i: number, by: number) {
		const fields = [...draft.fields];
		const [one] = fields.splice(i, 1);
		fields.splice(i + by, 0, one!);
		setFields(fields);
	}
	async function save() {
		setBusy(true);
		try {
			await saveRecord(meta, entity, record.row.id, toRow(draft), record.etag);
			await refresh(cache, 'web_form');
			void message.success(t('web_form.saved'));
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}
	return (
		<div className="wf-build">
			<div className="wf-edit">
				<Segmented<Tongue>
					value={tongue} onChange={setTongue} options={TONGUES.map((l) => ({ value: l, label: TONGUE_NAMES[l] }))}
					aria-label={t('web_form.language')}
				/>
				<fieldset disabled={!may} className="wf-bare">
					{WORDS.map((w) => (
						<div key={w} className="wf-word">
							<label htmlFor={`wf-${w}`}>{t(`web_form.${w}`)}</label>
							<Input.TextArea
								id={`wf-${w}`} rows={w === 'title' ? 1 : 2} maxLength={w === 'title' ? 120 : 2000} value={draft.words[`${w}_${tongue}`]}
								onChange={(e) => setDraft({ ...draft, words: { ...draft.words, [`${w}_${tongue}`]: e.target.value } })}
							/>
						</div>
					))}
					<h3>{t('web_form.fields')}</h3>
					<ol className="wf-lines">
						{draft.fields.map((asked, i) => (
							<FieldLine
								key={asked.field} asked={asked} choice={choices.find((c) => c.name === asked.field)}
								tongue={tongue} first={i === 0} last={i === draft.fields.length - 1}
								onChange={(next) => setFields(draft.fields.map((a, k) => (k === i ? next : a)))}
								onMove={(by) => move(i, by)} onRemove={() => setFields(draft.fields.filter((_, k) => k !== i))}
							/>
						))}
					</ol>
					{may && (
						<Select
							className="wf-add" value={null} placeholder={t('web_form.add')}
							aria-label={t('web_form.add')} showSearch={{ optionFilterProp: 'label' }}
							options={left.map((c) => ({ value: c.name, label: c.of ? `${c.of} · ${c.field.label}` : c.field.label }))}
							onChange={(name: string | null) => name && setFields([
								...draft.fields, { field: name, hidden: needsHidden(choices.find((c) => c.name === name)) },
							])}
						/>
					)}
					<Consents consents={draft.consents} onChange={(consents) => setDraft({ ...draft, consents })} />
				</fieldset>
				{may && (
					<div className="wf-save">
						<Button type="primary" loading={busy} disabled={!changed} onClick={() => void save()}>
							{t('word.save')}
						</Button>
						{changed && <span className="muted">{t('web_form.unsaved')}</span>}
					</div>
				)}
			</div>
			<Preview draft={draft} choices={choices} tongue={tongue} />
		</div>
	);
}
