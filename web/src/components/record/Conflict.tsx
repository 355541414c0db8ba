/** What two people changed at once, side by side to choose from. */
import { Button, Modal, Radio } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Entity, Field, Row } from '@/api/types.ts';
import { FieldValue } from '@/fields/index.tsx';

export interface Conflict {
	field: Field;
	base: Row;
	theirs: Row;
	mine: unknown;
}

export type Choice = 'mine' | 'theirs';

interface Props {
	entity: Entity;
	conflicts: Conflict[];
	onDone(choices: Record<string, Choice> | null): void;
}

export default function ConflictDialog({ entity, conflicts, onDone }: Props) {
	const { t } = useTranslation();
	const [choices, setChoices] = useState<Record<string, Choice>>({});
	const ready = conflicts.every((c) => choices[c.field.name]);
	return (
		<Modal open width={720} title={t('conflict.title', { what: entity.label })} onCancel={() => onDone(null)} footer={[
			<Button key="c" onClick={() => onDone(null)}>{t('word.cancel')}</Button>,
			<Button key="s" type="primary" disabled={!ready} onClick={() => onDone(choices)}>{t('conflict.save')}</Button>,
		]}>
			<p>{t('conflict.text')}</p>
			<table className="plain-table conflict">
				<thead>
					<tr>
						<th scope="col">{t('conflict.field')}</th>
						<th scope="col">{t('conflict.before')}</th>
						<th scope="col">{t('conflict.theirs')}</th>
						<th scope="col">{t('conflict.mine')}</th>
					</tr>
				</thead>
				<tbody>
					{conflicts.map(({ field, base, theirs, mine }) => {
						const pick = (which: Choice, row: Row) => (
							<Radio
								checked={choices[field.name] === which} onChange={() => setChoices({ ...choices, [field.name]: which })} name={field.name}
							>
								<FieldValue field={field} row={row} place="fact" />
							</Radio>
						);
						const changed = { ...theirs, [field.name]: mine, [`${field.name.replace(/_id$/, '')}`]: field.type === 'link' ? undefined : mine };
						return (
							<tr key={field.name}>
								<th scope="row">{field.label}</th>
								<td><FieldValue field={field} row={base} place="fact" /></td>
								<td>{pick('theirs', theirs)}</td>
								<td>{pick('mine', changed)}</td>
							</tr>
						);
					})}
				</tbody>
			</table>
		</Modal>
	);
}
