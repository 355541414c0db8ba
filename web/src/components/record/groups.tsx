/** Tabs of a record that has many: what belongs to the same field of work shares one, and stays one click away inside it. */
import type { Work } from '@/app/feature.ts';
import { type Tab, Tabs } from '../common/Tabs.tsx';
import { useTranslation } from 'react-i18next';

export interface RecordTab extends Tab {
	/** "data" unless given. */
	work?: Work;
}

interface Group extends Tab {
	members: RecordTab[];
}

const ORDER: Work[] = ['timeline', 'sales', 'service', 'marketing', 'data', 'history'];

/** As they are, where there are few; else in groups, in the order of the fields of work. */
export function groupTabs(tabs: RecordTab[], most: number): Group[] {
	if (tabs.length <= most) return tabs.map((tab) => ({ ...tab, members: [tab] }));
	return ORDER.flatMap((work): Group[] => {
		// What was changed comes before what was recorded beside it.
		const members = tabs.filter((tab) => (tab.work ?? 'data') === work).sort((a, b) => Number(b.key === 'changes') - Number(a.key === 'changes'));
		return members.length === 0 ? [] : members.length === 1 ? [{ ...members[0]!, members }] : [{ key: work, label: work, members, children: null }];
	});
}

const memory = (entity: string, group: string) => `guanxi.tab.${entity}.${group}`;

/** The one that was looked at last is there again. */
export function SubTabs({ entity, group, tabs, active, onChange }: {
	entity: string;
	group: string;
	tabs: RecordTab[];
	active: string;
	onChange(tab: string): void;
}) {
	const { t } = useTranslation();
	const last = localStorage.getItem(memory(entity, group));
	const open = (tabs.find((tab) => tab.key === active) ?? tabs.find((tab) => tab.key === last) ?? tabs[0]!).key;
	return (
		<div className="tabs-inner">
			<Tabs
				label={t(`work.${group}`)} active={open} items={tabs} onChange={(key) => {
					localStorage.setItem(memory(entity, group), key);
					onChange(key);
				}}
			/>
		</div>
	);
}
