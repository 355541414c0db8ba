/* Days and times as people and programs write them. convert_zone.c knows the words for zones. */
#include "core/exchange/convert_date.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/exchange/convert.h"

/* --- taking apart --------------------------------------------------------- */

struct word {
	const char *text;
	int value;
};

/* Months by name; an abbreviation of three letters and more will do. */
static int month_named(const char *word, size_t len)
{
	static const struct word months[] = {
		{"january", 1}, {"february", 2}, {"march", 3}, {"april", 4}, {"may", 5}, {"june", 6}, {"july", 7}, {"august", 8}, {"september", 9},
		{"october", 10}, {"november", 11}, {"december", 12},
		{"januar", 1}, {"februar", 2}, {"märz", 3}, {"mai", 5}, {"juni", 6}, {"juli", 7}, {"oktober", 10}, {"dezember", 12},
		{"janvier", 1}, {"février", 2}, {"fevrier", 2}, {"mars", 3}, {"avril", 4}, {"juin", 6}, {"juillet", 7}, {"août", 8}, {"aout", 8},
		{"septembre", 9}, {"octobre", 10}, {"novembre", 11}, {"décembre", 12}, {"decembre", 12},
		{"enero", 1}, {"febrero", 2}, {"marzo", 3}, {"abril", 4}, {"mayo", 5}, {"junio", 6}, {"julio", 7}, {"agosto", 8}, {"septiembre", 9},
		{"octubre", 10}, {"noviembre", 11}, {"diciembre", 12},
	};
	for (size_t i = 0; len >= 3 && i < sizeof(months) / sizeof(months[0]); i++)
		if (len <= strlen(months[i].text) && strncasecmp(word, months[i].text, len) == 0)
			return months[i].value;
	return 0;
}

static bool among(const char *const *list, size_t n, const char *word, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(list[i]) == len && strncasecmp(word, list[i], len) == 0)
			return true;
	return false;
}

static bool says_nothing(const char *word, size_t len)
{
	static const char *const days[] = {"mon", "monday", "tue", "tues", "tuesday", "wed", "wednesday", "thu", "thur", "thurs", "thursday", "fri",
	                                   "friday", "sat", "saturday", "sun", "sunday", "montag", "dienstag", "mittwoch", "donnerstag", "freitag",
	                                   "samstag", "sonntag", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "at", "on", "the",
	                                   "of", "um", "uhr", "hrs", "hours", "h", "de", "le", "date"};
	return among(days, sizeof(days) / sizeof(days[0]), word, len);
}

static bool day_suffix(const char *word, size_t len)
{
	static const char *const suffixes[] = {"st", "nd", "rd", "th", "er"};
	return among(suffixes, sizeof(suffixes) / sizeof(suffixes[0]), word, len);
}

/* Chinese, Japanese and Korean words: what they are, and how many bytes. */
enum mark { MARK_NONE, MARK_BLANK, MARK_TIME, MARK_MORNING, MARK_NOON, MARK_AFTERNOON, MARK_HALF };

static enum mark mark_at(const char *p, size_t *ret_n)
{
	static const struct {
		const char *text;
		enum mark mark;
	} marks[] = {
		{"星期", MARK_BLANK}, {"周", MARK_BLANK}, {"週", MARK_BLANK}, {"礼拜", MARK_BLANK}, {"禮拜", MARK_BLANK}, {"曜日", MARK_BLANK},
		{"年", MARK_BLANK}, {"月", MARK_BLANK}, {"日", MARK_BLANK}, {"号", MARK_BLANK}, {"號", MARK_BLANK}, {"년", MARK_BLANK}, {"월", MARK_BLANK},
		{"일", MARK_BLANK}, {"天", MARK_BLANK}, {"时", MARK_TIME}, {"時", MARK_TIME}, {"点", MARK_TIME}, {"點", MARK_TIME}, {"分", MARK_TIME}, {"秒", MARK_BLANK},
		{"시", MARK_TIME}, {"분", MARK_TIME}, {"초", MARK_BLANK}, {"：", MARK_TIME}, {"上午", MARK_MORNING}, {"早上", MARK_MORNING},
		{"清晨", MARK_MORNING}, {"凌晨", MARK_MORNING}, {"午前", MARK_MORNING}, {"오전", MARK_MORNING}, {"中午", MARK_NOON}, {"下午", MARK_AFTERNOON},
		{"晚上", MARK_AFTERNOON}, {"傍晚", MARK_AFTERNOON}, {"午後", MARK_AFTERNOON}, {"오후", MARK_AFTERNOON}, {"半", MARK_HALF},
		{"　", MARK_BLANK}, {"\xc2\xa0", MARK_BLANK}, {"\xe2\x80\xaf", MARK_BLANK}, {"，", MARK_BLANK}, {"（", MARK_BLANK}, {"）", MARK_BLANK}, {"正", MARK_BLANK}, {"整", MARK_BLANK},
	};
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (str_starts(p, marks[i].text)) {
			*ret_n = strlen(marks[i].text);
			return marks[i].mark;
		}
	return MARK_NONE;
}

