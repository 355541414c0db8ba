/* Numbers by sequences: the pattern of a record, the count under its words, what was given. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/entity/record_internal.h"
#include "core/text/text.h"
#include "entity_sql.h"

enum { PATTERN_MAX = 60, DIGITS_MAX = 18, NAME_MAX_BYTES = 120, TRIES_MAX = 10000, SCOPES_MAX = 1000 };

/* --- where counts are kept -------------------------------------------------------- */

static const struct field count_fields[] = {
	{.name = "field", .type = FIELD_TEXT, .max = NAME_MAX_BYTES, .flags = F_REQUIRED, .label = {"Field", "字段"}},
	{.name = "words", .type = FIELD_TEXT, .max = 200, .flags = F_REQUIRED, .label = {"Counted under", "计数依据"}},
	{.name = "last", .type = FIELD_INT, .flags = F_REQUIRED, .fallback = "0", .label = {"Last number", "最后编号"}},
};

static const char *const count_indexes[] = {"unique field,words", NULL};

const struct entity entity_number_count = {
	.name = "number_count", .plural = "number_counts", .label = {"Count", "编号计数"}, .label_many = {"Counts", "编号计数"},
	.fields = count_fields, .n_fields = sizeof(count_fields) / sizeof(count_fields[0]), .title = "words", .sort = "id",
	.flags = E_INTERNAL | E_NO_LOG | E_SYSTEM, .indexes = count_indexes,
};

/* --- patterns -------------------------------------------------------------------- */

enum token { TOKEN_TEXT, TOKEN_YEAR, TOKEN_YEAR2, TOKEN_MONTH, TOKEN_DAY, TOKEN_BRANCH, TOKEN_COUNT, TOKEN_ID, TOKEN_BAD };

/* The token that begins at `p`, and how many bytes it takes. */
static enum token read_token(const char *p, size_t *ret_n)
{
	static const struct {
		const char *text;
		enum token token;
	} named[] = {{"{yyyy}", TOKEN_YEAR}, {"{yy}", TOKEN_YEAR2},     {"{mm}", TOKEN_MONTH},
	             {"{dd}", TOKEN_DAY},    {"{branch}", TOKEN_BRANCH}, {"{id}", TOKEN_ID}};
	*ret_n = strcspn(p, "{}");
	if (*ret_n > 0)
		return TOKEN_TEXT;
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (str_starts(p, named[i].text)) {
			*ret_n = strlen(named[i].text);
			return named[i].token;
		}
	size_t digits = p[0] == '{' ? strspn(p + 1, "0") : 0;
	*ret_n = digits + 2;
	return digits > 0 && digits <= DIGITS_MAX && p[digits + 1] == '}' ? TOKEN_COUNT : TOKEN_BAD;
}

enum err registry_check_pattern(struct ctx *ctx, const char *field, const char *pattern)
{
	size_t n, counts = 0;
	bool good = strlen(pattern) <= PATTERN_MAX && utf8_valid(pattern, strlen(pattern));
	for (const char *p = pattern; good && *p; p++)
		good = (unsigned char)*p >= ' ' && *p != 0x7f;
	for (const char *p = pattern; good && *p; p += n) {
		enum token token = read_token(p, &n);
		counts += token == TOKEN_COUNT || token == TOKEN_ID;
		good = token != TOKEN_BAD;
	}
	if (good && (*pattern == '\0' || counts == 1) && pattern[0] != ' ' && (*pattern == '\0' || pattern[strlen(pattern) - 1] != ' '))
		return OK;
	return fail(ctx, ERR_INVALID, field, "number_pattern");
}

/* What a pattern becomes for one record. */
struct number {
	const struct entity_info *info;
	int field;
	char name[NAME_MAX_BYTES];     /* "order.number" */
	const char *before, *after;    /* around the count */
	const char *words;             /* both, with # for the count */
	int digits;                    /* of the count at least; 0: there is none */
};

