/* JSON Lines: one object a line.  An array of objects, or objects over several
 * lines, are taken as well; each object is a row, nested objects become columns
 * "address.city", arrays stay JSON. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/map.h"
#include "core/files/table.h"

enum { COLUMN_SAMPLE = 200, NEST_MAX = 4, NAME_MAX_BYTES = 300 };

struct jsonl_state {
	struct buf in;    /* decoded text not yet taken */
	size_t at;
	struct buf text;  /* cells of the current row */
	struct map names; /* column name to position */
	const char **columns;
	size_t cap_columns;
	size_t *offsets, *lengths;
	enum cell_kind *kinds;
	const char *problem;
	int64_t number;
	bool ended, in_array, by_line;
};

static enum err read_more(struct ctx *ctx, struct table *table)
{
	struct jsonl_state *s = table->state;
	if (s->at > 0) {
		memmove(s->in.data, s->in.data + s->at, s->in.len - s->at);
		buf_truncate(&s->in, s->in.len - s->at);
		s->at = 0;
	}
	if (s->in.len > TABLE_ROW_MAX)
		return fail_arg(ctx, ERR_LIMIT, "file", "row_too_large", arena_printf(ctx->arena, "%lld", (long long)s->number));
	bool more = false;
	enum err err = file_input_text(ctx, &table->in, &s->in, &more);
	s->ended = !more;
	return err;
}

/* Where the value that starts at `at` ends: 0 when more text is needed. */
static size_t value_end(const char *text, size_t len, size_t at)
{
	int depth = 0;
	bool quoted = false;
	for (size_t i = at; i < len; i++) {
		char c = text[i];
		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			if (--depth <= 0)
				return i + 1;
		} else if (depth == 0 && (c == '\n' || c == ',')) {
			return i; /* a scalar */
		}
	}
	return 0;
}

static size_t line_end(const char *text, size_t len, size_t at)
{
	const char *end = memchr(text + at, '\n', len - at);
	return end == NULL ? 0 : (size_t)(end - text);
}

/* Past what stands between values, and the bracket that opens a list of objects. */
static void skip_between(struct jsonl_state *s)
{
	for (;;) {
		while (s->at < s->in.len && strchr(" \t\r\n,", s->in.data[s->at]) != NULL)
			s->at++;
		bool opens = s->at < s->in.len && s->number == 1 && !s->in_array && s->in.data[s->at] == '[';
		if (!opens)
			return;
		s->in_array = true;
		s->at++;
	}
}

/* Where the piece at s->at ends, 0: not yet. */
static size_t piece_end(const struct jsonl_state *s)
{
	if (s->at >= s->in.len)
		return 0;
	size_t end = s->by_line ? line_end(s->in.data, s->in.len, s->at) : value_end(s->in.data, s->in.len, s->at);
	return end == 0 && s->ended ? s->in.len : end;
}

/* The next value as a piece of s->in. *ret_len 0: the end. */
static enum err next_piece(struct ctx *ctx, struct table *table, size_t *ret_at, size_t *ret_len)
{
	struct jsonl_state *s = table->state;
	*ret_len = 0;
	for (;;) {
		skip_between(s);
		if (s->in_array && s->at < s->in.len && s->in.data[s->at] == ']')
			return OK;
		size_t end = piece_end(s);
		if (end > 0) {
			*ret_at = s->at;
			*ret_len = end - s->at;
			s->at = end;
			return OK;
		}
		if (s->ended)
			return OK;
		enum err err = read_more(ctx, table);
		if (err != OK)
			return err;
	}
}

/* --- columns ----------------------------------------------------------- */

static bool grow_columns(struct jsonl_state *s)
{
	size_t cap = s->cap_columns == 0 ? 64 : s->cap_columns * 2;
	const char **columns = realloc(s->columns, cap * sizeof(*columns));
	if (columns != NULL)
		s->columns = columns;
	size_t *offsets = realloc(s->offsets, cap * sizeof(*offsets));
	if (offsets != NULL)
		s->offsets = offsets;
	size_t *lengths = realloc(s->lengths, cap * sizeof(*lengths));
	if (lengths != NULL)
		s->lengths = lengths;
	enum cell_kind *kinds = realloc(s->kinds, cap * sizeof(*kinds));
	if (kinds != NULL)
		s->kinds = kinds;
	if (columns == NULL || offsets == NULL || lengths == NULL || kinds == NULL)
		return false;
	s->cap_columns = cap;
	return true;
}

