/* Lists as files. The query layer gives the rows that the actor may export, with what
 * is hidden left out and what is masked masked; here they become cells. */
#include "core/exchange/export.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/decimal.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/entity/field_type.h"
#include "core/events/events.h"
#include "core/store/store.h"
#include "core/text/text.h"

enum { SELECT_MAX = 32 * 1024, CELL_TEXT_MAX = TABLE_CELL_MAX, LINES_MAX = 8 << 20, LINES_PIECE = 64 << 10 };

/* --- what is selected ---------------------------------------------------------------- */

/* Parts of a vCard and the fields that fill them. */
static const struct {
	const char *field, *part;
} vcard_fields[] = {
	{"kind", "kind"},         {"name", "name"},         {"phone", "phone"},       {"email", "email"},     {"birthday", "birthday"},
	{"gender", "gender"},     {"website", "url"},       {"note", "note"},         {"employer", "organisation"},
	{"occupation", "job_title"}, {"country", "country"}, {"province", "province"}, {"city", "city"},      {"language", "language"},
	{"tags", "categories"},   {"id", "uid"},
};

static const char *vcard_part(const char *field)
{
	for (size_t i = 0; i < sizeof(vcard_fields) / sizeof(vcard_fields[0]); i++)
		if (strcmp(vcard_fields[i].field, field) == 0)
			return vcard_fields[i].part;
	return NULL;
}

static bool wanted(const struct ctx *ctx, const struct export_request *r, int at)
{
	const struct field *field = r->info->fields[at];
	if (entity_field_right(ctx->actor, r->info, at) == RIGHT_HIDDEN || (field->flags & F_SECRET))
		return false;
	if (r->format == FILE_VCARD)
		return vcard_part(field->name) != NULL || str_equal(field->name, "birth_month") || str_equal(field->name, "birth_day");
	return at != SF_VERSION && at != SF_CREATED_BY && at != SF_UPDATED_BY && field->type != FIELD_JSON;
}

/* The field that tells records of one name apart; -1 none, or it may not be seen. */
static int key_of(const struct ctx *ctx, const struct entity_info *target)
{
	int at = entity_key(target);
	bool shown = at >= 0 && !(target->entity->flags & E_SYSTEM) && entity_scope(ctx->actor, target, ACTION_READ) != SCOPE_NONE &&
	             entity_field_right(ctx->actor, target, at) >= RIGHT_READ;
	return shown ? at : -1;
}

/* Of a kind one may not read there are none. */
static bool has_names(const struct ctx *ctx, const struct entity_info *target)
{
	if (target == NULL || target->title < 0)
		return false;
	return (target->entity->flags & E_SYSTEM) || entity_scope(ctx->actor, target, ACTION_READ) != SCOPE_NONE;
}

/* "owner_id" is asked for as its record's name, "owner:owner_id(name)"; where `all` is wanted, with
 * what finds the same record again in another folder. */
static void put_item(const struct ctx *ctx, struct buf *out, const struct export_request *r, const char *item, size_t len, bool all)
{
	char name[64];
	if (out->len > 0)
		buf_putc(out, ',');
	int at = -1;
	if (len < sizeof(name)) {
		memcpy(name, item, len);
		name[len] = '\0';
		at = entity_field(r->info, name);
	}
	bool link = at >= SF_COUNT && r->info->fields[at]->type == FIELD_LINK;
	const struct entity_info *target = link ? entity_link(r->info, at) : NULL;
	bool ids = r->links_as_ids || r->format == FILE_JSONL || !has_names(ctx, target);
	if (ids || !str_ends(name, "_id")) {
		buf_add(out, item, len);
		return;
	}
	int key = all && r->format != FILE_VCARD ? key_of(ctx, target) : -1;
	buf_printf(out, "%.*s:%s(%s%s%s)", (int)(len - 3), name, name, target->fields[target->title]->name, key >= 0 ? "," : "",
	           key >= 0 ? target->fields[key]->name : "");
}

/* Items of a select, split at commas outside of parentheses. */
static void put_select(const struct ctx *ctx, struct buf *out, const struct export_request *r, const char *select)
{
	while (*select != '\0') {
		size_t len = 0;
		for (int depth = 0; select[len] != '\0' && (select[len] != ',' || depth > 0); len++)
			depth += select[len] == '(' ? 1 : select[len] == ')' ? -1 : 0;
		put_item(ctx, out, r, select, len, false);
		select += len + (select[len] == ',');
	}
}

