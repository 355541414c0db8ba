/* What was given, looked at before anything is written.  Faults are collected, so
 * that a form shows all of them at once. */
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "core/entity/record_internal.h"
#include "core/text/text.h"

/* Goes on after a reported fault, stops at trouble. */
static enum err collected(enum err err)
{
	return err == ERR_INVALID || err == ERR_FORBIDDEN ? OK : err;
}

static bool has_fault(const struct ctx *ctx, const char *field)
{
	for (size_t i = 0; i < ctx->faults.count; i++)
		if (str_equal(ctx->faults.list[i].field, field))
			return true;
	return false;
}

static bool same_value(const struct value *a, const struct value *b)
{
	if (value_equal(a, b))
		return true;
	/* no list and an empty one */
	bool a_none = a->kind == VALUE_NULL || (a->kind == VALUE_LIST && a->l.n == 0);
	bool b_none = b->kind == VALUE_NULL || (b->kind == VALUE_LIST && b->l.n == 0);
	return a_none && b_none;
}

/* --- rights ------------------------------------------------------------------------- */

/* Whether what was given is what the actor was shown: forms send back what they got. */
static enum err is_echo(struct ctx *ctx, const struct record *patch, const struct record *old, int at, enum field_right right, bool *ret)
{
	const struct field *field = patch->info->fields[at];
	struct value given = patch->values[at], shown = old->values[at];
	*ret = false;
	if (right == RIGHT_MASKED) {
		enum err err = field_mask(ctx, field, &old->values[at], &shown);
		*ret = !err && same_value(&given, &shown);
		return err;
	}
	int64_t amount;
	if (field->type == FIELD_MONEY && given.kind == VALUE_TEXT) {
		int scale = currency_scale(record_currency(ctx, old, at));
		if (!decimal_parse(given.t.p, scale < 0 ? 2 : scale, &amount))
			return OK;
		given = value_int(amount);
	}
	*ret = same_value(&given, &shown);
	return OK;
}

static void refuse_field(struct ctx *ctx, const struct field *field, enum field_right right)
{
	if (right == RIGHT_HIDDEN)
		fault_add(ctx, ERR_INVALID, field->name, "unknown_field", NULL);
	else if (field->flags & F_READONLY)
		fault_add(ctx, ERR_INVALID, field->name, "readonly", NULL);
	else if (right == RIGHT_WRITE)
		fault_add(ctx, ERR_INVALID, field->name, "insert_only", NULL);
	else
		fault_add(ctx, ERR_FORBIDDEN, field->name, "field_forbidden", NULL);
}

static enum err check_right(struct ctx *ctx, struct record *patch, const struct record *old, int at)
{
	const struct field *field = patch->info->fields[at];
	enum field_right right = entity_field_right(ctx->actor, patch->info, at);
	if (right == RIGHT_WRITE && !(old && (field->flags & F_INSERT_ONLY)))
		return OK;
	bool echo = patch->values[at].kind == VALUE_NULL && !old;
	if (old && right != RIGHT_HIDDEN) {
		enum err err = is_echo(ctx, patch, old, at, right, &echo);
		if (err)
			return err;
	}
	if (!echo)
		refuse_field(ctx, field, right);
	patch->set[at] = false;
	patch->values[at] = value_null();
	return OK;
}

/* When and by whom a record was made may come along with it, but only from an administrator: the log would lie else. */
static bool keeps_origin(const struct ctx *ctx, int at, const struct record *old, unsigned flags)
{
	return !old && (at == SF_CREATED_AT || at == SF_CREATED_BY) && (flags & W_KEEP_DATES) && gate_cap(ctx->actor, CAP_ADMIN);
}

enum err record_check_rights(struct ctx *ctx, struct record *patch, const struct record *old, unsigned flags)
{
	if (flags & W_TRUSTED)
		return OK;
	for (int at = 0; (size_t)at < patch->info->n_fields; at++) {
		if (!patch->set[at])
			continue;
		if (keeps_origin(ctx, at, old, flags))
			continue;
		if ((flags & W_KEPT) && (patch->info->fields[at]->flags & F_READONLY))
			continue;
		enum err err = check_right(ctx, patch, old, at);
		if (err)
			return err;
	}
	return OK;
}

/* --- values ------------------------------------------------------------------------- */

static enum err check_value(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value)
{
	enum field_type type = info->fields[at]->type;
	if (value->kind == VALUE_NULL) {
		if (type == FIELD_LINKS)
			*value = (struct value){.kind = VALUE_LIST};
		return OK;
	}
	const struct field_type_ops *ops = field_ops(type);
	/* API text for a field of another kind; money reads its own, by its currency. */
	if (value->kind == VALUE_TEXT && ops->kind != VALUE_TEXT && type != FIELD_MONEY)
		return collected(ops->parse(ctx, info, at, value->t.p, value));
	return collected(ops->check(ctx, info, at, currency, value));
}

