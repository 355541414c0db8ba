import assert from 'node:assert/strict';
import { test } from 'node:test';
import { taskOf, whenOf } from '../src/lib/when.ts';

// A Sunday, ten in the morning.
const now = new Date(2026, 10, 29, 10, 0);
const said = (text: string) => {
	const found = whenOf(text, now);
	if (!found) return null;
	const p = (n: number) => String(n).padStart(2, '0');
	const at = found.at;
	return `${at.getFullYear()}-${p(at.getMonth() + 1)}-${p(at.getDate())}${found.timed ? ` ${p(at.getHours())}:${p(at.getMinutes())}` : ''}`;
};

test('days as people say them', () => {
	const right: [string, string][] = [
		['today', '2026-11-29'], ['tomorrow', '2026-11-30'], ['明天', '2026-11-30'], ['后天', '2026-12-01'], ['後天', '2026-12-01'],
		['thursday', '2026-12-03'], ['Thu', '2026-12-03'], ['thurs', '2026-12-03'], ['周四', '2026-12-03'], ['星期四', '2026-12-03'], ['禮拜四', '2026-12-03'],
		['sunday', '2026-12-06'], ['周日', '2026-12-06'], ['下周三', '2026-12-02'], ['下週三', '2026-12-02'], ['next wednesday', '2026-12-02'], ['下下周一', '2026-12-07'],
		['in 3 days', '2026-12-02'], ['3 days', '2026-12-02'], ['3天后', '2026-12-02'], ['三天后', '2026-12-02'], ['3天後', '2026-12-02'], ['十天后', '2026-12-09'], ['两周后', '2026-12-13'],
		['in 2 weeks', '2026-12-13'], ['in a month', '2026-12-29'], ['一个月后', '2026-12-29'], ['next week', '2026-11-30'], ['下周', '2026-11-30'],
		['2026-12-24', '2026-12-24'], ['2026年12月24日', '2026-12-24'], ['12月24日', '2026-12-24'], ['24 dec', '2026-12-24'], ['Dec 24, 2027', '2027-12-24'],
		['1月5日', '2027-01-05'], ['15/1', '2027-01-15'], ['30号', '2026-11-30'], ['+3d', '2026-12-02'],
	];
	for (const [text, day] of right) assert.equal(said(text), day, text);
});

test('with an hour', () => {
	const right: [string, string][] = [
		['tomorrow 15:30', '2026-11-30 15:30'], ['明天下午3点', '2026-11-30 15:00'], ['thursday at 9am', '2026-12-03 09:00'], ['周四 9:05', '2026-12-03 09:05'],
		['3pm', '2026-11-29 15:00'], ['9:00', '2026-11-30 09:00'], ['后天上午10点半', '2026-12-01 10:30'],
	];
	for (const [text, at] of right) assert.equal(said(text), at, text);
});

test('what cannot be told is not guessed', () => {
	for (const text of ['', 'soon', 'thursdy', '3/4', '2026-02-30', '32号', '周八', 'in days', '25:00', 'tomorrow 25:00', '下周十', '13/13']) assert.equal(said(text), null, text);
});

test('what is to be done, with its day at either end', () => {
	const read = (text: string) => {
		const { what, when } = taskOf(text, now);
		return [what, when ? when.at.getDate() : null];
	};
	assert.deepEqual(read('send the offer thursday'), ['send the offer', 3]);
	assert.deepEqual(read('tomorrow 15:30 call back'), ['call back', 30]);
	assert.deepEqual(read('call in 3 days'), ['call', 2]);
	assert.deepEqual(read('周四发报价'), ['发报价', 3]);
	assert.deepEqual(read('发报价，3天后'), ['发报价，', 2]);
	assert.deepEqual(read('thursday'), ['', 3]);
	assert.deepEqual(read('send 3 offers'), ['send 3 offers', null]);
});