/* 星期一: the day's own sign after the word; bytes. */
static size_t week_day(const char *p)
{
	static const char *const days[] = {"一", "二", "三", "四", "五", "六", "日", "天", "末", "火", "水", "木", "金", "土"};
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++)
		if (str_starts(p, days[i]))
			return strlen(days[i]);
	return 0;
}

static void add_number(struct pieces *s, int value, int digits, char before)
{
	if (s->n == PIECES_MAX) {
		s->fault = "date_word";
		return;
	}
	s->numbers[s->n] = value;
	s->before[s->n] = before;
	s->digits[s->n++] = digits;
}

/* 20100521 and 20100521101530: without marks between. */
static bool run_of_digits(struct pieces *s, const char *p, int digits)
{
	static const int widths[] = {4, 2, 2, 2, 2, 2};
	if (s->n > 0 || (digits != 8 && digits != 12 && digits != 14))
		return false;
	for (size_t i = 0; digits > 0; digits -= widths[i++]) {
		int value = 0;
		for (int k = 0; k < widths[i]; k++)
			value = value * 10 + (*p++ - '0');
		add_number(s, value, widths[i], i > 3 ? ':' : '-');
	}
	return true;
}

static const char *take_digits(struct pieces *s, const char *p, char before)
{
	int value = 0, digits = 0;
	while (isdigit((unsigned char)p[digits]))
		digits++;
	if (run_of_digits(s, p, digits))
		return p + digits;
	/* Fractions of a second may be long; their first places are enough. */
	for (int i = 0; i < digits && i < 9; i++)
		value = value * 10 + (p[i] - '0');
	if (digits > 9 && before != '.' && before != ',')
		s->fault = "date_word";
	add_number(s, value, digits < 9 ? digits : 9, before);
	return p + digits;
}

static size_t letters(const char *p)
{
	size_t n = 0;
	while (isalpha((unsigned char)p[n]) || (unsigned char)p[n] == 0xc3 || (n > 0 && (unsigned char)p[n - 1] == 0xc3))
		n++;
	return n;
}

static bool is_half_of_day(struct pieces *s, const char *p, size_t *len)
{
	bool dotted = *len == 1 && p[1] == '.' && (p[2] == 'm' || p[2] == 'M') && !isalpha((unsigned char)p[3]);
	if (!dotted && !(*len == 2 && (p[1] == 'm' || p[1] == 'M')))
		return false;
	if (p[0] == 'p' || p[0] == 'P')
		s->half = HALF_AFTERNOON;
	else if (p[0] == 'a' || p[0] == 'A')
		s->half = HALF_MORNING;
	else
		return false;
	if (dotted)
		*len = p[3] == '.' ? 4 : 3;
	return true;
}

static void odd_word(struct pieces *s, const char *key, const char *p, size_t len)
{
	s->fault = key;
	s->word = p;
	s->word_len = len;
}

static const char *take_zone(struct pieces *s, const char *p, size_t len)
{
	size_t zone_len = 0;
	switch (convert_zone_word(p, s->n, &s->zone, &zone_len)) {
	case ZONE_NONE: odd_word(s, "date_word", p, len); break;
	case ZONE_AMBIGUOUS: odd_word(s, "zone_ambiguous", p, len); break;
	case ZONE_KNOWN: s->zoned = true; return p + zone_len;
	case ZONE_NAMED:
		s->zone_name = p;
		s->zone_name_len = zone_len;
		return p + zone_len;
	}
	return p + len;
}

