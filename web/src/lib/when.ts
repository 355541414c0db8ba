/** Days and moments as people say them: "thursday", 周四, 明天, 下周三, "in 3 days", 3天后, "tomorrow 15:30". */

const EN = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const ZH = '日一二三四五六';
const ZH_NUMBERS: Record<string, number> = { 零: 0, 一: 1, 二: 2, 两: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9 };
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** 3, 十, 十五, 二十, 二十五 */
function count(text: string): number | null {
	if (/^\d{1,4}$/.test(text)) return Number(text);
	const m = /^([一二两三四五六七八九])?(十)?([一二三四五六七八九])?$/.exec(text);
	if (!m || text === '') return null;
	if (!m[2]) return m[3] ? null : ZH_NUMBERS[m[1]!] ?? null;
	return (m[1] ? ZH_NUMBERS[m[1]]! : 1) * 10 + (m[3] ? ZH_NUMBERS[m[3]]! : 0);
}

const day = (from: Date, by: number) => new Date(from.getFullYear(), from.getMonth(), from.getDate() + by);

function months(from: Date, by: number): Date {
	const last = new Date(from.getFullYear(), from.getMonth() + by + 1, 0).getDate();
	return new Date(from.getFullYear(), from.getMonth() + by, Math.min(from.getDate(), last));
}

/** A day that exists, or null. */
function exact(year: number, month: number, date: number): Date | null {
	const found = new Date(year, month - 1, date);
	return found.getFullYear() === year && found.getMonth() === month - 1 && found.getDate() === date ? found : null;
}

/** Without a year the next one that comes. */
function coming(month: number, date: number, now: Date): Date | null {
	const today = day(now, 0);
	const here = exact(now.getFullYear(), month, date);
	if (here && here >= today) return here;
	return exact(now.getFullYear() + 1, month, date) ?? here;
}

/** The next such day after today; weeks begin on Monday, `week` counts them from this one. */
function weekday(at: number, week: number | null, now: Date): Date {
	if (week === null) return day(now, (at - now.getDay() + 6) % 7 + 1);
	const monday = day(now, -((now.getDay() + 6) % 7));
	return day(monday, week * 7 + (at + 6) % 7);
}

function unit(word: string, n: number, now: Date): Date | null {
	if (/^(天|日|days?|d)$/.test(word)) return day(now, n);
	if (/^(周|星期|礼拜|weeks?|w)$/.test(word)) return day(now, n * 7);
	if (/^(月|个月|months?)$/.test(word)) return months(now, n);
	if (/^(年|years?)$/.test(word)) return months(now, n * 12);
	return null;
}

const WORDS: Record<string, number> = {
	today: 0, tonight: 0, now: 0, tomorrow: 1, tmr: 1, 'the day after tomorrow': 2, 'day after tomorrow': 2, yesterday: -1,
	今天: 0, 今日: 0, 今晚: 0, 明天: 1, 明日: 1, 明早: 1, 明晚: 1, 后天: 2, 大后天: 3, 昨天: -1, 前天: -2,
};

function dayOf(text: string, now: Date): Date | null {
	if (text in WORDS) return day(now, WORDS[text]!);
	let m = /^(?:in )?(\d{1,4}|a|an|one|two|three) (days?|weeks?|months?|years?)(?: from now| later)?$/.exec(text);
	if (m) return unit(m[2]!, { a: 1, an: 1, one: 1, two: 2, three: 3 }[m[1]!] ?? Number(m[1]), now);
	m = /^\+?(\d{1,4}) ?([dw])$/.exec(text);
	if (m) return unit(m[2]!, Number(m[1]), now);
	m = /^(?:过)?([\d一二两三四五六七八九十]+)(天|日|周|个?星期|个?礼拜|个?月|年)(?:后|以后|之后|内)?$/.exec(text);
	if (m && (/[后内]$/.test(text) || text.startsWith('过') || !/[日月]$/.test(text))) {
		const n = count(m[1]!);
		return n === null ? null : unit(m[2]!.replace(/^个(?!月)/, ''), n, now);
	}
	m = /^(?:on )?(next |this )?([a-z]{3,9})$/.exec(text);
	if (m) {
		const at = EN.findIndex((d) => d === m![2] || d.slice(0, 3) === m![2] || (m![2]!.length > 3 && d.startsWith(m![2]!)));
		if (at >= 0) return weekday(at, m[1] === 'next ' ? 1 : m[1] ? 0 : null, now);
	}
	if (text === 'next week') return weekday(1, 1, now);
	if (text === 'next month') return months(now, 1);
	if (text === '下周' || text === '下星期') return weekday(1, 1, now);
	if (text === '下个月' || text === '下月') return months(now, 1);
	m = /^(下下|下|这|本)?个?(?:周|星期|礼拜)([日天一二三四五六末])$/.exec(text);
	if (m) return weekday(m[2] === '末' ? 6 : ZH.indexOf(m[2] === '天' ? '日' : m[2]!), { 下下: 2, 下: 1, 这: 0, 本: 0 }[m[1] ?? ''] ?? null, now);
	m = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(text) ?? /^(\d{4})(\d{2})(\d{2})$/.exec(text);
	if (m) return exact(Number(m[1]), Number(m[2]), Number(m[3]));
	m = /^(\d{1,2})月(\d{1,2})[日号]?$/.exec(text);
	if (m) return coming(Number(m[1]), Number(m[2]), now);
	m = /^(\d{1,2})[日号]$/.exec(text);
	if (m) {
		const here = exact(now.getFullYear(), now.getMonth() + 1, Number(m[1]));
		return here && here >= day(now, 0) ? here : exact(now.getFullYear() + (now.getMonth() === 11 ? 1 : 0), (now.getMonth() + 1) % 12 + 1, Number(m[1]));
	}
	m = /^(\d{1,2})(?:st|nd|rd|th)? ([a-z]{3,9})(?:,? (\d{4}))?$/.exec(text) ?? null;
	const back = m ? null : /^([a-z]{3,9}) (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?$/.exec(text);
	const word = m?.[2] ?? back?.[1];
	if (word) {
		const month = MONTHS.indexOf(word.slice(0, 3)) + 1;
		const date = Number(m?.[1] ?? back?.[2]);
		const year = m?.[3] ?? back?.[3];
		if (month > 0) return year ? exact(Number(year), month, date) : coming(month, date, now);
	}
	m = /^(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}))?$/.exec(text);
	if (m) {
		// 3/4 is two days: only what can be one is taken.
		const [a, b] = [Number(m[1]), Number(m[2])];
		if (a <= 12 && b <= 12 && a !== b) return null;
		const [month, date] = a > 12 ? [b, a] : [a, b];
		return m[3] ? exact(Number(m[3]), month, date) : coming(month, date, now);
	}
	return null;
}

