/** Settings made from what the server says of them: grouped, searched, saved together; what is wrong stands beside it. */
import { SearchOutlined } from '@ant-design/icons';
import { Alert, App, Button, Input, Select, Switch } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { get, patch } from '@/api/client.ts';
import { useCache } from '@/api/records.ts';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { useProblems } from '@/components/form/Line.tsx';
import { choicesOf, grouped, type Scope, type Setting } from './settings.ts';

interface Props {
	scope: Scope;
	onSaved(): void;
	/** What stands above, beside the search. */
	tools?: React.ReactNode;
}

export function useSettingsOf({ scope, id }: Scope) {
	return useQuery({
		queryKey: ['settings', scope, id ?? ''],
		queryFn: ({ signal }) => get<Setting[]>(`settings?scope=${scope}${id ? `&id=${id}` : ''}`, signal),
	});
}

export function SettingsForm({ scope, onSaved, tools }: Props) {
	const { t } = useTranslation();
	const settings = useSettingsOf(scope);
	if (settings.isPending) return <Loading rows={10} />;
	if (settings.isError) return <Failed error={settings.error} onRetry={() => void settings.refetch()} />;
	if (settings.data.length === 0) return <Empty title={t('firm_page.none')} text={t('firm_page.none_text')} />;
	return <Form key={`${scope.scope}${scope.id ?? ''}`} scope={scope} settings={settings.data} onSaved={onSaved} tools={tools} />;
}

function Form({ scope, settings, onSaved, tools }: Props & { settings: Setting[] }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const [find, setFind] = useState('');
	/** Null: back to what is behind it. */
	const [draft, setDraft] = useState<Record<string, string | null>>({});
	const [busy, setBusy] = useState(false);
	const { problems, take, clear } = useProblems();
	const changes = Object.keys(draft).length;
	const shown = useMemo(() => grouped(settings, find), [settings, find]);
	const hidden = Object.keys(problems).filter((n) => n && !shown.some((g) => g.settings.some((s) => s.name === n)));

	useEffect(() => {
		if (!changes) return undefined;
		const warn = (e: BeforeUnloadEvent) => e.preventDefault();
		window.addEventListener('beforeunload', warn);
		return () => window.removeEventListener('beforeunload', warn);
	}, [changes]);

	function set(setting: Setting, value: string | null) {
		const same = value === null ? !setting.set : setting.set && value === setting.value;
		setDraft(({ [setting.name]: _, ...rest }) => (same ? rest : { ...rest, [setting.name]: value }));
	}

	async function save() {
		setBusy(true);
		clear();
		try {
			await patch('settings', { values: draft, ...scope });
			await cache.invalidateQueries({ queryKey: ['settings'] });
			setDraft({});
			onSaved();
			void message.success(t('save.saved'));
		} catch (error) {
			take(error);
		}
		setBusy(false);
	}

	return (
		<form
			className="settings-form" noValidate
			onSubmit={(e) => {
				e.preventDefault();
				if (changes) void save();
			}}
		>
			<div className="setting-tools">
				<Input
					allowClear prefix={<SearchOutlined aria-hidden />} placeholder={t('firm_page.find')} aria-label={t('firm_page.find')}
					value={find} onChange={(e) => setFind(e.target.value)}
				/>
				{tools}
			</div>
			{problems[''] && <Alert type="error" showIcon title={problems['']} />}
			{hidden.length > 0 && <Alert type="error" showIcon title={hidden.map((n) => problems[n]).join(' ')} />}
			{shown.length === 0 && <Empty title={t('state.nothing_found')} />}
			{shown.map((g) => (
				<section key={g.group} aria-label={g.group}>
					<h2>{g.group}</h2>
					{g.settings.map((s) => (
						<One
							key={s.name} setting={s} scope={scope} draft={draft[s.name]} problem={problems[s.name]} onChange={(value) => set(s, value)}
						/>
					))}
				</section>
			))}
			<div className="form-foot is-sticky">
				<Button type="primary" htmlType="submit" loading={busy} disabled={changes === 0}>{t('word.save')}</Button>
				{changes > 0 && (
					<>
						<Button onClick={() => { setDraft({}); clear(); }}>{t('role.drop')}</Button>
						<span className="quiet" role="status">{t('firm_page.unsaved', { count: changes })}</span>
					</>
				)}
			</div>
		</form>
	);
}