/* "GX…": the id in base 32 without letters that look alike. */
static const char *id_text(struct ctx *ctx, int64_t id)
{
	static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char text[20];
	size_t at = sizeof(text);
	uint64_t rest = (uint64_t)id;
	text[--at] = '\0';
	for (; rest > 0; rest >>= 5)
		text[--at] = letters[rest & 31];
	return arena_strdup(ctx->arena, text + at);
}

static int64_t branch_of(const struct record *record)
{
	return record_i64_at(record, record->info->branch);
}

/* The field with a branch's code: unique, and not its name. */
static int code_field(const struct entity_info *branches)
{
	for (int at = SF_COUNT; at < (int)branches->n_fields; at++)
		if (at != branches->title && (branches->fields[at]->flags & F_UNIQUE) && branches->fields[at]->type == FIELD_CODE)
			return at;
	return -1;
}

/* The code of the branch, by which it is told from others, else its id; "0": none. */
static enum err branch_code(struct ctx *ctx, const struct entity_info *info, int64_t id, const char **ret)
{
	const struct entity_info *branches = info->branch >= 0 ? entity_link(info, info->branch) : NULL;
	struct record *branch;
	int key = branches ? code_field(branches) : -1;
	*ret = id ? arena_printf(ctx->arena, "%lld", (long long)id) : "0";
	if (!*ret)
		return record_no_memory(ctx);
	if (!id || key < 0)
		return OK;
	enum err err = record_fetch(ctx, branches, &entity_state(branches)->select, id, &branch);
	if (!err && branch->values[key].kind == VALUE_TEXT)
		*ret = branch->values[key].t.p;
	return err;
}

/* The moment as the branch's clocks show it. */
static enum err local_day(struct ctx *ctx, int64_t ms, int64_t branch, struct civil *ret)
{
	const struct registry_numbering *by = &ctx->registry->root->numbering;
	struct text_zone *zone = NULL;
	const char *name = NULL;
	enum err err = by->zone ? by->zone(ctx, branch, &name) : OK;
	if (err)
		return err;
	if (name && text_zone_new(name, &zone)) {
		ms += INT64_C(1000) * text_zone_seconds(zone, ms);
		text_zone_free(zone);
	}
	time_to_civil(ms, ret);
	return OK;
}

/* The day that a record is numbered by. */
static enum err find_day(struct ctx *ctx, const struct record *record, const struct sequence *sequence, int64_t branch, struct civil *ret)
{
	int at = record && sequence->date ? entity_field(record->info, sequence->date) : -1;
	const struct value *value = at >= 0 ? &record->values[at] : NULL;
	if (value && value->kind == VALUE_TEXT) { /* a day: YYYY-MM-DD, as it was checked */
		*ret = (struct civil){0};
		return sscanf(value->t.p, "%d-%d-%d", &ret->year, &ret->month, &ret->day) == 3 ? OK : fail(ctx, ERR_BUG, sequence->date, "value_kind");
	}
	return local_day(ctx, value && value->kind == VALUE_INT ? value->i : ctx_now(ctx), branch, ret);
}

struct making {
	struct ctx *ctx;
	const struct record *record; /* NULL: a preview */
	int64_t branch;
	struct civil day;
	bool has_day;
};

static enum err day_text(struct making *m, const struct sequence *sequence, enum token token, const char **ret)
{
	enum err err = m->has_day ? OK : find_day(m->ctx, m->record, sequence, m->branch, &m->day);
	if (err)
		return err;
	m->has_day = true;
	int part = token == TOKEN_YEAR ? m->day.year : token == TOKEN_YEAR2 ? m->day.year % 100 : token == TOKEN_MONTH ? m->day.month : m->day.day;
	*ret = arena_printf(m->ctx->arena, "%0*d", token == TOKEN_YEAR ? 4 : 2, part);
	return *ret ? OK : record_no_memory(m->ctx);
}