const CLOCK = /(?:^|[\s,]+|(?<=[\u4e00-\u9fff]))(?:at )?(上午|早上|中午|下午|晚上)?(\d{1,2})(?:[:点时](\d{2})?)?(?:分)? ?(半)?(am|pm)?$/;

function clockOf(text: string): { rest: string; hour: number; minute: number } | null {
	const m = CLOCK.exec(text);
	if (!m || !(/[:点时]/.test(m[0]) || m[1] || m[5])) return null;
	let hour = Number(m[2]);
	const minute = m[4] ? 30 : Number(m[3] ?? 0);
	if ((m[5] === 'pm' || m[1] === '下午' || m[1] === '晚上') && hour < 12) hour += 12;
	if (m[5] === 'am' && hour === 12) hour = 0;
	if (hour > 23 || minute > 59) return null;
	return { rest: text.slice(0, m.index).trim(), hour, minute };
}

export interface Meant {
	at: Date;
	/** An hour was said. */
	timed: boolean;
}

/** What a typed day means, or null where it cannot be told. Traditional characters are read like simplified ones. */
export function whenOf(typed: string, now = new Date()): Meant | null {
	const text = typed.normalize('NFKC').trim().toLowerCase().replace(/\s+/g, ' ')
		.replace(/後/g, '后').replace(/週/g, '周').replace(/禮拜/g, '礼拜').replace(/這/g, '这').replace(/兩/g, '两').replace(/點/g, '点').replace(/號/g, '号').replace(/個/g, '个').replace(/過/g, '过');
	if (!text) return null;
	const whole = dayOf(text, now);
	if (whole) return { at: whole, timed: false };
	const clock = clockOf(text);
	if (!clock) return null;
	const on = clock.rest === '' ? day(now, 0) : dayOf(clock.rest, now);
	if (!on) return null;
	on.setHours(clock.hour, clock.minute, 0, 0);
	if (clock.rest === '' && on <= now) on.setDate(on.getDate() + 1);
	return { at: on, timed: true };
}

/** "send the offer thursday", "周四发报价": what is to be done, and when where that is said at either end. */
export function taskOf(typed: string, now = new Date()): { what: string; when: Meant | null } {
	const text = typed.trim();
	const words = text.split(/\s+/);
	for (let n = Math.min(5, words.length); n > 0; n--) {
		const last = whenOf(words.slice(-n).join(' '), now);
		if (last) return { what: words.slice(0, -n).join(' '), when: last };
		const first = whenOf(words.slice(0, n).join(' '), now);
		if (first) return { what: words.slice(n).join(' '), when: first };
	}
	const signs = [...text];
	if (!/\p{Script=Han}/u.test(text)) return { what: text, when: null };
	for (let n = Math.min(12, signs.length); n > 1; n--) {
		const first = whenOf(signs.slice(0, n).join(''), now);
		if (first) return { what: signs.slice(n).join('').trim(), when: first };
		const last = whenOf(signs.slice(-n).join(''), now);
		if (last) return { what: signs.slice(0, -n).join('').trim(), when: last };
	}
	return { what: text, when: null };
}

/** A moment for work that was said in words. */
export const dueOf = (found: Meant, now = new Date()) => (found.timed ? found.at : hourOf(found.at, true, now)).toISOString();

/** A day without an hour: work is due in the morning, today by the evening; what happened today happened now. */
export function hourOf(at: Date, due: boolean, now: Date): Date {
	const today = at.toDateString() === now.toDateString();
	if (today && !due) return now;
	const found = new Date(at);
	found.setHours(today ? Math.max(18, Math.min(23, now.getHours() + 1)) : 9, 0, 0, 0);
	return found;
}