static const char *take_word(struct pieces *s, const char *p)
{
	size_t len = letters(p);
	int month = month_named(p, len);
	if (is_half_of_day(s, p, &len) || says_nothing(p, len) || (s->n > 0 && day_suffix(p, len)))
		return p + len;
	if (month > 0 && s->n < PIECES_MAX && s->month_at == PIECES_MAX) {
		s->month_at = s->n;
		add_number(s, month, 2, ' ');
		return p + len + (p[len] == '.');
	}
	return take_zone(s, p, len);
}

static const char *take_mark(struct pieces *s, const char *p, char *before)
{
	size_t n = 0;
	switch (mark_at(p, &n)) {
	case MARK_NONE:
		n = 1;
		while ((p[n] & 0xc0) == 0x80)
			n++;
		odd_word(s, "date_word", p, n);
		return p + n;
	case MARK_BLANK: *before = ' '; return p + n + (s->n > 0 || n > 3 ? week_day(p + n) : 0);
	case MARK_TIME: *before = ':'; s->hour_said = true; return p + n;
	case MARK_MORNING: s->half = HALF_MORNING; break;
	case MARK_NOON: s->half = HALF_NOON; break;
	case MARK_AFTERNOON: s->half = HALF_AFTERNOON; break;
	case MARK_HALF: add_number(s, 30, 2, ':'); break;
	}
	*before = ' ';
	return p + n;
}

struct pieces convert_take_apart(const char *text)
{
	struct pieces s = {.month_at = PIECES_MAX};
	const char *p = text;
	char before = ' ';
	while (*p != '\0' && s.fault == NULL) {
		size_t zone_len = convert_zone_offset(p, s.n, &s.zone);
		if (zone_len > 0) {
			s.zoned = true;
			p += zone_len;
			before = ' ';
		} else if (isdigit((unsigned char)*p)) {
			p = take_digits(&s, p, before);
			before = ' ';
			if (s.n > 0 && *p == 'T' && isdigit((unsigned char)p[1]))
				p++;
		} else if (s.zoned && (*p == '(' || *p == '[')) {
			break; /* what the offset is called: (China Standard Time), [Asia/Shanghai] */
		} else if (letters(p) > 0) {
			p = take_word(&s, p);
			before = ' ';
		} else if (strchr("-/.: ,\t\n()[]", *p) != NULL) {
			before = *p++;
		} else {
			p = take_mark(&s, p, &before);
		}
	}
	return s;
}

/* --- putting together --------------------------------------------------------- */

/* The numbers that are a time: those with colons between; the rest is the day. */
static void find_time(const struct pieces *s, size_t *ret_from, size_t *ret_n)
{
	size_t from = 3, n = s->n > 3 ? s->n - 3 : 0;
	for (size_t i = 1; i < s->n; i++)
		if (s->before[i] == ':') {
			from = i - 1;
			for (n = 2; from + n < s->n && n < 3 && s->before[from + n] == ':'; n++)
				;
			if (n == 3 && from + n < s->n && strchr(".,:", s->before[from + n]) != NULL)
				n++;
			break;
		}
	*ret_from = from;
	*ret_n = n;
}

struct day {
	int numbers[3], digits[3];
	int month_at; /* by name; -1 */
	char between;
};

static bool take_day(const struct pieces *s, size_t from, size_t n, struct day *ret)
{
	size_t found = 0;
	*ret = (struct day){.month_at = -1};
	for (size_t i = 0; i < s->n; i++) {
		if (i >= from && i < from + n)
			continue;
		if (found == 3)
			return false;
		if (i == s->month_at)
			ret->month_at = (int)found;
		if (found == 1)
			ret->between = s->before[i];
		ret->numbers[found] = s->numbers[i];
		ret->digits[found++] = s->digits[i];
	}
	return found == 3;
}

