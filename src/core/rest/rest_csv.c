/* CSV bodies (RFC 4180): a header line with field names, then rows.  An unquoted
 * NULL is null, as PostgREST has it; an empty cell is null too. */
#include <string.h>

#include "base/str.h"
#include "core/files/files.h"
#include "core/rest/rest_internal.h"

struct csv {
	char *p, *end;
};

/* After the opening quote, in place: where it ends and what follows. False if it never does. */
static bool read_quoted(const struct csv *csv, char **p, char **out)
{
	for (; *p < csv->end; (*p)++) {
		if (**p == '"' && (*p + 1 >= csv->end || (*p)[1] != '"'))
			break;
		*p += **p == '"';
		*(*out)++ = **p;
	}
	if (*p >= csv->end)
		return false;
	(*p)++;
	return true;
}

static bool is_end(char c)
{
	return c == ',' || c == '\n' || c == '\r';
}

/* Without the apostrophe that answers set before what looks like a formula. */
static const char *cell_value(const char *text, size_t n, bool quoted)
{
	if (!quoted && (n == 0 || str_equal(text, "NULL")))
		return NULL;
	return *text == '\'' && table_guarded(text, n) ? text + 1 : text;
}

/* One cell, in place: *ret_last tells that its line ends here. False on a broken quote. */
static bool read_cell(struct csv *csv, const char **ret, bool *ret_last)
{
	char *start = csv->p, *out = csv->p, *p = csv->p;
	bool quoted = p < csv->end && *p == '"';
	if (quoted) {
		p++;
		if (!read_quoted(csv, &p, &out))
			return false;
	} else {
		while (p < csv->end && !is_end(*p))
			p++;
		out = p;
	}
	char after = p < csv->end ? *p : '\n';
	if (!is_end(after))
		return false;
	*ret_last = after != ',';
	if (after == '\r' && p + 1 < csv->end && p[1] == '\n')
		p++;
	csv->p = p < csv->end ? p + 1 : csv->end;
	*out = '\0';
	*ret = cell_value(start, (size_t)(out - start), quoted);
	return true;
}

static size_t count_lines(const char *text, size_t n)
{
	size_t lines = 1;
	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n' || text[i] == '\r';
	return lines;
}

static enum err read_header(struct ctx *ctx, struct csv *csv, struct rest_body *ret)
{
	bool last = false;
	ret->names = arena_array(ctx->arena, REST_COLUMNS_MAX + 1, sizeof(*ret->names));
	if (!ret->names)
		return fail(ctx, ERR_LIMIT, "", "memory");
	while (!last) {
		if (ret->n_names >= REST_COLUMNS_MAX)
			return fail_arg(ctx, ERR_LIMIT, "", QK_TOO_MANY, "200");
		if (!read_cell(csv, &ret->names[ret->n_names], &last) || !ret->names[ret->n_names])
			return fail(ctx, ERR_INVALID, "", QK_BODY);
		ret->n_names++;
	}
	return OK;
}

static enum err read_row(struct ctx *ctx, struct csv *csv, struct rest_body *ret)
{
	const char **cells = arena_array(ctx->arena, ret->n_names, sizeof(*cells));
	bool last = false;
	size_t n = 0;
	if (!cells)
		return fail(ctx, ERR_LIMIT, "", "memory");
	while (!last) {
		if (n >= ret->n_names || !read_cell(csv, &cells[n], &last))
			return fail(ctx, ERR_INVALID, "", QK_BODY);
		n++;
	}
	if (n == 1 && !cells[0] && ret->n_names > 1)
		return OK; /* an empty line */
	if (n != ret->n_names)
		return fail(ctx, ERR_INVALID, "", QK_BODY); /* "All lines must have same number of fields" */
	ret->cells[ret->n++] = cells;
	return OK;
}

enum err rest_csv_read(struct ctx *ctx, char *text, size_t n, struct rest_body *ret)
{
	struct csv csv = {.p = text, .end = text + n};
	if (!utf8_valid(text, n) || n == 0)
		return fail(ctx, ERR_INVALID, "", QK_BODY);
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		csv.p += 3;
	size_t lines = count_lines(text, n);
	if (lines > REST_ROWS_MAX + 2)
		return fail_arg(ctx, ERR_LIMIT, "", QK_TOO_MANY, "10000");
	ret->array = true;
	ret->cells = arena_array(ctx->arena, lines, sizeof(*ret->cells));
	if (!ret->cells)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = read_header(ctx, &csv, ret);
	while (!err && csv.p < csv.end)
		err = read_row(ctx, &csv, ret);
	return err;
}
