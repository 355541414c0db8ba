/** Export says how many, in which form, and what the reader's rights leave out. */
import { Alert, Checkbox, Modal, Radio, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { BASE } from '@/api/client.ts';
import { useCount } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { waysOf } from '@/app/features.ts';
import { list, number } from '@/lib/format.ts';
import type { Selection } from './Grid.tsx';
import { type Column, visibleFields } from './state.ts';

const ENCODINGS = ['utf-8-bom', 'utf-8', 'gb18030', 'big5'];

interface Props {
	entity: Entity;
	params: URLSearchParams;
	columns: Column[];
	selection: Selection;
	onClose(): void;
}

export default function Export({ entity, params, columns, selection, onClose }: Props) {
	const { t } = useTranslation();
	const id = useId();
	const chosen = !selection.all && selection.ids.size > 0;
	const [format, setFormat] = useState('csv');
	const [encoding, setEncoding] = useState(ENCODINGS[0]!);
	const [allFields, setAllFields] = useState(false);
	const [only, setOnly] = useState(chosen);
	const wanted = new URLSearchParams(params);
	if (only) {
		for (const key of [...wanted.keys()]) if (!['select', 'order'].includes(key)) wanted.delete(key);
		wanted.set('id', `in.(${[...selection.ids].join()})`);
	} else if (selection.all && selection.ids.size > 0) wanted.set('id', `not.in.(${[...selection.ids].join()})`);
	const count = useCount(entity, wanted, true, true);

	const fields = (allFields ? visibleFields(entity) : columns.map((c) => c.field)).filter((f) => f.type !== 'json');
	const masked = fields.filter((f) => f.right === 'masked').map((f) => f.label);
	const narrower = entity.actions.export !== entity.actions.read;
	const formats = ['csv', 'xlsx', 'jsonl', ...(waysOf(entity.name).formats ?? [])];

	function go() {
		const query = new URLSearchParams(wanted);
		query.set('select', fields.map((f) => f.name).join());
		query.set('format', format);
		if (format === 'csv') query.set('encoding', encoding);
		const link = document.createElement('a');
		link.href = `${BASE}/${entity.name}/export?${query}`;
		link.download = '';
		link.click();
		onClose();
	}

	return (
		<Modal
			open title={t('export.title', { what: entity.label_many })} onCancel={onClose} onOk={go} width={480}
			okText={count.data ? t('export.go', { count: count.data.total, n: number(count.data.total) }) : t('export.button')}
		>
			<div className="stack">
				{chosen && (
					<Radio.Group
						value={only} onChange={(e) => setOnly(e.target.value as boolean)}
						options={[{ value: true, label: t('export.only_selected', { count: selection.ids.size, n: number(selection.ids.size) }) }, { value: false, label: t('export.all_matching') }]}
					/>
				)}
				<label htmlFor={`${id}f`}>{t('export.format')}</label>
				<Select id={`${id}f`} aria-label={t('export.format')} value={format} onChange={setFormat} options={formats.map((f) => ({ value: f, label: t(`export.as_${f}`) }))} />
				{format === 'csv' && (
					<>
						<label htmlFor={`${id}e`}>{t('export.encoding')}</label>
						<Select id={`${id}e`} aria-label={t('export.encoding')} value={encoding} onChange={setEncoding} options={ENCODINGS.map((e) => ({ value: e, label: t(`export.encoding_${e.replaceAll('-', '_')}`) }))} />
					</>
				)}
				{format !== 'vcard' && <Checkbox checked={allFields} onChange={(e) => setAllFields(e.target.checked)}>{t('export.all_fields')}</Checkbox>}
				{(masked.length > 0 || narrower) && (
					<Alert
						type="info" showIcon
						title={t('export.rights')}
						description={
							<>
								{masked.length > 0 && <p>{t('export.masked', { fields: list(masked) })}</p>}
								{narrower && <p>{t('export.scope', { scope: t(`scope.${entity.actions.export ?? 'none'}`) })}</p>}
							</>
						}
					/>
				)}
				<p className="hint">{t('export.logged')}</p>
			</div>
		</Modal>
	);
}
