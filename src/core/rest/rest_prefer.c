/* The Prefer header (RFC 7240), with PostgREST's words. */
#include <string.h>

#include "base/str.h"
#include "core/rest/rest_internal.h"

struct preference {
	const char *text;
	void (*set)(struct rest_prefer *prefer);
};

static void count_exact(struct rest_prefer *p) { p->count = COUNT_EXACT; }
static void count_planned(struct rest_prefer *p) { p->count = COUNT_PLANNED; }
static void count_estimated(struct rest_prefer *p) { p->count = COUNT_ESTIMATED; }
static void return_minimal(struct rest_prefer *p) { p->ret = RETURN_MINIMAL; }
static void return_headers(struct rest_prefer *p) { p->ret = RETURN_HEADERS; }
static void return_rows(struct rest_prefer *p) { p->ret = RETURN_ROWS; }
static void resolve_merge(struct rest_prefer *p) { p->resolution = RESOLVE_MERGE; }
static void resolve_ignore(struct rest_prefer *p) { p->resolution = RESOLVE_IGNORE; }
static void missing_default(struct rest_prefer *p) { p->missing_default = true; }
static void missing_null(struct rest_prefer *p) { p->missing_default = false; }
static void tx_rollback(struct rest_prefer *p) { p->rollback = true; }
static void tx_commit(struct rest_prefer *p) { p->rollback = false; }
static void handling_strict(struct rest_prefer *p) { p->strict = true; }
static void handling_lenient(struct rest_prefer *p) { p->strict = false; }
static void per_row(struct rest_prefer *p) { p->per_row = true; }

static const struct preference preferences[] = {
	{"count=exact", count_exact},
	{"count=planned", count_planned},
	{"count=estimated", count_estimated},
	{"return=minimal", return_minimal},
	{"return=headers-only", return_headers},
	{"return=representation", return_rows},
	{"resolution=merge-duplicates", resolve_merge},
	{"resolution=ignore-duplicates", resolve_ignore},
	{"missing=default", missing_default},
	{"missing=null", missing_null},
	{"tx=rollback", tx_rollback},
	{"tx=commit", tx_commit},
	{"handling=strict", handling_strict},
	{"handling=lenient", handling_lenient},
	{"results=per-row", per_row},
};

static bool set_known(struct rest_prefer *prefer, const char *text, size_t n)
{
	for (size_t i = 0; i < sizeof(preferences) / sizeof(preferences[0]); i++) {
		if (strlen(preferences[i].text) != n || memcmp(preferences[i].text, text, n) != 0)
			continue;
		preferences[i].set(prefer);
		return true;
	}
	return false;
}

static bool set_affected(struct rest_prefer *prefer, const char *text, size_t n)
{
	char digits[20];
	size_t skip = strlen("max-affected=");
	if (n <= skip || n - skip >= sizeof(digits) || memcmp(text, "max-affected=", skip) != 0)
		return false;
	memcpy(digits, text + skip, n - skip);
	digits[n - skip] = '\0';
	return str_to_i64(digits, &prefer->max_affected) && prefer->max_affected >= 0;
}

static enum err add_text(struct ctx *ctx, const char **list, const char *text, size_t n)
{
	const char *more = arena_printf(ctx->arena, "%s%s%.*s", *list ? *list : "", *list ? ", " : "", (int)n, text);
	*list = more;
	return more ? OK : fail(ctx, ERR_LIMIT, "Prefer", "memory");
}

enum err rest_prefer(struct ctx *ctx, const struct http_request *req, struct http_response *res, struct rest_prefer *ret)
{
	const char *p = http_header(req, "Prefer"), *applied = NULL, *unknown = NULL;
	*ret = (struct rest_prefer){.max_affected = -1};
	while (p && *p) {
		size_t len = strcspn(p, ","), n;
		const char *one = str_trim(p, len, &n);
		enum err err = OK;
		if (set_known(ret, one, n) || set_affected(ret, one, n))
			err = add_text(ctx, &applied, one, n);
		else if (n > 0)
			err = add_text(ctx, &unknown, one, n);
		if (err)
			return err;
		p += len;
		p += *p == ',';
	}
	if (ret->strict && unknown)
		return fail_arg(ctx, ERR_INVALID, "Prefer", QK_PREFER, unknown);
	if (!ret->strict)
		ret->max_affected = -1; /* as PostgREST: a promise needs handling=strict */
	if (applied)
		http_set_header(res, "Preference-Applied", applied);
	return OK;
}
