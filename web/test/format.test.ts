import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { bytes, currencyDigits, date, intlTag, money, number, parseDecimal, relative, setFormatTag, shareDecimal, sumDecimals } from '../src/lib/format.ts';

beforeEach(() => setFormatTag('zh-CN'));

test('money is exact: no digit is lost to floating point', () => {
	assert.equal(money('9007199254740993.07', 'CNY'), '¥9,007,199,254,740,993.07');
	assert.equal(money('-12.5', 'CNY'), '-¥12.50');
	assert.equal(money('1234', 'JPY'), 'JP¥1,234');
	assert.equal(money(null, 'CNY'), '');
	assert.equal(money('****', 'CNY'), '****');
	setFormatTag('en-GB');
	assert.equal(money('1234.5', 'GBP'), '£1,234.50');
	assert.equal(money('1234.5', 'CNY'), 'CN¥1,234.50');
	assert.equal(money('10', 'NOTACODE'), 'NOTACODE 10');
});

test('numbers', () => {
	assert.equal(number('1234567.125'), '1,234,567.125');
	assert.equal(number(0), '0');
	assert.equal(number(''), '');
	assert.equal(currencyDigits('CNY'), 2);
	assert.equal(currencyDigits('JPY'), 0);
	assert.equal(bytes(1_500_000), '1.5 MB');
});

test('days are not shifted by time zones', () => {
	assert.equal(date('2026-01-01'), '2026年1月1日');
	setFormatTag('en-GB');
	assert.equal(date('2026-01-01'), '1 Jan 2026');
	assert.equal(date('2026-12-31', 'axis'), '31/12');
});

test('relative times', () => {
	const now = Date.UTC(2026, 10, 22, 12);
	setFormatTag('en-GB');
	assert.equal(relative('2026-11-22T11:00:00Z', now), '1 hour ago');
	assert.equal(relative('2026-11-21T12:00:00Z', now), 'yesterday');
	assert.equal(relative('2026-11-25T12:00:00Z', now), 'in 3 days');
	assert.equal(relative('2024-11-22T12:00:00Z', now), '2 years ago');
	assert.equal(relative('2026-11-22T11:59:40Z', now), 'now');
	assert.equal(relative('2026-08-22T12:00:00Z', now), '3 months ago');
	assert.equal(relative('2026-10-22T12:00:00Z', now), '4 weeks ago');
});

test('what people type becomes a decimal, or nothing', () => {
	assert.equal(parseDecimal('1,234.50'), '1234.50');
	assert.equal(parseDecimal('１２３．５'), '123.5');
	assert.equal(parseDecimal('¥ 99'), '99');
	assert.equal(parseDecimal('-007'), '-7');
	assert.equal(parseDecimal('.5'), '0.5');
	assert.equal(parseDecimal('1.234', 2), null);
	assert.equal(parseDecimal('1.200', 2), '1.20');
	assert.equal(parseDecimal('12a'), null);
	assert.equal(parseDecimal(''), null);
	assert.equal(parseDecimal('1.2.3'), null);
});

test('sums are exact', () => {
	assert.equal(sumDecimals(['0.1', '0.2']), '0.3');
	assert.equal(sumDecimals(['-1.50', '0.25']), '-1.25');
	assert.equal(sumDecimals(['9007199254740993', '1']), '9007199254740994');
	assert.equal(sumDecimals([]), '0');
});

test('a language keeps the habits of the reader’s browser', () => {
	assert.equal(intlTag('en', ['zh-CN', 'en-AU']), 'en-AU');
	assert.equal(intlTag('zh-Hant', ['zh-HK']), 'zh-HK');
	assert.equal(intlTag('zh-Hant', ['zh-CN']), 'zh-TW');
	assert.equal(intlTag('zh-Hans', []), 'zh-CN');
});

test('relative times in Chinese: numbers stand apart, the last minute has a word', () => {
	const now = Date.parse('2026-11-22T12:00:00Z');
	setFormatTag('zh-CN', '刚刚');
	assert.equal(relative('2026-11-22T11:59:40Z', now), '刚刚');
	assert.equal(relative('2026-11-22T09:00:00Z', now), '3 小时前');
	assert.equal(relative('2026-08-22T12:00:00Z', now), '3 个月前');
});

test('shares of decimals are exact', () => {
	assert.equal(shareDecimal('110668.12', 25, 2), '4426.72');
	assert.equal(shareDecimal('10', 3, 2), '3.33');
	assert.equal(shareDecimal('0.05', 2, 2), '0.03');
	assert.equal(shareDecimal('-10.00', 4, 2), '-2.50');
	assert.equal(shareDecimal('99999999999999.99', 1, 2), '99999999999999.99');
	assert.equal(shareDecimal('7', 2, 0), '4');
});