static void put_default(struct ctx *ctx, struct buf *out, const struct export_request *r)
{
	for (int at = 0; at < (int)r->info->n_fields; at++)
		if (wanted(ctx, r, at))
			put_item(ctx, out, r, r->info->fields[at]->name, strlen(r->info->fields[at]->name), true);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A parameter's value as it is meant: browsers send commas as %2C. */
static char *decoded(struct ctx *ctx, const char *raw, size_t len)
{
	char *out = arena_strndup(ctx->arena, raw, len), *to = out;
	for (const char *p = out; p != NULL && *p != '\0'; p++) {
		int high = *p == '%' ? hex(p[1]) : -1, low = high >= 0 ? hex(p[2]) : -1;
		if (low >= 0) {
			*to++ = (char)(high * 16 + low);
			p += 2;
		} else {
			*to++ = *p == '+' ? ' ' : *p;
		}
	}
	if (to != NULL)
		*to = '\0';
	return out;
}

static void put_encoded(struct buf *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (strchr("&#+% ", *p) != NULL)
			buf_printf(out, "%%%02X", (unsigned char)*p);
		else
			buf_putc(out, *p);
	}
}

/* The raw query with our select in place of its own. */
static enum err rewrite(struct ctx *ctx, const struct export_request *r, const char **ret)
{
	struct buf select, out;
	const char *given = NULL;
	buf_init(&select, SELECT_MAX);
	buf_init(&out, SELECT_MAX * 3 + QUERY_TEXT_MAX);
	for (const char *p = r->query; *p != '\0';) {
		size_t len = strcspn(p, "&");
		if (str_starts(p, "select=") && given == NULL) {
			given = decoded(ctx, p + 7, len - 7);
		} else if (len > 0) {
			buf_add(&out, p, len);
			buf_putc(&out, '&');
		}
		p += len + (p[len] == '&');
	}
	if (str_empty(given) || strcmp(given, "*") == 0)
		put_default(ctx, &select, r);
	else
		put_select(ctx, &select, r, given);
	buf_puts(&out, "select=");
	put_encoded(&out, buf_text(&select));
	*ret = buf_failed(&out) || buf_failed(&select) ? NULL : arena_strdup(ctx->arena, buf_text(&out));
	buf_release(&select);
	buf_release(&out);
	return *ret != NULL ? OK : fail(ctx, ERR_LIMIT, "select", "too_large");
}

/* --- columns ---------------------------------------------------------------------------- */

static enum cell_kind kind_of(const struct field *field, enum field_right right)
{
	/* Links are text: 63 bits do not fit a spreadsheet's numbers. */
	static const enum cell_kind kinds[FIELD_TYPE_COUNT] = {
		[FIELD_INT] = CELL_NUMBER, [FIELD_DECIMAL] = CELL_NUMBER, [FIELD_REAL] = CELL_NUMBER, [FIELD_MONEY] = CELL_NUMBER,
		[FIELD_DATE] = CELL_TIME,  [FIELD_TIME] = CELL_TIME,      [FIELD_BOOL] = CELL_BOOL,
	};
	return right == RIGHT_MASKED || kinds[field->type] == CELL_EMPTY ? CELL_TEXT : kinds[field->type];
}

/* Words for the values of an enum; files for programs have the values. */
static enum err option_labels(struct ctx *ctx, const struct export *x, const struct field *field, const char *const **ret)
{
	size_t n = 0;
	*ret = NULL;
	if (field->type != FIELD_ENUM || field->options == NULL || x->request->names || x->request->format == FILE_JSONL || x->request->format == FILE_VCARD)
		return OK;
	while (field->options[n].value != NULL)
		n++;
	const char **labels = arena_array(ctx->arena, n + 1, sizeof(*labels));
	if (labels == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n; i++)
		labels[i] = app_label(ctx, &field->options[i].label);
	*ret = labels;
	return OK;
}

/* An embedded column is headed by the link it came by; other fields than the record's
 * name by both. NULL when there is no such link. */
static const char *link_label(struct ctx *ctx, const struct export *x, const struct query_column *column, const char **ret_name)
{
	const char *dot = strchr(column->path, '.');
	const char *name = dot != NULL ? arena_printf(ctx->arena, "%.*s_id", (int)(dot - column->path), column->path) : NULL;
	int at = name != NULL ? entity_field(x->request->info, name) : -1;
	if (at < 0)
		return NULL;
	const char *label = app_label(ctx, &x->request->info->fields[at]->label);
	*ret_name = column->path;
	if (column->field != column->info->title)
		return arena_printf(ctx->arena, "%s: %s", label, app_label(ctx, &column->info->fields[column->field]->label));
	*ret_name = x->request->info->fields[at]->name;
	return label;
}