/* Amounts that stand would mean something else under a currency with other minor units. */
static void check_currency_change(struct ctx *ctx, const struct record *patch, const struct record *now, const struct record *old)
{
	for (int at = SF_COUNT; (size_t)at < now->info->n_fields; at++) {
		int currency = entity_currency(now->info, at);
		if (currency < 0 || !patch->set[currency] || patch->set[at] || record_is_null(now, at))
			continue;
		if (currency_scale(record_currency(ctx, now, at)) != currency_scale(record_currency(ctx, old, at)) &&
		    !has_fault(ctx, now->info->fields[currency]->name))
			fault_add(ctx, ERR_INVALID, now->info->fields[currency]->name, "currency_fixed", NULL);
	}
}

static bool waits(enum field_type type)
{
	return type == FIELD_MONEY || type == FIELD_PHONE;
}

/* The record's own country, in capitals; NULL: it has none. */
static const char *phone_country(struct ctx *ctx, const struct record *now)
{
	int at = entity_field(now->info, "country");
	const char *country = at >= 0 && now->values[at].kind == VALUE_TEXT ? now->values[at].t.p : NULL;
	char *copy = country && strlen(country) == 2 ? arena_strdup(ctx->arena, country) : NULL;
	for (char *p = copy; p && *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return copy;
}

/* What the value means depends on another field: the currency of an amount, the country of a phone. */
static const char *depends_on(struct ctx *ctx, const struct record *now, int at)
{
	return now->info->fields[at]->type == FIELD_MONEY ? record_currency(ctx, now, at) : phone_country(ctx, now);
}

enum err record_check_values(struct ctx *ctx, struct record *patch, struct record *now, const struct record *old)
{
	const struct entity_info *info = patch->info;
	/* Money and phones last: their currency and country may be among what is given. */
	for (int waiting = 0; waiting < 2; waiting++) {
		for (int at = 0; (size_t)at < info->n_fields; at++) {
			if (!patch->set[at] || waits(info->fields[at]->type) != waiting)
				continue;
			enum err err = check_value(ctx, info, at, waiting ? depends_on(ctx, now, at) : NULL, &patch->values[at]);
			if (err)
				return err;
			if (!old || !value_equal(&old->values[at], &patch->values[at]))
				record_check_bounds(ctx, info, at, &patch->values[at]);
			now->values[at] = patch->values[at];
			now->set[at] = true;
		}
	}
	if (old)
		check_currency_change(ctx, patch, now, old);
	return record_set_forms(ctx, old, now);
}

void record_check_required(struct ctx *ctx, const struct record *now, const struct record *old, unsigned how)
{
	for (int at = SF_COUNT; (size_t)at < now->info->n_fields; at++) {
		const struct field *field = now->info->fields[at];
		if (!(field->flags & F_REQUIRED) || (old && record_is_null(old, at)))
			continue;
		if ((field->flags & F_OUTLIVES) && (old || (how & CHECK_ORPHANS)))
			continue;
		bool none = now->values[at].kind == VALUE_NULL || (now->values[at].kind == VALUE_LIST && now->values[at].l.n == 0);
		if (!none || ((field->flags & F_READONLY) && !(how & CHECK_READONLY)) || has_fault(ctx, field->name))
			continue;
		fault_add(ctx, ERR_INVALID, field->name, "required", NULL);
	}
}

enum err record_check_kinds(struct ctx *ctx, const struct record *now)
{
	for (size_t at = 0; at < now->info->n_fields; at++) {
		enum value_kind kind = now->values[at].kind;
		if (kind != VALUE_NULL && kind != field_ops(now->info->fields[at]->type)->kind)
			return fail(ctx, ERR_BUG, now->info->fields[at]->name, "value_kind");
	}
	return OK;
}

/* --- links ---------------------------------------------------------------------------- */

/* One's own id, team and branch can be given by anybody. */
static bool is_own(const struct ctx *ctx, const struct entity_info *info, int at, const struct entity_info *target, int64_t id)
{
	const struct actor *actor = ctx->actor;
	if (!actor)
		return false;
	return (id == actor->user_id && str_equal(entity_name(target), "user")) || (at == info->team && id == actor->team_id) ||
	       (at == info->branch && id == actor->branch_id);
}

static enum err check_link(struct ctx *ctx, const struct entity_info *info, int at, const struct entity_info *target, int64_t id, bool trusted,
                           bool existence)
{
	enum scope scope = trusted || is_own(ctx, info, at, target, id) ? SCOPE_ALL : entity_scope(ctx->actor, target, ACTION_READ);
	struct row_owner owner;
	bool found = false;
	if (scope == SCOPE_ALL && !existence)
		return OK; /* the foreign key will tell */
	if (scope > SCOPE_NONE) {
		enum err err = record_owner_of(ctx, target, id, &owner, &found);
		if (err)
			return err;
	}
	if (!found || !gate_reach(trusted ? gate_system() : ctx->actor, scope, &owner, ACTION_READ, ctx_now(ctx))) {
		char text[ID_TEXT_MAX];
		snprintf(text, sizeof(text), "%lld", (long long)id);
		fault_add(ctx, ERR_INVALID, info->fields[at]->name, "link_not_found", text);
	}
	return OK;
}

static bool in_list(const struct value *list, int64_t id)
{
	for (size_t i = 0; list->kind == VALUE_LIST && i < list->l.n; i++)
		if (list->l.ids[i] == id)
			return true;
	return false;
}

/* A reference to a record of any kind: no foreign key tells whether it is there. */
static enum err check_any(struct ctx *ctx, const struct entity_info *info, int at, const struct value *value, bool trusted)
{
	const struct entity_info *target;
	int64_t id;
	if (value->kind != VALUE_TEXT || !entity_any(ctx->registry, value->t.p, &target, &id))
		return OK; /* the type has said so */
	return check_link(ctx, info, at, target, id, trusted, true);
}

/* What one field links to that it did not before. */
static enum err check_field_links(struct ctx *ctx, const struct entity_info *info, int at, const struct value *value, const struct value *before,
                                  bool trusted, bool existence)
{
	const struct entity_info *target = entity_link(info, at);
	bool same = before && value_equal(value, before);
	enum err err = OK;
	if (info->fields[at]->flags & F_ANY)
		return same ? OK : check_any(ctx, info, at, value, trusted);
	if (value->kind == VALUE_INT && !same)
		err = check_link(ctx, info, at, target, value->i, trusted, existence);
	for (size_t i = 0; !err && value->kind == VALUE_LIST && i < value->l.n; i++)
		if (!before || !in_list(before, value->l.ids[i]))
			err = check_link(ctx, info, at, target, value->l.ids[i], trusted, existence);
	return err;
}

enum err record_check_links(struct ctx *ctx, const struct record *now, const struct record *old, bool trusted, bool existence)
{
	const struct entity_info *info = now->info;
	for (int at = SF_COUNT; (size_t)at < info->n_fields; at++) {
		const struct value *value = &now->values[at];
		bool links = entity_link(info, at) || (info->fields[at]->flags & F_ANY);
		if (!links || value->kind == VALUE_NULL || has_fault(ctx, info->fields[at]->name))
			continue;
		enum err err = check_field_links(ctx, info, at, value, old ? &old->values[at] : NULL, trusted, existence);
		if (err)
			return err;
	}
	return OK;
}

/* --- forms ---------------------------------------------------------------------------- */

int entity_compared(const struct entity_info *info, int field)
{
	int form = field >= 0 ? entity_state(info)->form[field] : -1;
	return form >= 0 ? form : field;
}

enum err entity_compared_value(struct ctx *ctx, const struct entity_info *info, int field, const struct value *value, struct value *ret)
{
	enum { FORM_BYTES_MAX = 1200 }; /* what an index takes; longer ones are compared as they are written */
	*ret = *value;
	int compared = entity_compared(info, field);
	if (compared == field || value->kind != VALUE_TEXT)
		return OK;
	const char *form;
	size_t n;
	enum err err = text_form(ctx, value->t.p, value->t.n, info->fields[compared]->form_cased, &form, &n);
	if (!err && n > 0 && n <= FORM_BYTES_MAX)
		*ret = (struct value){.kind = VALUE_TEXT, .t = {form, n}};
	return err;
}

enum err record_set_forms(struct ctx *ctx, const struct record *old, struct record *now)
{
	const int *forms = entity_state(now->info)->form;
	for (int at = SF_COUNT; (size_t)at < now->info->n_fields; at++) {
		if (forms[at] < 0 || (old && value_equal(&old->values[at], &now->values[at])))
			continue;
		enum err err = entity_compared_value(ctx, now->info, at, &now->values[at], &now->values[forms[at]]);
		if (err)
			return err;
		now->set[forms[at]] = true;
	}
	return OK;
}

/* --- unique ---------------------------------------------------------------------------- */

/* The name people know of a field that is compared by its form. */
static const char *shown_name(const struct entity_info *info, const char *name)
{
	int at = entity_field(info, name);
	const char *source = at >= 0 ? info->fields[at]->form_of : NULL;
	return source ? source : name;
}

static enum err check_one_unique(struct ctx *ctx, const struct record *now, int at)
{
	const struct field *field = now->info->fields[at];
	const char *sql = arena_printf(ctx->arena, "SELECT 1 FROM \"%s\" WHERE \"%s\" = ?1 AND \"id\" <> ?2 LIMIT 1",
	                               entity_name(now->info), field_column(field));
	if (!sql)
		return record_no_memory(ctx);
	struct stmt *stmt;
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	bool row;
	field_bind(stmt, 1, &now->values[at]);
	stmt_bind_i64(stmt, 2, record_id(now));
	err = stmt_step(ctx, stmt, &row);
	stmt_done(stmt);
	if (!err && row)
		fault_add(ctx, ERR_CONFLICT, shown_name(now->info, field->name), "unique", NULL);
	return err;
}

enum err record_check_unique(struct ctx *ctx, const struct record *now, const struct record *old)
{
	for (int at = SF_COUNT; (size_t)at < now->info->n_fields; at++) {
		const struct field *field = now->info->fields[at];
		if (!(field->flags & F_UNIQUE) || now->values[at].kind != field_ops(field->type)->kind || has_fault(ctx, shown_name(now->info, field->name)) ||
		    (old && value_equal(&now->values[at], &old->values[at])))
			continue;
		enum err err = check_one_unique(ctx, now, at);
		if (err)
			return err;
	}
	return OK;
}

/* --- what the store says ----------------------------------------------------------------- */

/* Whether the place the engine names is this index: "t.a, t.b" or the index's name. */
static bool is_place(const char *place, const char *table, const char *columns, const char *suffix)
{
	char text[512], column[64], name[INDEX_NAME_MAX + 1];
	size_t len = 0;
	text[0] = '\0';
	for (size_t i = 0; registry_list_item(columns, i, column, sizeof(column), NULL); i++) {
		int n = snprintf(text + len, sizeof(text) - len, "%s%s.%s", i ? ", " : "", table, column);
		if (n < 0 || (size_t)n >= sizeof(text) - len)
			return false;
		len += (size_t)n;
	}
	registry_index_name(name, table, columns, suffix);
	return str_equal(place, text) || str_equal(place, name);
}

/* The field to show a unique fault at: of several columns the last. */
static const char *unique_field(const struct entity_info *info, const char *place, char *out, size_t size)
{
	for (size_t at = SF_COUNT; at < info->n_fields; at++)
		if ((info->fields[at]->flags & F_UNIQUE) && is_place(place, entity_name(info), field_column(info->fields[at]), "key"))
			return shown_name(info, info->fields[at]->name);
	for (const char *const *index = info->entity->indexes; index && *index; index++) {
		const char *columns;
		if (!registry_unique_index(*index, &columns) || !is_place(place, entity_name(info), columns, "key"))
			continue;
		for (size_t i = 0; registry_list_item(columns, i, out, size, NULL); i++)
			;
		return shown_name(info, out);
	}
	return str_equal(place, "") ? "" : "id";
}

/* The link whose foreign key PostgreSQL names; NULL: not named. */
static const char *reference_field(const struct entity_info *info, const char *place)
{
	char table[128];
	for (int at = SF_COUNT; (size_t)at < info->n_fields; at++) {
		const char *field = info->fields[at]->name, *column = field_column(info->fields[at]);
		if (!entity_link(info, at))
			continue;
		snprintf(table, sizeof(table), "%s_%s", entity_name(info), column);
		bool many = info->fields[at]->type == FIELD_LINKS;
		if (is_place(place, many ? table : entity_name(info), many ? "link_id" : column, "fkey"))
			return field;
	}
	return NULL;
}

/* Takes back the newest fault. */
static void drop_fault(struct ctx *ctx)
{
	if (--ctx->faults.count == 0)
		ctx->faults.code = OK;
}

enum err record_name_conflict(struct ctx *ctx, const struct record *now, size_t from, enum err err)
{
	if (err != ERR_CONFLICT || ctx->faults.count <= from)
		return err;
	struct fault fault = ctx->faults.list[ctx->faults.count - 1];
	if (str_equal(fault.key, "unique")) {
		char name[64];
		const char *field = unique_field(now->info, fault.field, name, sizeof(name));
		drop_fault(ctx);
		return fail(ctx, ERR_CONFLICT, field, "unique");
	}
	if (!str_equal(fault.key, "reference"))
		return err;
	const char *field = reference_field(now->info, fault.field);
	if (field) {
		drop_fault(ctx);
		return fail(ctx, ERR_INVALID, field, "link_not_found");
	}
	if (db_engine(ctx->db) == ENGINE_POSTGRES)
		return err;
	/* SQLite does not say which: look. */
	drop_fault(ctx);
	enum err look = record_check_links(ctx, now, NULL, true, true);
	if (look)
		return look;
	return ctx->faults.count > from ? ERR_INVALID : fail(ctx, ERR_CONFLICT, "", "reference");
}
