/* Days out of a calendar file (RFC 5545): what public holiday feeds have, one event a day or a run of days. */
#include <string.h>

#include "base/str.h"
#include "core/calendar/calendar_internal.h"

enum { SUMMARY_MAX = 200, RUN_MAX = 366, LINE_MAX_BYTES = 2000 };

struct event {
	bool inside, timed, cancelled, repeated;
	int depth; /* of components inside the event */
	int32_t start, end; /* end is the day after the last; -1: not given */
	int64_t days; /* DURATION, 0: not given */
	char summary[SUMMARY_MAX + 1];
};

struct reader {
	struct ctx *ctx;
	struct calendar_day *days;
	size_t n, cap, skipped;
	bool calendar;
	struct event event;
};

/* One content line, unfolded, in `out`; what does not fit is dropped. Advances *at past it. */
static size_t read_line(const char *text, size_t n, size_t *at, char *out, size_t size)
{
	size_t len = 0;
	for (;;) {
		while (*at < n && text[*at] != '\r' && text[*at] != '\n') {
			char c = text[(*at)++];
			if (len + 1 < size && c != '\0')
				out[len++] = c;
		}
		if (*at < n && text[*at] == '\r')
			(*at)++;
		if (*at < n && text[*at] == '\n')
			(*at)++;
		if (*at >= n || (text[*at] != ' ' && text[*at] != '\t'))
			break;
		(*at)++; /* a folded line goes on */
	}
	out[len] = '\0';
	return len;
}

/* The name's end, and the value's start past parameters, of which quoted ones may hold a colon. */
static const char *value_of(const char *line, size_t *ret_name)
{
	bool quoted = false;
	*ret_name = strcspn(line, ":;");
	for (const char *p = line + *ret_name; *p != '\0'; p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (*p == ':' && !quoted)
			return p + 1;
	}
	return NULL;
}

static bool name_is(const char *line, size_t len, const char *name)
{
	char word[16];
	if (len >= sizeof(word))
		return false;
	memcpy(word, line, len);
	word[len] = '\0';
	return str_equal_nocase(word, name);
}

/* "20260101" or "20260101T090000Z"; -1 if it is no day of the known years. */
static int32_t read_day(const char *value, bool *ret_timed)
{
	char date[11];
	int32_t day;
	if (strlen(value) < 8 || strspn(value, "0123456789") != 8)
		return -1;
	*ret_timed = *ret_timed || value[8] == 'T';
	memcpy(date, value, 4);
	memcpy(date + 5, value + 4, 2);
	memcpy(date + 8, value + 6, 2);
	date[4] = date[7] = '-';
	date[10] = '\0';
	return calendar_date_read(date, &day) ? day : -1;
}

/* "P1D", "P2W"; 0 for others. */
static int64_t read_duration(const char *value)
{
	int64_t n = 0;
	size_t digits = str_starts(value, "P") ? strspn(value + 1, "0123456789") : 0;
	if (digits == 0 || digits > 4 || value[digits + 1] == '\0' || value[digits + 2] != '\0')
		return 0;
	for (size_t i = 1; i <= digits; i++)
		n = n * 10 + (value[i] - '0');
	return value[digits + 1] == 'D' ? n : value[digits + 1] == 'W' ? n * 7 : 0;
}

static void read_summary(const char *value, char out[SUMMARY_MAX + 1])
{
	size_t len = 0, valid;
	for (const char *p = value; *p != '\0' && len < SUMMARY_MAX; p++) {
		bool escaped = *p == '\\' && p[1] != '\0';
		p += escaped;
		out[len++] = escaped && (*p == 'n' || *p == 'N') ? ' ' : *p;
	}
	/* never half a character */
	for (valid = len; valid > 0 && !utf8_valid(out, valid); valid--)
		;
	out[valid] = '\0';
}