/* Where year, month and day stand; false: it may be read two ways. */
static bool place(const struct day *t, enum date_order order, int *y, int *m, int *d)
{
	static const int orders[][3] = {[DATE_AUTO] = {2, 1, 0}, [DATE_YMD] = {0, 1, 2}, [DATE_DMY] = {2, 1, 0}, [DATE_MDY] = {2, 0, 1}};
	bool sure = true;
	if (t->digits[0] == 4) {
		order = DATE_YMD;
	} else if (t->month_at >= 0) {
		*m = t->month_at;
		bool year_first = *m == 1 && t->digits[0] > 2;
		*d = year_first ? 2 : *m == 0 ? 1 : 0;
		*y = 3 - *m - *d;
		return true;
	} else if (order == DATE_YMD && t->digits[2] == 4) {
		order = DATE_AUTO;
	}
	if (order == DATE_AUTO) {
		order = t->numbers[0] > 31 ? DATE_YMD : t->numbers[1] > 12 ? DATE_MDY : DATE_DMY;
		/* with points between, the day comes first everywhere */
		sure = t->numbers[0] > 12 || t->numbers[1] > 12 || t->numbers[0] == t->numbers[1] || t->between == '.';
	}
	*y = orders[order][0];
	*m = orders[order][1];
	*d = orders[order][2];
	return sure;
}

static void put_half(const struct pieces *s, struct civil *c)
{
	if ((s->half == HALF_AFTERNOON && c->hour < 12) || (s->half == HALF_NOON && c->hour < 3))
		c->hour += 12;
	if (s->half == HALF_MORNING && c->hour == 12)
		c->hour = 0;
}

/* A time of day that starts at `from`; a fraction of the second is its fourth number. */
static void put_time(const struct pieces *s, size_t from, size_t n, struct civil *c)
{
	c->hour = n > 0 ? s->numbers[from] : 0;
	c->minute = n > 1 ? s->numbers[from + 1] : 0;
	c->second = n > 2 ? s->numbers[from + 2] : 0;
	if (n > 3) {
		int ms = s->numbers[from + 3], digits = s->digits[from + 3];
		for (; digits < 3; digits++)
			ms *= 10;
		for (; digits > 3; digits--)
			ms /= 10;
		c->ms = ms;
	}
	put_half(s, c);
}

/* Why the text is no day: a key of a message; NULL if it is one. */
static const char *civil_of(const struct pieces *s, enum date_order order, struct civil *ret, bool *ret_time)
{
	size_t from, n;
	struct day day;
	int y, m, d;
	int64_t ms;
	if (s->fault != NULL)
		return s->fault;
	find_time(s, &from, &n);
	if (!take_day(s, from, n, &day) || n > 4 || (n == 1 && s->half == HALF_NONE && !s->hour_said))
		return "date_unread";
	bool sure = place(&day, order, &y, &m, &d);
	*ret = (struct civil){.year = day.numbers[y], .month = day.numbers[m], .day = day.numbers[d]};
	if (day.digits[y] <= 2)
		ret->year += ret->year < 70 ? 2000 : 1900;
	*ret_time = n > 0;
	put_time(s, from, n, ret);
	if (!time_from_civil(ret, &ms))
		return "date_unread";
	return sure ? NULL : "date_ambiguous";
}

/* --- out -------------------------------------------------------------------------- */

/* YYYY-MM-DD, alone or with a time behind it in digits and marks: nothing to do, as nearly always. */
static bool has_form(const char *text, const char *form)
{
	for (; *form != '\0'; form++, text++)
		if (*form == '0' ? !isdigit((unsigned char)*text) : *text != *form)
			return false;
	return true;
}

static bool plain_iso(const char *text, size_t *ret_len)
{
	*ret_len = 10;
	if (!has_form(text, "0000-00-00"))
		return false;
	if (text[10] == '\0')
		return true;
	size_t time = strspn(text + 11, "0123456789:.");
	if ((text[10] != ' ' && text[10] != 'T') || time < 4)
		return false;
	const char *rest = text + 11 + time;
	*ret_len = 11 + time;
	if (*rest == '\0' || strcmp(rest, "Z") == 0)
		return *ret_len <= 23;
	return (*rest == '+' || *rest == '-') && strlen(rest) == 6 && has_form(rest + 1, "00:00");
}

static bool is_iso(const char *text)
{
	size_t len;
	return plain_iso(text, &len);
}