/* Position of a column, made if it is new; -1 when there are too many. */
static int column_of(struct table *table, const char *name)
{
	struct jsonl_state *s = table->state;
	int64_t at = 0;
	size_t len = strlen(name);
	if (map_get(&s->names, name, len, &at))
		return (int)at;
	if (table->info.n_columns >= TABLE_COLUMNS_MAX)
		return -1;
	if (table->info.n_columns == s->cap_columns && !grow_columns(s))
		return -1;
	const char *copy = arena_strdup(&table->memory, name);
	if (copy == NULL || !map_put(&s->names, name, len, (int64_t)table->info.n_columns))
		return -1;
	at = (int64_t)table->info.n_columns;
	s->columns[at] = copy;
	s->lengths[at] = 0;
	s->kinds[at] = CELL_EMPTY;
	table->info.columns = s->columns;
	table->info.n_columns++;
	return (int)at;
}

static void put_scalar(struct jsonl_state *s, json_t *value, enum cell_kind *ret_kind)
{
	struct jsonw w;
	char *dump;
	switch (json_typeof(value)) {
	case JSON_STRING:
		*ret_kind = CELL_TEXT;
		buf_add(&s->text, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		*ret_kind = CELL_NUMBER;
		buf_put_i64(&s->text, json_integer_value(value));
		break;
	case JSON_REAL:
		*ret_kind = CELL_NUMBER;
		jsonw_init(&w, &s->text);
		jsonw_real(&w, json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		*ret_kind = CELL_BOOL;
		buf_puts(&s->text, json_is_true(value) ? "true" : "false");
		break;
	case JSON_NULL:
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		*ret_kind = CELL_TEXT;
		dump = json_dumps(value, JSON_COMPACT);
		buf_puts(&s->text, dump != NULL ? dump : "");
		free(dump);
		break;
	}
}

static void put_object(struct table *table, json_t *object, const char *prefix, int depth)
{
	struct jsonl_state *s = table->state;
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value) {
		char name[NAME_MAX_BYTES];
		int n = snprintf(name, sizeof(name), "%s%s", prefix, key);
		if (n < 0 || (size_t)n >= sizeof(name) - 1) {
			s->problem = "row_name_too_long";
			continue;
		}
		if (json_is_object(value) && json_object_size(value) > 0 && depth < NEST_MAX) {
			name[n] = '.';
			name[n + 1] = '\0';
			put_object(table, value, name, depth + 1);
			continue;
		}
		int at = column_of(table, name);
		if (at < 0) {
			s->problem = "too_many_columns";
			continue;
		}
		s->offsets[at] = s->text.len;
		put_scalar(s, value, &s->kinds[at]);
		s->lengths[at] = s->text.len - s->offsets[at];
		buf_putc(&s->text, '\0');
		if (s->lengths[at] > TABLE_CELL_MAX)
			s->problem = "cell_too_large";
	}
}

static enum err piece_to_row(struct ctx *ctx, struct table *table, size_t at, size_t len, struct table_row *ret)
{
	struct jsonl_state *s = table->state;
	buf_reset(&s->text);
	s->problem = NULL;
	for (size_t i = 0; i < table->info.n_columns; i++) {
		s->lengths[i] = 0;
		s->kinds[i] = CELL_EMPTY;
	}
	json_error_t error;
	json_t *value = json_loadb(s->in.data + at, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (value == NULL)
		s->problem = "row_not_json";
	else if (!json_is_object(value))
		s->problem = "row_not_object";
	else
		put_object(table, value, "", 1);
	json_decref(value);
	if (buf_failed(&s->text))
		return fail(ctx, ERR_LIMIT, "file", "row_too_large");
	size_t n = table->info.n_columns;
	struct cell *cells = table_cells(table, n);
	if (cells == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	for (size_t i = 0; i < n; i++)
		cells[i] = s->lengths[i] == 0 ? (struct cell){"", 0, CELL_EMPTY}
		                              : (struct cell){s->text.data + s->offsets[i], s->lengths[i], s->kinds[i]};
	*ret = (struct table_row){cells, n, s->number++, s->problem};
	return OK;
}

static enum err jsonl_next(struct ctx *ctx, struct table *table, struct table_row *ret, bool *ret_more)
{
	size_t at = 0, len = 0;
	enum err err = next_piece(ctx, table, &at, &len);
	*ret_more = len > 0;
	if (err != OK || len == 0)
		return err;
	return piece_to_row(ctx, table, at, len, ret);
}

static void jsonl_release(struct table *table)
{
	struct jsonl_state *s = table->state;
	if (s == NULL)
		return;
	buf_release(&s->in);
	buf_release(&s->text);
	map_release(&s->names);
	free(s->columns);
	free(s->offsets);
	free(s->lengths);
	free(s->kinds);
	free(s);
	table->state = NULL;
}

static const struct table_reader jsonl_reader = {.next = jsonl_next, .free = jsonl_release};

/* Lines are read as lines if the first is a whole object: then one bad line spoils only itself. */
static void choose_framing(struct jsonl_state *s)
{
	size_t start = 0;
	while (start < s->in.len && strchr(" \t\r\n", s->in.data[start]) != NULL)
		start++;
	if (start == s->in.len || s->in.data[start] != '{')
		return;
	size_t end = line_end(s->in.data, s->in.len, start);
	json_t *first = json_loadb(s->in.data + start, (end > 0 ? end : s->in.len) - start, 0, NULL);
	s->by_line = first != NULL && end > 0;
	json_decref(first);
}

/* Reads the first rows, so that their columns are known, and starts again. */
static enum err sample_columns(struct ctx *ctx, struct table *table)
{
	struct jsonl_state *s = table->state;
	table->ahead = arena_array(&table->memory, COLUMN_SAMPLE, sizeof(*table->ahead));
	if (table->ahead == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	while (table->n_ahead < COLUMN_SAMPLE && table->memory.used < TABLE_ROW_MAX) {
		struct table_row row;
		bool more = false;
		enum err err = jsonl_next(ctx, table, &row, &more);
		if (err != OK)
			return err;
		if (!more)
			break;
		struct cell *cells = arena_array(&table->memory, row.n > 0 ? row.n : 1, sizeof(*cells));
		bool fits = cells != NULL;
		for (size_t i = 0; fits && i < row.n; i++) {
			cells[i] = row.cells[i];
			cells[i].text = arena_strndup(&table->memory, row.cells[i].text, row.cells[i].len);
			fits = cells[i].text != NULL;
		}
		if (!fits)
			return fail(ctx, ERR_LIMIT, "file", "row_too_large");
		row.cells = cells;
		table->ahead[table->n_ahead++] = row;
	}
	if (table->n_ahead == 0)
		return fail(ctx, ERR_INVALID, "file", "file_empty");
	return s->problem != NULL && table->n_ahead == 1 && s->ended ? fail(ctx, ERR_INVALID, "file", s->problem) : OK;
}

enum err jsonl_open(struct ctx *ctx, struct table *table, const struct table_options *options)
{
	(void)options;
	struct jsonl_state *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	uint64_t key[2];
	ctx_random(ctx, key, sizeof(key));
	map_init(&s->names, key[0], key[1]);
	buf_init(&s->in, TABLE_ROW_MAX + FILE_CHUNK * 4);
	buf_init(&s->text, (size_t)TABLE_ROW_MAX * 2);
	s->number = 1;
	table->state = s;
	table->reader = &jsonl_reader;
	table->own_header = true;
	enum err err = read_more(ctx, table);
	if (err != OK)
		return err;
	choose_framing(s);
	return sample_columns(ctx, table);
}

/* --- writing ----------------------------------------------------------- */

static enum err jsonl_begin(struct ctx *ctx, struct table_out *out)
{
	(void)ctx;
	out->options.encoding = NULL; /* JSON is UTF-8 */
	return OK;
}

static enum err jsonl_row_out(struct ctx *ctx, struct table_out *out, const struct cell *cells)
{
	struct jsonw w;
	jsonw_init(&w, &out->buf);
	jsonw_object(&w);
	for (size_t i = 0; i < out->n_columns; i++) {
		jsonw_key(&w, out->columns[i].name);
		if (cells[i].kind == CELL_EMPTY)
			jsonw_null(&w);
		else if (cells[i].kind == CELL_BOOL)
			jsonw_raw(&w, cells[i].text, cells[i].len);
		else
			/* Numbers are text here as everywhere in our JSON: nothing is rounded. */
			jsonw_textn(&w, cells[i].text, cells[i].len);
	}
	jsonw_end_object(&w);
	buf_putc(&out->buf, '\n');
	return table_flush(ctx, out, false);
}

static enum err jsonl_end(struct ctx *ctx, struct table_out *out)
{
	(void)ctx;
	(void)out;
	return OK;
}

static void jsonl_out_free(struct table_out *out)
{
	(void)out;
}

const struct table_writer jsonl_writer = {jsonl_begin, jsonl_row_out, jsonl_end, jsonl_out_free};