static enum err token_text(struct making *m, struct number *number, enum token token, const char *p, size_t n, const char **ret)
{
	struct arena *arena = m->ctx->arena;
	const struct sequence *sequence = number->info->fields[number->field]->sequence;
	if (token >= TOKEN_YEAR && token <= TOKEN_DAY)
		return day_text(m, sequence, token, ret);
	switch (token) {
	case TOKEN_BRANCH: return branch_code(m->ctx, number->info, m->branch, ret);
	case TOKEN_ID: *ret = id_text(m->ctx, m->record ? record_id(m->record) : registry_next_id(m->ctx)); break;
	case TOKEN_TEXT: *ret = arena_strndup(arena, p, n); break;
	case TOKEN_YEAR:
	case TOKEN_YEAR2:
	case TOKEN_MONTH:
	case TOKEN_DAY:
	case TOKEN_COUNT:
	case TOKEN_BAD: *ret = ""; break;
	}
	return *ret ? OK : record_no_memory(m->ctx);
}

static enum err render(struct making *m, const char *pattern, struct number *number)
{
	struct arena *arena = m->ctx->arena;
	const char *part = NULL, *text = "";
	size_t n;
	enum err err = OK;
	number->before = NULL;
	for (const char *p = pattern; *p && !err; p += n) {
		enum token token = read_token(p, &n);
		err = token_text(m, number, token, p, n, &part);
		if (!err && token == TOKEN_COUNT) {
			number->digits = (int)n - 2;
			number->before = text;
			text = "";
		}
		text = err ? NULL : arena_printf(arena, "%s%s", text, part);
		if (!err && !text)
			err = record_no_memory(m->ctx);
	}
	number->after = text;
	if (!err && number->digits)
		number->words = arena_printf(arena, "%s#%s", number->before, number->after);
	return !err && number->digits && !number->words ? record_no_memory(m->ctx) : err;
}

/* The pattern that holds for the branch, and what it becomes; *ret_none: it is not numbered. */
static enum err prepare(struct ctx *ctx, const struct entity_info *info, int field, const struct record *record, int64_t branch,
                        struct number *ret, bool *ret_none)
{
	const struct sequence *sequence = info->fields[field]->sequence;
	const struct registry_numbering *by = &ctx->registry->root->numbering;
	const char *pattern = sequence->pattern ? sequence->pattern : "";
	struct making making = {.ctx = ctx, .record = record, .branch = branch};
	*ret = (struct number){.info = info, .field = field};
	snprintf(ret->name, sizeof(ret->name), "%s.%s", entity_name(info), info->fields[field]->name);
	enum err err = sequence->setting && by->pattern ? by->pattern(ctx, sequence->setting, branch, &pattern) : OK;
	*ret_none = !err && str_empty(pattern);
	return err || *ret_none ? err : render(&making, pattern, ret);
}

static enum err write_number(struct ctx *ctx, const struct number *number, int64_t count, const char **ret)
{
	const struct field *field = number->info->fields[number->field];
	*ret = number->digits ? arena_printf(ctx->arena, "%s%0*lld%s", number->before, number->digits, (long long)count, number->after)
	                      : number->after;
	if (!*ret)
		return record_no_memory(ctx);
	return utf8_length(*ret, strlen(*ret)) > (size_t)field_max(field) ? fail_arg(ctx, ERR_INVALID, field->name, "number_too_long", *ret) : OK;
}

/* The count in a text of these words; 0: it is no such text. */
static int64_t read_count(const struct number *number, const char *text)
{
	int64_t count;
	size_t before = strlen(number->before), after = strlen(number->after), n = strlen(text);
	if (n <= before + after || n - before - after > DIGITS_MAX || !str_starts(text, number->before) || !str_ends(text, number->after))
		return 0;
	char digits[DIGITS_MAX + 1];
	size_t len = n - before - after;
	memcpy(digits, text + before, len);
	digits[len] = '\0';
	return digits[strspn(digits, "0123456789")] == '\0' && str_to_i64(digits, &count) ? count : 0;
}

/* --- counts in the store ------------------------------------------------------------ */