/* A zone given by name has its offset at that time; false: there is none of that name. */
static bool zone_by_name(struct ctx *ctx, struct pieces *s, const struct civil *c)
{
	if (s->zone_name == NULL)
		return true;
	s->zoned = convert_zone_named(ctx, s->zone_name, s->zone_name_len, c, &s->zone);
	return s->zoned;
}

static const char *write_date(struct ctx *ctx, const struct civil *c, bool with_time, bool zoned, int offset)
{
	char ms[8] = "", zone[16] = "";
	int away = offset < 0 ? -offset : offset;
	if (!with_time && !zoned)
		return arena_printf(ctx->arena, "%04d-%02d-%02d", c->year, c->month, c->day);
	if (c->ms > 0)
		(void)snprintf(ms, sizeof(ms), ".%03d", c->ms % 1000);
	if (zoned && offset == 0)
		(void)snprintf(zone, sizeof(zone), "Z");
	else if (zoned)
		(void)snprintf(zone, sizeof(zone), "%c%02d:%02d", offset < 0 ? '-' : '+', away / 60 % 24, away % 60);
	return arena_printf(ctx->arena, "%04d-%02d-%02d%c%02d:%02d:%02d%s%s", c->year, c->month, c->day, zoned ? 'T' : ' ', c->hour, c->minute, c->second, ms, zone);
}

const char *convert_date(struct ctx *ctx, const char *text, enum date_order order)
{
	struct civil c;
	bool with_time = false;
	if (is_iso(text))
		return text;
	struct pieces s = convert_take_apart(text);
	if (civil_of(&s, order, &c, &with_time) != NULL || (!s.zoned && !zone_by_name(ctx, &s, &c)))
		return text;
	const char *out = write_date(ctx, &c, with_time, s.zoned, s.zone);
	return out != NULL ? out : text;
}

const char *convert_date_fault(struct ctx *ctx, const char *text, enum date_order order, const char **ret_arg)
{
	struct civil c;
	bool with_time;
	*ret_arg = text;
	if (is_iso(text))
		return NULL;
	struct pieces s = convert_take_apart(text);
	const char *key = civil_of(&s, order, &c, &with_time);
	if (key == NULL && !s.zoned && !zone_by_name(ctx, &s, &c)) {
		key = "date_word";
		s.word = s.zone_name;
		s.word_len = s.zone_name_len;
	}
	const char *word = s.word != NULL ? arena_strndup(ctx->arena, s.word, s.word_len) : NULL;
	if (key != NULL && word != NULL)
		*ret_arg = word;
	return key;
}

const char *convert_day(struct ctx *ctx, const char *text, enum date_order order)
{
	const char *date = convert_date(ctx, text, order);
	if (!is_iso(date) || date[10] == '\0')
		return date;
	const char *day = arena_strndup(ctx->arena, date, 10);
	return day != NULL ? day : date;
}

const char *convert_past_day(struct ctx *ctx, const char *text, enum date_order order, const char *today)
{
	const char *day = convert_day(ctx, text, order);
	if (!is_iso(day) || day == text || strcmp(day, today) <= 0)
		return day;
	/* Only a year of two digits was filled up by us. */
	struct pieces s = convert_take_apart(text);
	for (size_t i = 0; i < s.n; i++)
		if (s.digits[i] == 4)
			return day;
	const char *earlier = arena_printf(ctx->arena, "%04d%s", (day[0] - '0') * 1000 + (day[1] - '0') * 100 + (day[2] - '0') * 10 + (day[3] - '0') - 100, day + 4);
	return earlier != NULL ? earlier : day;
}

static bool real_day(int month, int day)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return month >= 1 && month <= 12 && day >= 0 && day <= days[month - 1];
}

/* Two numbers: 5月6日, 6 May, May-85 (a month alone), 1985-04. */
static bool two_parts(const struct pieces *s, enum date_order order, int *ret_month, int *ret_day)
{
	if (s->digits[0] == 4) {
		*ret_month = s->numbers[1];
		return s->numbers[1] > 0;
	}
	bool named = s->month_at < 2, day_first = s->numbers[0] > 12 || (order == DATE_DMY && s->numbers[1] <= 12);
	size_t month = named ? s->month_at : day_first;
	*ret_month = s->numbers[month];
	*ret_day = s->numbers[1 - month];
	if (named && *ret_day > 31)
		*ret_day = 0;
	else if (*ret_day == 0)
		return false;
	return s->digits[1] <= 2;
}

