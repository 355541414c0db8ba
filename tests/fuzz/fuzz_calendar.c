/* Calendars from outside.  The first byte says what the rest is: an iCalendar file, or questions in JSON.  Days that were
 * read are real ones with valid names and make a calendar; answers are whole lines of JSON. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/str.h"
#include "core/calendar/calendar.h"
#include "fuzz.h"

static struct arena arena;
static struct ctx ctx;

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void try_ical(const char *text, size_t n)
{
	static const struct calendar_block block = {9 * 3600, 17 * 3600};
	struct calendar_rules rules = {.zone = "Asia/Shanghai", .week[0] = {1, &block}};
	struct calendar *cal;
	size_t skipped;
	if (calendar_ical_read(&ctx, text, n, &rules.days, &rules.n_days, &skipped) != OK)
		return;
	for (size_t i = 0; i < rules.n_days; i++) {
		int32_t again;
		char date[11];
		calendar_date_write(rules.days[i].day, date);
		require(calendar_date_read(date, &again) && again == rules.days[i].day);
		require(utf8_valid(rules.days[i].name, strlen(rules.days[i].name)));
	}
	require(calendar_new(&ctx, &rules, &cal) == OK);
	if (rules.n_days > 0) {
		bool open;
		require(calendar_is_workday(&ctx, cal, rules.days[0].day, &open) == OK);
	}
	calendar_free(cal);
}

static void try_questions(const char *text, size_t n)
{
	struct buf out;
	buf_init(&out, 1 << 24);
	enum err err = calendar_ask(&ctx, text, n, &out);
	require(err == OK || ctx.faults.count == 1);
	for (const char *line = buf_text(&out), *end; *line != '\0'; line = end + 1) {
		json_error_t error;
		end = strchr(line, '\n');
		require(end != NULL);
		json_t *answer = json_loadb(line, (size_t)(end - line), JSON_DECODE_ANY, &error);
		require(answer != NULL);
		json_decref(answer);
	}
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (arena.cap == 0)
		arena_init(&arena, 64 << 20);
	arena_reset(&arena);
	ctx_init(&ctx, &arena, clock_system());
	if (data[0] == 'i')
		try_ical((const char *)data + 1, size - 1);
	else
		try_questions((const char *)data + 1, size - 1);
	return 0;
}