/* A column's heading by what kind of file it is. */
static const char *heading(struct ctx *ctx, const struct export *x, const struct export_column *c, const char *name)
{
	const char *label = x->request->names || x->request->format == FILE_JSONL ? name : c->label;
	bool zoned = c->field->type == FIELD_TIME && c->kind == CELL_TIME && x->request->format == FILE_XLSX;
	return zoned ? export_zone_heading(ctx, x, label) : label;
}

static enum err make_column(struct ctx *ctx, struct export *x, const struct query_column *from, size_t at)
{
	struct export_column *to = &x->columns[at];
	const char *name = from->key;
	if (from->field < 0)
		return fail_arg(ctx, ERR_INVALID, "select", "export_aggregate", from->key);
	const struct field *field = from->info->fields[from->field];
	*to = (struct export_column){.field = field, .right = from->right, .kind = kind_of(field, from->right), .at = at};
	to->by_query = from->aggregate || field->type == FIELD_MONEY || field->type == FIELD_LINKS || field->type == FIELD_REAL;
	if (from->right == RIGHT_MASKED)
		to->by_query = false;
	bool own = strchr(from->path, '.') == NULL; /* a link to the same entity leads to another record */
	to->label = own ? app_label(ctx, &field->label) : link_label(ctx, x, from, &name);
	if (to->label == NULL)
		to->label = app_label(ctx, &field->label);
	to->label = heading(ctx, x, to, name);
	if (x->request->format == FILE_VCARD) /* what has no place in a card is left out */
		name = own && vcard_part(field->name) != NULL ? vcard_part(field->name) : "";
	x->heads[at] = (struct table_column){name, to->label, to->kind};
	buf_init(&x->texts[at], CELL_TEXT_MAX);
	return option_labels(ctx, x, field, &to->options);
}

