/* Field by field: whose value holds. Nothing is lost without a word: a phone or an address that does not win becomes an identifier, tags and
 * notes come together, and whatever else gives way stands in the journal and the history of both. */
#include <string.h>

#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/store/store.h"
#include "duplicates/merge.h"
#include "duplicates_sql.h"

bool merge_is_empty(const struct value *value)
{
	return value->kind == VALUE_NULL || (value->kind == VALUE_LIST && value->l.n == 0) || (value->kind == VALUE_TEXT && value->t.n == 0);
}

bool merge_takes(const struct entity_info *info, int field)
{
	return field >= SF_COUNT && !(info->fields[field]->flags & (F_READONLY | F_SECRET | F_RETIRED));
}

bool merge_second_stays(const struct record *a, const struct record *b)
{
	int64_t orders_a = record_i64(a, "orders_count"), orders_b = record_i64(b, "orders_count");
	bool owned_a = record_i64(a, "owner_id") != 0, owned_b = record_i64(b, "owner_id") != 0;
	if (orders_a != orders_b)
		return orders_b > orders_a;
	if (owned_a != owned_b)
		return owned_b;
	return record_i64(b, "created_at") < record_i64(a, "created_at");
}

static bool joins(const struct field *field)
{
	return field->type == FIELD_NOTE || field->type == FIELD_LINKS;
}

/* The one who stays keeps what it has, and takes what it lacks from the first who has it. */
int merge_suggest(const struct entity_info *info, int field, struct record *const *list, size_t n)
{
	int first = -1;
	for (size_t i = 0; i < n; i++) {
		const struct value *value = &list[i]->values[field];
		if (merge_is_empty(value))
			continue;
		if (first >= 0 && joins(info->fields[field]) && !value_equal(value, &list[first]->values[field]))
			return -1;
		first = first < 0 ? (int)i : first;
	}
	return first < 0 ? 0 : first;
}

/* --- both ------------------------------------------------------------------------------------ */

static enum err both_lists(struct merging *m, int field, struct value *ret)
{
	const struct value *a = &m->survivor->values[field], *b = &m->loser->values[field];
	size_t n_a = a->kind == VALUE_LIST ? a->l.n : 0, n_b = b->kind == VALUE_LIST ? b->l.n : 0;
	int64_t *ids = arena_array(m->ctx->arena, n_a + n_b + 1, sizeof(*ids));
	if (ids == NULL)
		return fail(m->ctx, ERR_LIMIT, "", "memory");
	if (n_a > 0)
		memcpy(ids, a->l.ids, n_a * sizeof(*ids));
	if (n_b > 0)
		memcpy(ids + n_a, b->l.ids, n_b * sizeof(*ids));
	*ret = (struct value){.kind = VALUE_LIST, .l = {ids, n_a + n_b}};
	return OK;
}

static enum err both_values(struct merging *m, int field, struct value *ret)
{
	const struct value *a = &m->survivor->values[field], *b = &m->loser->values[field];
	if (m->info->fields[field]->type == FIELD_LINKS)
		return both_lists(m, field, ret);
	*ret = merge_is_empty(a) ? *b : *a;
	if (merge_is_empty(a) || merge_is_empty(b) || value_equal(a, b) || strstr(a->t.p, b->t.p) != NULL)
		return OK;
	const char *text = arena_printf(m->ctx->arena, "%s\n\n%s", a->t.p, b->t.p);
	*ret = value_text(text);
	return text != NULL ? OK : fail(m->ctx, ERR_LIMIT, "", "memory");
}

/* --- who wins ----------------------------------------------------------------------------------- */

enum winner { WINNER_STAYS, WINNER_GOES, WINNER_BOTH, WINNER_SUGGESTED };

/* What was chosen for a field, seen from this pair; another's choice leaves it alone. */
static enum winner chosen(const struct merging *m, const struct field *field)
{
	const char *choice = json_string_value(json_object_get(m->choices, field->name));
	char id[24];
	if (choice == NULL)
		return WINNER_SUGGESTED;
	(void)snprintf(id, sizeof(id), "%lld", (long long)m->from);
	if (str_equal(choice, id))
		return WINNER_GOES;
	return str_equal(choice, "both") ? WINNER_BOTH : WINNER_STAYS;
}

static enum winner suggested(const struct merging *m, int field)
{
	struct record *const list[] = {m->survivor, m->loser};
	int best = merge_suggest(m->info, field, list, 2);
	return best < 0 ? WINNER_BOTH : best == 1 ? WINNER_GOES : WINNER_STAYS;
}

struct patches {
	struct record *said, *filled; /* what a person chose, with their rights; what the program fills in */
};