/* --05, the month alone. */
static bool month_alone(const char *text, int *ret_month)
{
	if (!str_starts(text, "--") || strlen(text) != 4 || !has_form(text + 2, "00"))
		return false;
	*ret_month = (text[2] - '0') * 10 + text[3] - '0';
	return *ret_month >= 1 && *ret_month <= 12;
}

bool convert_partial_day(const char *text, enum date_order order, int *ret_month, int *ret_day)
{
	struct pieces s = convert_take_apart(text);
	const char *p = text + strspn(text, "- ");
	bool read = false;
	*ret_month = *ret_day = 0;
	if (month_alone(text, ret_month))
		return true;
	if (text[0] == '-' && strlen(p) == 4 && has_form(p, "0000")) { /* --0506 of vCards */
		*ret_month = (p[0] - '0') * 10 + p[1] - '0';
		*ret_day = (p[2] - '0') * 10 + p[3] - '0';
		read = *ret_day > 0;
	} else if (s.fault == NULL && !s.zoned && s.n == 3 && s.digits[0] == 4) { /* the year that Apple writes for none */
		*ret_month = s.numbers[1];
		*ret_day = s.numbers[2];
		read = (s.numbers[0] == 1604 || s.numbers[0] == 0) && *ret_day > 0;
	} else if (s.fault == NULL && !s.zoned && s.n == 2) {
		read = two_parts(&s, order, ret_month, ret_day);
	}
	return read && real_day(*ret_month, *ret_day);
}

/* A day, or a day and a time without an offset. */
bool convert_is_local(const char *text, struct civil *ret)
{
	size_t len;
	if (!plain_iso(text, &len) || text[len] != '\0')
		return false;
	struct pieces s = convert_take_apart(text);
	bool with_time;
	return civil_of(&s, DATE_YMD, ret, &with_time) == NULL;
}

bool convert_is_date(const char *text)
{
	struct civil c;
	bool with_time;
	if (is_iso(text))
		return true;
	if (strlen(text) < 6 || strlen(text) > 60)
		return false;
	struct pieces s = convert_take_apart(text);
	return civil_of(&s, DATE_MDY, &c, &with_time) == NULL || civil_of(&s, DATE_DMY, &c, &with_time) == NULL;
}

static bool reads_as(const struct pieces *s, enum date_order order)
{
	struct civil c;
	bool with_time;
	return civil_of(s, order, &c, &with_time) == NULL;
}

static void vote(const struct pieces *s, const struct day *t, struct date_votes *votes)
{
	bool day_first = reads_as(s, DATE_DMY), month_first = reads_as(s, DATE_MDY), year_first = t->digits[2] <= 2 && reads_as(s, DATE_YMD);
	int ways = day_first + month_first + year_first;
	if (ways == 1) {
		votes->day_first += day_first;
		votes->month_first += month_first;
		votes->year_first += year_first;
	} else if (day_first && month_first) {
		*(t->between == '.' ? &votes->dotted : &votes->either) += 1;
	} else {
		votes->short_year += ways > 1; /* 24/06/03 */
	}
}

void convert_date_votes(const char *text, struct date_votes *votes)
{
	size_t from, n;
	struct day t;
	if (is_iso(text))
		return;
	struct pieces s = convert_take_apart(text);
	if (s.fault != NULL)
		return;
	find_time(&s, &from, &n);
	if (take_day(&s, from, n, &t) && t.digits[0] != 4 && t.month_at < 0 && t.numbers[0] != t.numbers[1])
		vote(&s, &t, votes);
}

enum date_order convert_date_decide(const struct date_votes *v)
{
	int said = (v->day_first > 0) + (v->month_first > 0) + (v->year_first > 0);
	if (said == 1)
		return v->day_first > 0 ? DATE_DMY : v->month_first > 0 ? DATE_MDY : DATE_YMD;
	return DATE_AUTO;
}
