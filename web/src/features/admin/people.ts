/** People to invite, from what somebody pasted or from a file: one a line, with or without a heading. */
import { readTable } from '@/lib/csv.ts';

export interface Named {
	id: string;
	/** All it may be called. */
	names: string[];
}

export interface Known {
	roles: Named[];
	teams: Named[];
	branches: Named[];
}

export interface Person {
	name: string;
	email: string;
	phone?: string;
	team?: string;
	branch?: string;
	role?: string;
	/** Words that are no role, team or branch. */
	unknown: string[];
	problem?: 'no_email' | 'twice' | 'unknown';
}

type Column = 'name' | 'first' | 'last' | 'email' | 'phone' | 'team' | 'branch' | 'role';

const HEADS: Record<Column, string[]> = {
	name: ['name', 'full name', '姓名', '名字', '名称', '名稱'],
	first: ['first name', 'given name', '名'],
	last: ['last name', 'family name', 'surname', '姓'],
	email: ['e-mail', 'email', 'mail', 'e-mail address', 'email address', '邮箱', '电子邮箱', '电子邮件', '郵箱', '電子郵件', '電郵'],
	phone: ['phone', 'mobile', 'telephone', '电话', '手机', '手机号', '電話', '手機'],
	team: ['team', 'department', '团队', '部门', '小组', '團隊', '部門'],
	branch: ['branch', 'office', 'shop', '分支机构', '分公司', '门店', '分支機構', '門市'],
	role: ['role', 'rights', '角色', '权限', '權限'],
};

const flat = (text: string) => text.normalize('NFKC').trim().toLowerCase();
const EMAIL = /[^\s<>,;"'()（）<]+@[^\s<>,;"'()（）>]+/u;

function headOf(cells: string[]): (Column | null)[] | null {
	if (cells.some((c) => c.includes('@'))) return null;
	const columns = cells.map((c) => {
		const word = flat(c).replace(/[*＊:：]/g, '').trim();
		return (Object.keys(HEADS) as Column[]).find((k) => HEADS[k].includes(word)) ?? null;
	});
	return columns.includes('email') ? columns : null;
}

function idOf(list: Named[], word: string): string | undefined {
	const want = flat(word);
	return list.find((n) => n.names.some((name) => flat(name) === want))?.id;
}

/** "wang.li@example.com" is called "Wang Li" until somebody knows better. */
function nameFrom(email: string): string {
	return email.split('@')[0]!.split(/[._-]+/).filter(Boolean).map((w) => w[0]!.toUpperCase() + w.slice(1)).join(' ');
}

const HAN = /^\p{Script=Han}/u;

function byHead(cells: string[], head: (Column | null)[], known: Known): Person {
	const get = (c: Column) => cells[head.indexOf(c)]?.trim() ?? '';
	const [first, last] = [get('first'), get('last')];
	const parts = HAN.test(last) ? last + first : [first, last].filter(Boolean).join(' ');
	const person: Person = { name: get('name') || parts, email: EMAIL.exec(get('email'))?.[0] ?? '', phone: get('phone') || undefined, unknown: [] };
	for (const [column, list] of [['role', known.roles], ['team', known.teams], ['branch', known.branches]] as const) {
		const word = get(column);
		const id = word ? idOf(list, word) : undefined;
		if (id) person[column] = id;
		else if (word) person.unknown.push(word);
	}
	return person;
}

/** Without a heading: the address is known by its sign, the first other word is the name, the rest are known words. */
function byLook(cells: string[], known: Known): Person {
	const at = cells.findIndex((c) => c.includes('@'));
	const email = at < 0 ? '' : EMAIL.exec(cells[at]!)?.[0] ?? '';
	const beside = at < 0 ? '' : cells[at]!.replace(email, '').replace(/[<>"'()（）]/g, '').trim();
	const rest = cells.filter((c, i) => i !== at && c);
	const person: Person = { name: beside || rest.shift() || '', email, unknown: [] };
	for (const word of rest) {
		const role = idOf(known.roles, word);
		const team = idOf(known.teams, word);
		const branch = idOf(known.branches, word);
		if (role && !person.role) person.role = role;
		else if (team && !person.team) person.team = team;
		else if (branch && !person.branch) person.branch = branch;
		else if (/^[+\d][\d\s()-]{5,}$/.test(word) && !person.phone) person.phone = word;
		else person.unknown.push(word);
	}
	return person;
}

export function readPeople(text: string, known: Known): Person[] {
	const table = readTable(text);
	const head = table[0] ? headOf(table[0]) : null;
	// Without a heading it may come from several places: every line has its own signs between the words.
	const rows = head ? table : text.split(/\r?\n/).flatMap((line) => readTable(line));
	const seen = new Set<string>();
	return rows.slice(head ? 1 : 0).map((cells) => {
		const person = head ? byHead(cells, head, known) : byLook(cells, known);
		if (!person.name && person.email) person.name = nameFrom(person.email);
		const email = flat(person.email);
		if (!email) person.problem = 'no_email';
		else if (seen.has(email)) person.problem = 'twice';
		else if (person.unknown.length) person.problem = 'unknown';
		seen.add(email);
		return person;
	});
}