static enum err add_day(struct reader *r, int32_t day, bool work, const char *name)
{
	if (r->n == CALENDAR_DAYS_MAX)
		return fail(r->ctx, ERR_LIMIT, "", "calendar_days_many");
	if (r->n == r->cap) {
		size_t cap = r->cap == 0 ? 64 : r->cap * 2;
		struct calendar_day *more = arena_array(r->ctx->arena, cap, sizeof(*more));
		if (more == NULL)
			return calendar_no_memory(r->ctx);
		if (r->n > 0)
			memcpy(more, r->days, r->n * sizeof(*more));
		r->days = more;
		r->cap = cap;
	}
	r->days[r->n++] = (struct calendar_day){.day = day, .kind = work ? CALENDAR_WORKDAY : CALENDAR_HOLIDAY, .name = name};
	return OK;
}

static enum err end_event(struct reader *r)
{
	const struct event *e = &r->event;
	int32_t end = e->end >= 0 ? e->end : e->start + (e->days > 0 ? (int32_t)e->days : 1);
	enum err err = OK;
	/* a rule for every year is no list of days: holidays move */
	bool known = e->start >= 0 && end > e->start && end - e->start <= RUN_MAX && end <= calendar_day_number(CALENDAR_LAST_YEAR + 1, 1, 1);
	if (e->timed || e->cancelled || e->repeated || !known) {
		r->skipped++;
		return OK;
	}
	const char *name = arena_strdup(r->ctx->arena, e->summary);
	if (name == NULL)
		return calendar_no_memory(r->ctx);
	bool work = strstr(name, "班") != NULL;
	for (int32_t day = e->start; day < end && err == OK; day++)
		err = add_day(r, day, work, name);
	return err;
}

static void event_line(struct event *e, const char *line, size_t name, const char *value)
{
	if (name_is(line, name, "DTSTART"))
		e->start = read_day(value, &e->timed);
	else if (name_is(line, name, "DTEND"))
		e->end = read_day(value, &e->timed);
	else if (name_is(line, name, "DURATION"))
		e->days = read_duration(value);
	else if (name_is(line, name, "SUMMARY"))
		read_summary(value, e->summary);
	else if (name_is(line, name, "STATUS"))
		e->cancelled = str_equal_nocase(value, "CANCELLED");
	else if (name_is(line, name, "RRULE") || name_is(line, name, "RDATE"))
		e->repeated = true;
}

/* A line within an event: of the event itself, or of an alarm in it, which has a summary and a duration of its own. */
static enum err inner_line(struct reader *r, const char *line, size_t name, const char *value)
{
	struct event *e = &r->event;
	if (name_is(line, name, "BEGIN")) {
		e->depth++;
	} else if (!name_is(line, name, "END")) {
		if (e->depth == 0)
			event_line(e, line, name, value);
	} else if (e->depth > 0) {
		e->depth--;
	} else {
		e->inside = false;
		return end_event(r);
	}
	return OK;
}

static enum err take_line(struct reader *r, const char *line)
{
	size_t name;
	const char *value = value_of(line, &name);
	if (value == NULL)
		return OK;
	if (r->event.inside)
		return inner_line(r, line, name, value);
	if (!name_is(line, name, "BEGIN"))
		return OK;
	r->calendar = r->calendar || str_equal_nocase(value, "VCALENDAR");
	if (str_equal_nocase(value, "VEVENT"))
		r->event = (struct event){.inside = true, .start = -1, .end = -1};
	return OK;
}

enum err calendar_ical_read(struct ctx *ctx, const char *text, size_t n, const struct calendar_day **ret, size_t *ret_n,
                            size_t *ret_skipped)
{
	struct reader r = {.ctx = ctx};
	char line[LINE_MAX_BYTES];
	enum err err = OK;
	size_t at = n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	while (at < n && err == OK) {
		if (read_line(text, n, &at, line, sizeof(line)) > 0)
			err = take_line(&r, line);
		if (err == OK && !r.calendar && *line != '\0')
			err = fail(ctx, ERR_INVALID, "", "calendar_ical");
	}
	if (err == OK && !r.calendar)
		err = fail(ctx, ERR_INVALID, "", "calendar_ical");
	*ret = r.days;
	*ret_n = r.n;
	*ret_skipped = r.skipped;
	return err;
}