interface OneProps {
	setting: Setting;
	scope: Scope;
	draft: string | null | undefined;
	problem?: string;
	onChange(value: string | null): void;
}

function One({ setting, scope, draft, problem, onChange }: OneProps) {
	const { t } = useTranslation();
	const id = useId();
	const box = useRef<HTMLDivElement>(null);
	const [params] = useSearchParams();
	const sought = params.get('set') === setting.name;
	useEffect(() => {
		if (!sought) return;
		// Who asked for this one stands on it.
		box.current?.scrollIntoView({ block: 'center' });
		document.getElementById(id)?.focus({ preventScroll: true });
	}, [sought, id]);
	const value = draft === undefined ? setting.value : draft ?? (scope.scope === 'firm' ? setting.default : '');
	const own = draft === undefined ? setting.set : draft !== null;
	const described = [setting.help && `${id}h`, problem && `${id}e`].filter(Boolean).join(' ') || undefined;
	return (
		<div ref={box} className={`setting${problem ? ' has-error' : ''}${sought ? ' is-sought' : ''}`}>
			<label htmlFor={id}>
				{setting.label}
				{setting.help && <span className="hint" id={`${id}h`}>{setting.help}</span>}
			</label>
			<div>
				<Control id={id} setting={setting} value={value} described={described} invalid={Boolean(problem)} onChange={onChange} />
				{problem && <p className="problem" id={`${id}e`} role="alert">{problem}</p>}
				{scope.scope !== 'firm' && !own && <p className="hint">{t('firm_page.handed_down')}</p>}
			</div>
			{own && setting.type !== 'text' && (scope.scope !== 'firm' || (setting.default !== '' && value !== setting.default)) && (
				<Button className="setting-back" size="small" type="text" onClick={() => onChange(null)} aria-label={t('firm_page.back_named', { name: setting.label })}>
					{t(scope.scope === 'firm' ? 'firm_page.back' : 'firm_page.back_up')}
				</Button>
			)}
		</div>
	);
}

interface ControlProps {
	id: string;
	setting: Setting;
	value: string;
	described?: string;
	invalid: boolean;
	onChange(value: string | null): void;
}

function Control({ id, setting, value, described, invalid, onChange }: ControlProps) {
	const status = invalid ? 'error' as const : undefined;
	const more = { id, 'aria-describedby': described, 'aria-invalid': invalid };
	// Some four hundred zones in three languages: only when the list is wanted.
	const [open, setOpen] = useState(false);
	const choices = useMemo(() => (open ? choicesOf(setting.type) : null), [open, setting.type]);
	const one = useMemo(() => choicesOf(setting.type)?.find((c) => c.value === value)?.label ?? value, [setting.type, value]);
	switch (setting.type) {
		case 'bool':
			return <Switch {...more} aria-label={setting.label} checked={value === 'true'} onChange={(on) => onChange(String(on))} />;
		case 'choice':
			return <Select {...more} aria-label={setting.label} status={status} value={value} options={setting.options} onChange={onChange} />;
		case 'choices':
			return (
				<Select
					{...more} mode="multiple" aria-label={setting.label} status={status} value={value ? value.split(',') : []}
					options={setting.options} onChange={(list: string[]) => onChange(list.length ? list.join(',') : null)}
				/>
			);
		case 'zone':
		case 'currency':
		case 'country':
			return (
				<Select
					{...more} aria-label={setting.label} status={status} value={value || null} onChange={onChange} onFocus={() => setOpen(true)}
					options={choices ?? (value ? [{ value, label: one, find: '' }] : [])} onOpenChange={(is) => is && setOpen(true)}
					showSearch={{ filterOption: (typed, option) => typed.toLowerCase().split(/\s+/).every((w) => option?.find.includes(w) ?? false) }}
				/>
			);
		case 'int':
			return <Input {...more} status={status} inputMode="numeric" value={value} onChange={(e) => onChange(e.target.value.trim() || null)} autoComplete="off" />;
		default:
			return (
				<Input
					{...more} status={status} value={value} maxLength={setting.max} onChange={(e) => onChange(e.target.value || null)} autoComplete="off"
					inputMode={setting.type === 'email' ? 'email' : setting.type === 'phone' ? 'tel' : setting.type === 'url' ? 'url' : undefined}
				/>
			);
	}
}