static bool is_known(struct registry_root *root, const struct number *number)
{
	bool known = false;
	pthread_mutex_lock(&root->setting);
	for (const struct number_scope *s = root->scopes; s && !known; s = s->next)
		known = str_equal(s->words, number->words) && str_equal(s->field, number->name);
	pthread_mutex_unlock(&root->setting);
	return known;
}

struct known {
	struct registry_root *root;
	const char *name, *words;
};

/* Its row is committed. Those that are not kept are looked up. */
static void keep_known(struct store *store, void *arg)
{
	const struct known *known = arg;
	struct registry_root *root = known->root;
	(void)store;
	pthread_mutex_lock(&root->setting);
	bool room = root->n_scopes < SCOPES_MAX;
	struct number_scope *scope = room ? arena_alloc(&root->arena, sizeof(*scope)) : NULL;
	const char *name = room ? arena_strdup(&root->arena, known->name) : NULL, *words = room ? arena_strdup(&root->arena, known->words) : NULL;
	if (scope && name && words) {
		root->n_scopes++;
		*scope = (struct number_scope){root->scopes, name, words};
		root->scopes = scope;
	}
	pthread_mutex_unlock(&root->setting);
}

/* The highest count of these words that records have. */
static enum err find_highest(struct ctx *ctx, const struct number *number, int64_t *ret)
{
	const char *field = number->info->fields[number->field]->name;
	const char *sql = arena_printf(ctx->arena, "SELECT \"%s\" FROM \"%s\" WHERE \"%s\" LIKE ?1 ESCAPE '!'", field, entity_name(number->info), field);
	struct buf like;
	struct stmt *stmt;
	bool row = true;
	*ret = 0;
	buf_init(&like, 4096);
	for (const char *p = number->before; *p; p++) {
		if (*p == '%' || *p == '_' || *p == '!')
			buf_putc(&like, '!');
		buf_putc(&like, *p);
	}
	buf_putc(&like, '%');
	enum err err = sql && !buf_failed(&like) ? db_prepare_text(ctx, ctx->db, sql, &stmt) : record_no_memory(ctx);
	if (!err) {
		stmt_bind_text(stmt, 1, buf_text(&like));
		while (!(err = stmt_step(ctx, stmt, &row)) && row) {
			int64_t count = read_count(number, stmt_text(stmt, 0));
			if (count > *ret)
				*ret = count;
		}
		stmt_done(stmt);
	}
	buf_release(&like);
	return err;
}

/* One statement of the counts: words, a count where it takes one; *ret 0: no row. */
static enum err ask(struct ctx *ctx, const struct sql *sql, const struct number *number, bool moment, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, number->name);
	stmt_bind_text(stmt, 2, number->words);
	if (moment)
		stmt_bind_i64(stmt, 3, ctx_now(ctx));
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) : -1;
	stmt_done(stmt);
	return err;
}

/* Words that were never counted under begin above what records have. */
static enum err begin(struct ctx *ctx, const struct number *number, int64_t at_least)
{
	struct stmt *stmt;
	struct known *known = arena_alloc(ctx->arena, sizeof(*known));
	int64_t highest;
	if (!registry_find(ctx->registry, "number_count"))
		return fail(ctx, ERR_BUG, number->name, "no_counts");
	enum err err = known ? find_highest(ctx, number, &highest) : record_no_memory(ctx);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_number_begin, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, registry_next_id(ctx));
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	stmt_bind_text(stmt, 3, number->name);
	stmt_bind_text(stmt, 4, number->words);
	stmt_bind_i64(stmt, 5, highest > at_least ? highest : at_least);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	*known = (struct known){ctx->registry->root, arena_strdup(ctx->arena, number->name), number->words};
	return err ? err : db_on_commit(ctx, keep_known, known);
}