static enum err take_field(struct merging *m, int field, struct patches *p)
{
	enum winner winner = chosen(m, m->info->fields[field]);
	bool said = winner != WINNER_SUGGESTED;
	struct value value = m->loser->values[field];
	enum err err = OK;
	if (!said)
		winner = suggested(m, field);
	if (winner == WINNER_STAYS)
		return OK;
	if (winner == WINNER_BOTH)
		err = both_values(m, field, &value);
	if (err != OK || value_equal(&value, &m->survivor->values[field]))
		return err;
	struct record *patch = said ? p->said : p->filled;
	patch->values[field] = value;
	patch->set[field] = true;
	return OK;
}

/* Day and month stand with the birthday they are made from. */
static bool follows_another(const struct entity_info *info, int field)
{
	return info->fields[field]->made_from != NULL;
}

static enum err take_all(struct merging *m)
{
	struct ctx *ctx = m->ctx;
	struct patches p;
	enum err err = record_new(ctx, m->info, &p.said);
	if (err == OK)
		err = record_new(ctx, m->info, &p.filled);
	for (int at = SF_COUNT; err == OK && (size_t)at < m->info->n_fields; at++)
		if (merge_takes(m->info, at) && !(follows_another(m->info, at) && !merge_is_empty(record_value(m->survivor, m->info->fields[at]->made_from))))
			err = take_field(m, at, &p);
	if (err == OK)
		err = record_update(ctx, m->into, p.said, 0, 0, NULL);
	return err == OK ? record_update(ctx, m->into, p.filled, 0, W_TRUSTED, NULL) : err;
}

/* --- what changed, for the journal ---------------------------------------------------------------- */

static enum err put_text(struct ctx *ctx, const struct record *record, int at, const char **ret)
{
	struct buf out;
	struct jsonw w;
	buf_init(&out, 1 << 20);
	jsonw_init(&w, &out);
	field_write_json(ctx->registry, record->info->fields[at], &record->values[at],
	                 record->info->fields[at]->type == FIELD_MONEY ? record_currency(ctx, record, at) : NULL, &w);
	*ret = buf_failed(&out) ? NULL : arena_strdup(ctx->arena, buf_text(&out));
	buf_release(&out);
	return *ret != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err note_changes(struct merging *m)
{
	struct record *now;
	enum err err = record_load(m->ctx, m->info, m->into, &now);
	for (int at = SF_COUNT; err == OK && (size_t)at < m->info->n_fields; at++) {
		struct journal_entry entry = {.what = JOURNAL_FIELD, .entity = m->info->entity->name, .record_id = m->into, .field = m->info->fields[at]->name};
		if (!merge_takes(m->info, at) || value_equal(&now->values[at], &m->survivor->values[at]))
			continue;
		err = put_text(m->ctx, m->survivor, at, &entry.before);
		if (err == OK)
			err = put_text(m->ctx, now, at, &entry.after);
		if (err == OK)
			err = merge_note(m, &entry);
	}
	return err;
}

/* --- what found no place ---------------------------------------------------------------------------- */

static enum err is_known(struct merging *m, const char *kind, const char *value, bool *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(m->ctx, m->ctx->db, &sql_merge_has_identifier, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, m->into);
	stmt_bind_text(stmt, 2, kind);
	stmt_bind_text(stmt, 3, value);
	err = stmt_step(m->ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

/* Of both, whichever value the customer's own field does not have now. */
static enum err keep_reach(struct merging *m, const struct record *of, const struct record *now, const char *kind)
{
	const char *value = record_text(of, kind);
	struct record *identifier;
	bool known = false;
	if (str_empty(value) || str_equal(value, record_text(now, kind)))
		return OK;
	enum err err = is_known(m, kind, value, &known);
	if (err != OK || known)
		return err;
	err = record_new(m->ctx, registry_find(m->ctx->registry, "identifier"), &identifier);
	if (err == OK)
		err = record_set(m->ctx, identifier, "customer_id", value_int(m->into));
	if (err == OK)
		err = record_set(m->ctx, identifier, "kind", value_text(kind));
	if (err == OK)
		err = record_set(m->ctx, identifier, "value", value_text(value));
	if (err == OK)
		err = record_create(m->ctx, identifier, W_TRUSTED | W_NO_SEARCH);
	return err == OK ? merge_note(m, &(struct journal_entry){.what = JOURNAL_MADE, .entity = "identifier", .record_id = record_id(identifier)}) : err;
}

enum err merge_fields(struct merging *m)
{
	static const char *const kinds[] = {"phone", "email"};
	struct record *now;
	enum err err = take_all(m);
	if (err == OK)
		err = note_changes(m);
	if (err == OK)
		err = record_load(m->ctx, m->info, m->into, &now);
	for (size_t i = 0; err == OK && i < 2; i++) {
		err = keep_reach(m, m->loser, now, kinds[i]);
		if (err == OK)
			err = keep_reach(m, m->survivor, now, kinds[i]);
	}
	return err;
}
