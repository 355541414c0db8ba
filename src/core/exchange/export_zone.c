/* Times as they were where the firm is, or wherever is asked for: with their offset where a cell is text, and in workbooks, whose
 * times have no zone, under a heading that names it. */
#include "core/exchange/export.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/exchange/import.h"
#include "core/text/text.h"

struct export_zone {
	const char *name;
	struct text_zone *zone; /* NULL: UTC */
	int64_t from, until;    /* moments between which `seconds` is right */
	int64_t seconds;        /* east of UTC */
};

static bool is_utc(const char *name)
{
	return str_equal_nocase(name, "UTC") || str_equal_nocase(name, "Etc/UTC");
}

enum err export_zone_open(struct ctx *ctx, struct export *x)
{
	const char *name = x->request->zone;
	if (str_empty(name))
		name = import_firm_zone(ctx);
	struct export_zone *z = calloc(1, sizeof(*z));
	x->zone = z;
	if (z == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	z->name = is_utc(name) ? "UTC" : name;
	if (is_utc(name))
		return OK;
	if (!text_zone_known(name))
		return fail_arg(ctx, ERR_INVALID, "time_zone", "plan_zone", name);
	return text_zone_new(name, &z->zone) ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

void export_zone_release(struct export *x)
{
	if (x->zone != NULL)
		text_zone_free(x->zone->zone);
	free(x->zone);
	x->zone = NULL;
}

const char *export_zone_heading(struct ctx *ctx, const struct export *x, const char *label)
{
	const char *heading = arena_printf(ctx->arena, "%s (%s)", label, x->zone->name);
	return heading != NULL ? heading : label;
}

/* Asking costs a microsecond, and times of neighbouring rows are nearly always of one summer. */
static int64_t seconds_at(struct export_zone *z, int64_t ms)
{
	if (z->zone == NULL)
		return 0;
	if (ms >= z->from && ms < z->until)
		return z->seconds;
	z->seconds = text_zone_seconds(z->zone, ms);
	z->from = ms;
	if (!text_zone_next_change(z->zone, ms, &z->until))
		z->until = INT64_MAX;
	return z->seconds;
}

/* Whether a spreadsheet holds it, and its local time is read back as the same moment: an hour that comes twice is not. */
static bool fits_sheet(struct export_zone *z, int64_t local_ms, int64_t seconds)
{
	struct civil c;
	time_to_civil(local_ms, &c);
	return c.year >= 1900 && c.year <= 9999 && (z->zone == NULL || (int64_t)text_zone_offset(z->zone, local_ms) * 60 == seconds);
}

enum cell_kind export_zone_put(struct export *x, int64_t ms, struct buf *out)
{
	char text[TIME_TEXT_MAX];
	int64_t seconds = seconds_at(x->zone, ms), away = seconds < 0 ? -seconds : seconds, local = ms + seconds * 1000;
	struct civil c;
	time_to_civil(local, &c);
	bool odd = seconds % 60 != 0 || c.year < 0 || c.year > 9999; /* of the days before zones */
	size_t n = time_format(odd ? ms : local, text);
	bool sheet = x->request->format == FILE_XLSX && !odd && fits_sheet(x->zone, local, seconds);
	if (odd || seconds == 0 || sheet) {
		buf_add(out, text, n);
		return x->request->format != FILE_XLSX || sheet ? CELL_TIME : CELL_TEXT;
	}
	buf_add(out, text, n - 1); /* without the Z */
	buf_printf(out, "%c%02d:%02d", seconds < 0 ? '-' : '+', (int)(away / 3600), (int)(away / 60 % 60));
	return x->request->format == FILE_XLSX ? CELL_TEXT : CELL_TIME;
}