static enum err raise(struct ctx *ctx, const struct number *number, int64_t count)
{
	struct stmt *stmt;
	int64_t last = 0;
	enum err err = OK;
	if (!is_known(ctx->registry->root, number)) {
		err = ask(ctx, &sql_number_last, number, false, &last);
		if (!err && last < 0)
			err = begin(ctx, number, count);
	}
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_number_raise, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, number->name);
	stmt_bind_text(stmt, 2, number->words);
	stmt_bind_i64(stmt, 3, count);
	stmt_bind_i64(stmt, 4, ctx_now(ctx));
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	return err;
}

static enum err count_on(struct ctx *ctx, const struct number *number, int64_t *ret)
{
	enum err err = ask(ctx, &sql_number_next, number, true, ret);
	if (err || *ret >= 0)
		return err;
	err = begin(ctx, number, 0);
	return err ? err : ask(ctx, &sql_number_next, number, true, ret);
}

/* Somebody gave it under other words, or before there were counts. */
static enum err is_taken(struct ctx *ctx, const struct number *number, const char *text, bool *ret)
{
	const int compared = entity_compared(number->info, number->field);
	const char *sql = arena_printf(ctx->arena, "SELECT 1 FROM \"%s\" WHERE \"%s\" = ?1 LIMIT 1", entity_name(number->info),
	                               number->info->fields[compared]->name);
	const struct value given = value_text(text);
	struct value value;
	struct stmt *stmt;
	enum err err = sql ? entity_compared_value(ctx, number->info, number->field, &given, &value) : record_no_memory(ctx);
	if (!err)
		err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	field_bind(stmt, 1, &value);
	err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

static enum err make_number(struct ctx *ctx, const struct number *number, const char **ret)
{
	int64_t count = 0;
	bool taken = true;
	enum err err = number->digits ? OK : write_number(ctx, number, 0, ret);
	if (err || !number->digits)
		return err;
	for (int i = 0; taken && i < TRIES_MAX; i++) {
		err = count_on(ctx, number, &count);
		if (!err)
			err = write_number(ctx, number, count, ret);
		if (!err)
			err = is_taken(ctx, number, *ret, &taken);
		if (err)
			return err;
	}
	return OK;
}

/* --- records -------------------------------------------------------------------------- */

/* Whether what stands there was given in this write: made, or changed. */
static bool is_given(const struct record *old, const struct record *now, int at)
{
	return now->values[at].kind == VALUE_TEXT && !(old && value_equal(&old->values[at], &now->values[at]));
}

static enum err number_field(struct ctx *ctx, const struct record *old, struct record *now, int at)
{
	struct number number;
	const char *text;
	bool none, given = is_given(old, now, at), lacks = record_is_null(now, at) && !(old && record_is_null(old, at));
	if (!given && !lacks)
		return OK;
	enum err err = prepare(ctx, now->info, at, now, branch_of(now), &number, &none);
	if (err || none)
		return err;
	if (given) {
		int64_t count = number.digits ? read_count(&number, now->values[at].t.p) : 0;
		return count > 0 ? raise(ctx, &number, count) : OK;
	}
	err = make_number(ctx, &number, &text);
	if (!err) {
		now->values[at] = value_text(text);
		now->set[at] = true;
	}
	return err;
}

enum err record_number(struct ctx *ctx, const struct record *old, struct record *now)
{
	const struct entity_state *state = entity_state(now->info);
	enum err err = OK;
	for (size_t i = 0; i < state->n_numbered && !err; i++)
		err = number_field(ctx, old, now, state->numbered[i]);
	return err;
}

enum err record_next_number(struct ctx *ctx, const struct entity_info *info, int field, int64_t branch_id, const char **ret)
{
	struct number number;
	bool none;
	int64_t last = 0;
	*ret = "";
	enum err err = prepare(ctx, info, field, NULL, branch_id, &number, &none);
	if (err || none)
		return err;
	if (number.digits)
		err = ask(ctx, &sql_number_last, &number, false, &last);
	if (!err && last < 0)
		err = find_highest(ctx, &number, &last);
	return err ? err : write_number(ctx, &number, last + 1, ret);
}

void registry_number_by(struct registry *registry, const struct registry_numbering *numbering)
{
	registry->root->numbering = *numbering;
}