static enum err make_columns(struct ctx *ctx, struct export *x)
{
	const struct query_column *columns = NULL;
	x->n = query_columns(x->query, &columns);
	x->columns = arena_array(ctx->arena, x->n + 1, sizeof(*x->columns));
	x->heads = arena_array(ctx->arena, x->n + 1, sizeof(*x->heads));
	x->cells = arena_array(ctx->arena, x->n + 1, sizeof(*x->cells));
	x->texts = arena_array(ctx->arena, x->n + 1, sizeof(*x->texts));
	if (x->columns == NULL || x->heads == NULL || x->cells == NULL || x->texts == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < x->n; i++) {
		enum err err = make_column(ctx, x, &columns[i], i);
		if (err != OK)
			return err;
		if (columns[i].right != RIGHT_MASKED)
			continue;
		x->masked = x->masked == NULL ? columns[i].path : arena_printf(ctx->arena, "%s,%s", x->masked, columns[i].path);
		if (x->masked == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
	}
	return OK;
}

/* "utf-8-bom", "utf-16le", "gb18030" …; unknown ones are told before anything is sent. */
static enum err take_encoding(struct ctx *ctx, struct export *x)
{
	const char *encoding = x->request->encoding;
	struct buf probe;
	int64_t lost = 0;
	bool plain = str_empty(encoding) || str_equal_nocase(encoding, "utf-8-bom");
	x->options.bom = plain || str_starts(encoding, "utf-16") || str_starts(encoding, "UTF-16");
	x->options.encoding = plain ? NULL : encoding;
	if (plain)
		return OK;
	buf_init(&probe, 1024);
	enum err err = text_encode(ctx, encoding, "a", 1, &probe, &lost);
	buf_release(&probe);
	return err;
}

enum err export_temp_dir(struct ctx *ctx, const char **ret)
{
	*ret = arena_printf(ctx->arena, "%s/tmp", store_data_dir(ctx->store));
	if (*ret == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	return mkdir(*ret, 0700) == 0 || errno == EEXIST ? OK : fail_arg(ctx, ERR_LIMIT, "", "disk_full", strerrordesc_np(errno));
}

enum err export_prepare(struct ctx *ctx, const struct export_request *request, struct export *ret)
{
	static const char *const ours[] = {"format", "encoding", "delimiter", "ids", "names", "time_zone", NULL};
	const struct query_options options = {.action = ACTION_EXPORT, .all_rows = true, .no_children = true,
	                                      .range_first = -1, .range_last = -1, .ignore = ours};
	const char *raw = NULL;
	*ret = (struct export){.request = request, .options = {.format = request->format, .delimiter = request->delimiter,
	                       .sheet = app_label(ctx, &request->info->entity->label_many)}};
	if (entity_scope(ctx->actor, request->info, ACTION_EXPORT) == SCOPE_NONE)
		return fail_arg(ctx, ctx->actor == NULL ? ERR_DENIED : ERR_FORBIDDEN, "", "export_forbidden", request->info->entity->name);
	if (!file_format_writes(request->format))
		return fail(ctx, ERR_INVALID, "format", "not_allowed");
	if (request->format == FILE_VCARD && (entity_field(request->info, "name") < 0 || entity_field(request->info, "phone") < 0))
		return fail_arg(ctx, ERR_INVALID, "format", "export_no_vcard", request->info->entity->name);
	enum err err = take_encoding(ctx, ret);
	if (err == OK)
		err = export_zone_open(ctx, ret);
	if (err == OK)
		err = rewrite(ctx, request, &raw);
	if (err == OK)
		err = query_parse(ctx, request->info, raw, &options, &ret->query);
	if (err == OK)
		err = make_columns(ctx, ret);
	return err == OK ? export_temp_dir(ctx, &ret->options.temp_dir) : err;
}

/* --- rows ------------------------------------------------------------------------------- */

static const char *option_label(const struct export_column *column, const char *value)
{
	for (size_t i = 0; column->field->options[i].value != NULL; i++)
		if (strcmp(column->field->options[i].value, value) == 0)
			return column->options[i];
	return value;
}

static void put_number(const struct export_column *column, const struct value *value, struct buf *out)
{
	char text[64];
	_Static_assert(sizeof(text) >= DECIMAL_TEXT_MAX, "room for it");
	enum field_type type = column->field->type;
	if (type == FIELD_DECIMAL)
		buf_add(out, text, decimal_format(value->i, column->field->scale, text));
	else if (type == FIELD_BOOL)
		buf_puts(out, value->i != 0 ? "true" : "false");
	else
		buf_put_i64(out, value->i);
}

/* Text is lent by the row; what has to be made goes into the column's buffer. */
static enum err make_cell(struct ctx *ctx, struct export *x, const struct query_row *row, size_t i)
{
	const struct export_column *column = &x->columns[i];
	const struct value *value = &row->values[column->at];
	struct cell *cell = &x->cells[i];
	*cell = (struct cell){"", 0, CELL_EMPTY};
	if (value->kind == VALUE_NULL)
		return OK;
	if (value->kind == VALUE_TEXT && !column->by_query) {
		const char *text = value->t.p;
		if (column->options != NULL)
			text = option_label(column, text);
		*cell = (struct cell){text, text == value->t.p ? value->t.n : strlen(text), column->kind};
		return OK;
	}
	struct buf *out = &x->texts[i];
	buf_reset(out);
	enum err err = OK;
	enum cell_kind kind = column->kind;
	if (column->by_query)
		err = query_cell_text(ctx, row, column->at, out);
	else if (column->field->type == FIELD_TIME)
		kind = export_zone_put(x, value->i, out);
	else
		put_number(column, value, out);
	*cell = (struct cell){buf_text(out), out->len, out->len > 0 ? kind : CELL_EMPTY};
	return err == OK && buf_failed(out) ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

struct running {
	struct export *export;
	struct table_out *out; /* NULL for JSON Lines: they are rows as the API writes them */
	struct buf lines;
};

static enum err send_lines(struct ctx *ctx, struct running *r)
{
	const struct export_request *request = r->export->request;
	if (buf_failed(&r->lines))
		return fail(ctx, ERR_LIMIT, "", "row_too_large");
	enum err err = r->lines.len > 0 ? request->sink(ctx, request->arg, r->lines.data, r->lines.len) : OK;
	buf_reset(&r->lines);
	return err;
}

static enum err json_row(struct ctx *ctx, struct running *r, const struct query_row *row)
{
	struct jsonw w;
	jsonw_init(&w, &r->lines);
	enum err err = query_row_json(ctx, row, &w);
	buf_putc(&r->lines, '\n');
	return err == OK && r->lines.len >= LINES_PIECE ? send_lines(ctx, r) : err;
}

/* The cell of a field that is not masked; NULL: it is not there. */
static struct cell *cell_of(struct export *x, const char *field)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->columns[i].right != RIGHT_MASKED && str_equal(x->columns[i].field->name, field))
			return &x->cells[i];
	return NULL;
}

static int number_of(const struct cell *cell)
{
	int64_t n = 0;
	return str_to_i64(cell->text, &n) && n >= 0 && n < 100 ? (int)n : 0;
}

/* A birthday whose year is not known, as cards have it: --0506, --05. */
static void put_yearless(struct export *x)
{
	struct cell *birthday = cell_of(x, "birthday");
	const struct cell *month = cell_of(x, "birth_month"), *day = cell_of(x, "birth_day");
	if (birthday == NULL || birthday->len > 0 || month == NULL || month->len == 0)
		return;
	int n = snprintf(x->yearless, sizeof(x->yearless), "--%02d", number_of(month));
	if (n > 0 && day != NULL && day->len > 0)
		n += snprintf(x->yearless + n, sizeof(x->yearless) - (size_t)n, "%02d", number_of(day));
	*birthday = (struct cell){x->yearless, (size_t)n, CELL_TEXT};
}

static enum err write_row(struct ctx *ctx, const struct query_row *row, void *arg)
{
	struct running *r = arg;
	struct export *x = r->export;
	x->rows++;
	if (r->out == NULL)
		return json_row(ctx, r, row);
	for (size_t i = 0; i < x->n; i++) {
		enum err err = make_cell(ctx, x, row, i);
		if (err != OK)
			return err;
	}
	if (x->request->format == FILE_VCARD)
		put_yearless(x);
	return table_write(ctx, r->out, x->cells);
}

static enum err run_query(struct ctx *ctx, struct export *x)
{
	struct running r = {.export = x};
	bool json = x->request->format == FILE_JSONL;
	buf_init(&r.lines, LINES_MAX);
	enum err err = json ? OK : table_out_new(ctx, &x->options, x->heads, x->n, x->request->sink, x->request->arg, &r.out);
	if (err == OK)
		err = query_run(ctx, x->query, write_row, &r);
	if (err == OK)
		err = json ? send_lines(ctx, &r) : table_finish(ctx, r.out, NULL);
	table_out_free(r.out);
	buf_release(&r.lines);
	return err;
}

/* --- who took what ------------------------------------------------------------------------ */

struct note {
	const struct export *export;
	bool end;
};

/* {"format":"csv","query":"city=eq.…"}; after the last row also how many. */
static enum err note_export(struct ctx *ctx, void *arg)
{
	const struct note *note = arg;
	const struct export *x = note->export;
	struct buf diff;
	struct jsonw w;
	buf_init(&diff, QUERY_TEXT_MAX * 2);
	jsonw_init(&w, &diff);
	jsonw_object(&w);
	jsonw_kv_text(&w, "format", file_format_name(x->request->format));
	jsonw_kv_text(&w, "query", x->request->query);
	if (x->masked != NULL)
		jsonw_kv_text(&w, "masked", x->masked);
	if (note->end)
		jsonw_kv_int(&w, "rows", x->rows);
	jsonw_end_object(&w);
	enum err err = buf_failed(&diff) ? fail(ctx, ERR_LIMIT, "", "memory")
	                                 : change_append(ctx, x->request->info->entity->name, 0, CHANGE_EXPORT, buf_text(&diff));
	buf_release(&diff);
	return err;
}

static enum err keep_note(struct ctx *ctx, struct export *x, bool end)
{
	struct note note = {x, end};
	struct db *db = ctx->db;
	enum err err = store_write(ctx, ctx->store, note_export, &note);
	ctx->db = db;
	return err;
}

enum err export_stream(struct ctx *ctx, struct export *x)
{
	/* Before the first row, so that nobody takes rows away without a trace. */
	enum err err = keep_note(ctx, x, false);
	if (err != OK)
		return err;
	err = run_query(ctx, x);
	struct faults faults = ctx->faults;
	enum err noted = keep_note(ctx, x, true);
	if (err != OK)
		ctx->faults = faults;
	return err != OK ? err : noted;
}

void export_release(struct export *x)
{
	for (size_t i = 0; x->texts != NULL && i < x->n; i++)
		buf_release(&x->texts[i]);
	export_zone_release(x);
	x->n = 0;
}

enum err export_table(struct ctx *ctx, const struct export_request *request, int64_t *ret_rows)
{
	struct export x;
	enum err err = export_prepare(ctx, request, &x);
	if (err == OK)
		err = export_stream(ctx, &x);
	*ret_rows = x.rows;
	export_release(&x);
	return err;
}
