/* One row into the store: its records in the plan's order, each found by key or
 * created, linked to those before it. */
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/exchange/convert.h"
#include "core/exchange/import.h"
#include "core/text/text.h"

struct writing {
	struct ctx *ctx;
	const struct plan *plan;
	struct import_keys *keys;
	const struct ready_row *row;
	struct import_counts *counts;
	struct import_written *done;
	int64_t ids[PLAN_RECORDS_MAX];
	int64_t started_at;
	size_t at; /* the record being written */
	bool told; /* the row's outcome is known from its main record */
	unsigned flags;
};

/* The row's outcome is its main record's, or that of the last one before it is reached. */
static void tell(struct writing *w, enum import_outcome outcome, int64_t id)
{
	bool less = outcome == ROW_SKIPPED && w->done->outcome == ROW_CREATED && w->at > w->plan->main;
	if (w->told || less) /* a further line of an order is what the row made */
		return;
	w->told = w->at == w->plan->main;
	w->done->outcome = outcome;
	w->done->duplicate_of = id;
}

bool import_row_error(enum err err)
{
	return err == ERR_INVALID || err == ERR_NOT_FOUND || err == ERR_FORBIDDEN || err == ERR_CONFLICT || err == ERR_DENIED ||
	       err == ERR_BUG;
}

const char *import_outcome_name(enum import_outcome outcome)
{
	static const char *const names[ROW_OUTCOMES] = {"created", "updated", "skipped", "duplicate", "failed"};
	return names[outcome];
}

/* --- links given by name ---------------------------------------------------- */

static enum err create_named(struct writing *w, const struct entity_info *target, int field, struct value name, int64_t *ret_id)
{
	struct record *record;
	enum err err = record_new(w->ctx, target, &record);
	if (err != OK)
		return err;
	record->values[field] = name;
	record->set[field] = true;
	err = record_create(w->ctx, record, 0);
	if (err != OK)
		return err;
	*ret_id = record_id(record);
	return import_key_put(w->ctx, w->keys, target, &field, &name, 1, *ret_id);
}

/* By one field of the target; a name may be looked up only by who may read it. */
static enum err find_by(struct writing *w, const struct entity_info *target, int field, const char *text, struct value *name, int64_t *ret_id)
{
	struct ctx *ctx = w->ctx;
	*ret_id = 0;
	if (field < 0 || entity_field_right(ctx->actor, target, field) < RIGHT_READ)
		return OK;
	enum err err = field_parse(ctx, target, field, text, name);
	if (err == OK && name->kind != VALUE_NULL)
		err = import_key_find(ctx, w->keys, target, &field, name, 1, ret_id);
	return err;
}

/* A number or code is surer than a name; what can be none is a name. */
static enum err find_by_key(struct writing *w, const struct entity_info *target, int field, const char *text, int64_t *ret_id)
{
	int key = entity_key(target);
	struct value code = value_null();
	*ret_id = 0;
	enum err err = key != field ? find_by(w, target, key, text, &code, ret_id) : OK;
	if (err == ERR_INVALID) {
		faults_clear(w->ctx);
		return OK;
	}
	return err;
}

static enum err find_named(struct writing *w, const struct entity_info *info, const struct plan_field *f, const char *text, int64_t *ret_id)
{
	const struct entity_info *target = entity_link(info, f->at);
	bool said = f->value.find_by >= 0;
	int field = said ? f->value.find_by : target->title;
	struct value name = value_null();
	*ret_id = 0;
	/* An id as exports have them: long, and of a record that is there. */
	if (strlen(text) >= 12 && id_parse(text, ret_id)) {
		int64_t into;
		enum err err = record_alias(w->ctx, target, *ret_id, &into);
		*ret_id = err == OK && into != 0 ? into : *ret_id; /* a file of before a merge */
		return err;
	}
	if (strchr(text, '@') != NULL && entity_field(target, "email") >= 0)
		field = entity_field(target, "email");
	enum err err = said ? OK : find_by_key(w, target, field, text, ret_id);
	if (err == OK && *ret_id == 0)
		err = find_by(w, target, field, text, &name, ret_id);
	if (err != OK || *ret_id != 0)
		return err;
	if (f->value.create && name.kind != VALUE_NULL)
		return create_named(w, target, field, name, ret_id);
	return fail_arg(w->ctx, ERR_INVALID, info->fields[f->at]->name, "link_not_found", text);
}

enum { LINKS_MAX = 100 };

/* What separates names: ASCII marks, and the commas of Chinese. */
static size_t mark_at(const char *p, const char *marks)
{
	static const char *const wide[] = {"，", "、", "；"};
	if (strchr(marks, *p) != NULL)
		return 1;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (str_starts(p, wide[i]))
			return strlen(wide[i]);
	return 0;
}

static const char *past_blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* "a, ""b""" to its text, as exports write names with commas; NULL if it is no such thing to its end. */
static const char *quoted_name(struct ctx *ctx, const char **at, const char *marks)
{
	const char *p = *at + 1;
	char *out = arena_alloc(ctx->arena, strlen(p) + 1);
	size_t n = 0;
	for (; out != NULL && *p != '\0'; p++) {
		if (*p == '"' && p[1] != '"')
			break;
		p += *p == '"';
		out[n++] = *p;
	}
	if (out == NULL || *p != '"')
		return NULL;
	p = past_blanks(p + 1);
	if (*p != '\0' && mark_at(p, marks) == 0)
		return NULL;
	out[n] = '\0';
	*at = p;
	return out;
}

/* The next name of a list, NULL at its end. */
static const char *next_name(struct ctx *ctx, const char **at, const char *marks)
{
	for (;;) {
		const char *p = past_blanks(*at), *start = p;
		size_t mark = 0, n = 0;
		if (*p == '\0')
			return NULL;
		const char *quoted = *p == '"' ? quoted_name(ctx, &p, marks) : NULL;
		if (quoted == NULL)
			while (*p != '\0' && mark_at(p, marks) == 0)
				p++;
		mark = *p != '\0' ? mark_at(p, marks) : 0;
		*at = p + mark;
		if (quoted != NULL)
			return quoted;
		start = str_trim(start, (size_t)(p - start), &n);
		if (n > 0)
			return arena_strndup(ctx->arena, start, n);
	}
}

static enum err take_name(struct writing *w, const struct entity_info *info, const struct plan_field *f, const char *name, int64_t *ids, size_t *n)
{
	if (*n == LINKS_MAX)
		return OK;
	enum err err = find_named(w, info, f, name, &ids[*n]);
	if (err == OK)
		++*n;
	return err;
}

/* [{"id":"1","name":"VIP"},"老客户"], as JSON Lines have it. */
static enum err json_names(struct writing *w, const struct entity_info *info, const struct plan_field *f, const json_t *list, int64_t *ids, size_t *n)
{
	const json_t *one;
	size_t i;
	json_array_foreach(list, i, one) {
		const char *name = json_string_value(json_is_object(one) ? json_object_get(one, "name") : one);
		if (name == NULL)
			name = json_string_value(json_object_get(one, "id"));
		const char *copy = name != NULL ? arena_strdup(w->ctx->arena, name) : NULL;
		enum err err = copy != NULL ? take_name(w, info, f, copy, ids, n) : OK;
		if (err != OK)
			return err;
	}
	return OK;
}

/* "VIP, 老客户" to ids. */
static enum err find_many(struct writing *w, const struct entity_info *info, const struct plan_field *f, const char *text, struct value *ret)
{
	struct ctx *ctx = w->ctx;
	int64_t *ids = arena_array(ctx->arena, LINKS_MAX, sizeof(*ids));
	const char *marks = f->value.split != NULL ? f->value.split : ",;|", *name = NULL;
	json_t *list = text[0] == '[' ? json_loads(text, 0, NULL) : NULL;
	enum err err = OK;
	size_t n = 0;
	if (ids == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	else if (json_is_array(list))
		err = json_names(w, info, f, list, ids, &n);
	else
		while (err == OK && (name = next_name(ctx, &text, marks)) != NULL)
			if (f->value.split == NULL || !str_starts(name, "* ")) /* "* myContacts" of Google */
				err = take_name(w, info, f, name, ids, &n);
	json_decref(list);
	*ret = (struct value){.kind = VALUE_LIST, .l = {ids, n}};
	return err;
}

/* --- one record ---------------------------------------------------------------- */

static enum err resolve(struct writing *w, const struct plan_record *r, size_t at, struct value *value)
{
	const struct plan_field *f = &r->fields[at];
	enum field_type type = r->info->fields[f->at]->type;
	if (f->value.source == PLAN_RECORD) {
		int64_t id = w->ids[f->value.record];
		*value = id != 0 ? value_int(id) : value_null();
		return OK;
	}
	if (f->value.source == PLAN_COUNTER || value->kind != VALUE_TEXT)
		return OK;
	if (type == FIELD_LINK) {
		int64_t id = 0;
		enum err err = find_named(w, r->info, f, value->t.p, &id);
		*value = value_int(id);
		return err;
	}
	return type == FIELD_LINKS ? find_many(w, r->info, f, value->t.p, value) : OK;
}

/* The counter's number, once the record that is counted under is known. */
static enum err set_counter(struct writing *w, const struct plan_record *r, struct record *record)
{
	int64_t under = w->ids[r->counted], number;
	for (size_t i = 0; i < r->n_fields; i++) {
		const struct plan_field *f = &r->fields[i];
		if (f->value.source != PLAN_COUNTER || under == 0)
			continue;
		int link = -1;
		for (size_t k = 0; k < r->n_fields; k++)
			if (r->fields[k].value.source == PLAN_RECORD && r->fields[k].value.record == r->counted)
				link = r->fields[k].at;
		if (link < 0)
			return OK;
		enum err err = import_count(w->ctx, w->keys, r->info, link, under, &number);
		if (err != OK)
			return err;
		record->values[f->at] = value_int(number);
		record->set[f->at] = true;
	}
	return OK;
}

static enum err fill(struct writing *w, const struct plan_record *r, const struct value *values, bool update, struct record **ret)
{
	const bool *left = w->row->records[r - w->plan->records].left;
	enum err err = record_new(w->ctx, r->info, ret);
	for (size_t i = 0; err == OK && i < r->n_fields; i++) {
		const struct plan_field *f = &r->fields[i];
		/* An empty cell leaves the field alone, unless it is meant to clear it; one that could not be read is not empty. */
		bool empty = values[i].kind == VALUE_NULL, bad = left != NULL && left[i];
		bool born = f->at < SF_COUNT; /* when and by whom it was made is of no change */
		if (f->value.source == PLAN_COUNTER || (update && born) || (empty && (bad || !(update && w->plan->blank_clears))))
			continue;
		(*ret)->values[f->at] = values[i];
		(*ret)->set[f->at] = true;
	}
	if (err == OK && !update && r->counted >= 0)
		err = set_counter(w, r, *ret);
	return err;
}

struct key {
	int fields[PLAN_KEYS_MAX];
	struct value values[PLAN_KEYS_MAX];
	bool any; /* at least one part is given */
};

/* A phone that tells nobody apart (0, 1.51E+10, 138****8000) is no key. */
static bool is_key(const struct plan_record *r, int at, const struct value *v)
{
	return v->kind != VALUE_NULL && (r->info->fields[at]->type != FIELD_PHONE || v->kind != VALUE_TEXT || convert_phone_tells(v->t.p));
}

/* Values as the store has them; amounts are no keys. */
static void take_key(const struct plan_record *r, const struct value *values, struct key *key)
{
	bool whole = true;
	key->any = false;
	for (size_t i = 0; i < r->n_keys; i++) {
		key->fields[i] = r->fields[r->keys[i]].at;
		key->values[i] = values[r->keys[i]];
		bool tells = is_key(r, key->fields[i], &key->values[i]);
		key->any |= tells;
		whole &= tells;
	}
	key->any &= whole || !r->whole_key;
}

/* What was made is found in this job by whatever the plan looks for it by. */
static enum err put_found_by(struct writing *w, const struct plan_record *made, const struct record *record)
{
	enum err err = OK;
	for (size_t i = 0; err == OK && i < w->plan->n_records; i++) {
		const struct plan_record *r = &w->plan->records[i];
		int fields[PLAN_KEYS_MAX];
		struct value values[PLAN_KEYS_MAX];
		bool whole = r->mode == PLAN_FIND && r->info == made->info && r->n_keys > 0;
		for (size_t k = 0; whole && k < r->n_keys; k++) {
			fields[k] = r->fields[r->keys[k]].at;
			values[k] = record->values[fields[k]];
			whole = values[k].kind != VALUE_NULL;
		}
		if (whole)
			err = import_key_put(w->ctx, w->keys, r->info, fields, values, r->n_keys, record_id(record));
	}
	return err;
}

static enum err create(struct writing *w, size_t at, const struct value *values, const struct key *key)
{
	const struct plan_record *r = &w->plan->records[at];
	struct record *record;
	enum err err = fill(w, r, values, false, &record);
	if (err == OK)
		err = record_create(w->ctx, record, w->flags);
	if (err != OK)
		return err;
	w->ids[at] = record_id(record);
	tell(w, ROW_CREATED, 0);
	w->counts->records[at].created++;
	if (r->watched)
		err = import_key_fresh(w->ctx, w->keys, r->info, w->ids[at]);
	if (err == OK && r->n_keys > 0 && key->any)
		err = import_key_put(w->ctx, w->keys, r->info, key->fields, key->values, r->n_keys, w->ids[at]);
	return err == OK ? put_found_by(w, r, record) : err;
}

/* What is the same identifier written otherwise stays as it was written first. */
static enum err keep_written(struct ctx *ctx, const struct record *before, struct record *patch)
{
	for (int at = SF_COUNT; (size_t)at < patch->info->n_fields; at++) {
		struct value was, is;
		if (!patch->set[at] || entity_compared(patch->info, at) == at || before->values[at].kind != VALUE_TEXT)
			continue;
		enum err err = entity_compared_value(ctx, patch->info, at, &before->values[at], &was);
		if (err == OK)
			err = entity_compared_value(ctx, patch->info, at, &patch->values[at], &is);
		if (err != OK)
			return err;
		patch->set[at] = !value_equal(&was, &is);
	}
	return OK;
}

static enum err change(struct writing *w, size_t at, const struct value *values, int64_t id)
{
	const struct plan_record *r = &w->plan->records[at];
	struct record *before, *patch, *after;
	enum err err = record_get(w->ctx, r->info, id, ACTION_IMPORT, &before); /* besides what record_update asks */
	if (err == OK)
		err = fill(w, r, values, true, &patch);
	if (err == OK)
		err = keep_written(w->ctx, before, patch);
	if (err == OK)
		err = record_update(w->ctx, id, patch, 0, 0, &after);
	if (err != OK)
		return err;
	w->ids[at] = id;
	bool changed = record_i64(after, "version") != record_i64(before, "version");
	tell(w, changed ? ROW_UPDATED : ROW_SKIPPED, id);
	w->counts->records[at].updated += changed;
	return changed ? put_found_by(w, r, after) : OK;
}

/* Only a record that the actor may see is found through another one. */
static enum err seen(struct writing *w, const struct entity_info *info, int64_t *id)
{
	struct record *record;
	if (*id == 0 || entity_scope(w->ctx->actor, info, ACTION_READ) == SCOPE_ALL)
		return OK;
	enum err err = record_get(w->ctx, info, *id, ACTION_READ, &record);
	if (err != ERR_NOT_FOUND && err != ERR_FORBIDDEN)
		return err;
	faults_clear(w->ctx);
	*id = 0;
	return OK;
}

/* "same_as": the first of those records that was found is this one, or says which it is. */
static enum err find_same(struct writing *w, const struct plan_record *r, int64_t *ret_id)
{
	enum err err = OK;
	*ret_id = 0;
	for (size_t i = 0; err == OK && *ret_id == 0 && i < r->n_same_as; i++) {
		const struct entity_info *other = w->plan->records[r->same_as[i]].info;
		int64_t id = w->ids[r->same_as[i]];
		struct record *record;
		if (id == 0 || other == r->info) {
			*ret_id = id;
			continue;
		}
		err = record_load(w->ctx, other, id, &record);
		if (err == OK) {
			*ret_id = record_i64(record, other->fields[plan_link_to(other, r->info)]->name);
			err = seen(w, r->info, ret_id);
		}
	}
	return err;
}

static enum err find_record(struct writing *w, const struct plan_record *r, const struct key *key, int64_t *ret_id)
{
	enum err err = find_same(w, r, ret_id);
	if (err != OK || *ret_id != 0 || !key->any)
		return err;
	err = import_key_find(w->ctx, w->keys, r->info, key->fields, key->values, r->n_keys, ret_id);
	if (err == ERR_CONFLICT && r->mode == PLAN_FIND) { /* several: none of them is it */
		faults_clear(w->ctx);
		*ret_id = 0;
		err = OK;
	}
	return err;
}

/* An order that the file itself brought gets its further lines, and is not changed by each of them. */
static enum err is_fresh(struct writing *w, const struct plan_record *r, int64_t id, bool *ret)
{
	bool old = true;
	enum err err = r->watched ? import_key_old(w->ctx, w->keys, r->info, id, w->started_at, &old) : OK;
	*ret = !old;
	return err;
}

static enum err write_found(struct writing *w, size_t at, const struct value *values, int64_t id)
{
	const struct plan_record *r = &w->plan->records[at];
	bool fresh = false;
	enum err err = is_fresh(w, r, id, &fresh);
	if (err != OK)
		return err;
	if (!fresh && (r->mode == PLAN_UPDATE || r->mode == PLAN_UPSERT))
		return change(w, at, values, id);
	w->ids[at] = id;
	if (!fresh || r->mode != PLAN_UPSERT) /* else what hangs on it tells what the row did */
		tell(w, r->mode == PLAN_CREATE && at == w->plan->main ? ROW_DUPLICATE : ROW_SKIPPED, id);
	return OK;
}

static enum err write_record(struct writing *w, size_t at)
{
	const struct plan_record *r = &w->plan->records[at];
	const struct ready_record *ready = &w->row->records[at];
	struct ctx *ctx = w->ctx;
	struct key key = {.any = false};
	int64_t id = 0;
	struct value *values = arena_array(ctx->arena, r->n_fields + 1, sizeof(*values));
	if (values == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	/* A copy: the store may run the batch again, and names must be looked up again. */
	memcpy(values, ready->values, r->n_fields * sizeof(*values));
	for (size_t i = 0; i < r->n_fields; i++) {
		enum err err = resolve(w, r, i, &values[i]);
		if (err != OK)
			return err;
	}
	take_key(r, values, &key);
	enum err err = find_record(w, r, &key, &id);
	if (err != OK)
		return err;
	if (r->mode == PLAN_FIND) {
		w->ids[at] = id;
		return OK;
	}
	if (id != 0)
		return write_found(w, at, values, id);
	if (r->mode != PLAN_UPDATE)
		return create(w, at, values, &key);
	return fail(ctx, ERR_NOT_FOUND, r->n_keys > 0 ? r->info->fields[key.fields[0]]->name : "", key.any ? "key_not_found" : "key_empty");
}

/* Rows of what was there before this import are not added to it again. */
static enum err hangs_on_old(struct writing *w, const struct plan_record *r, bool *ret)
{
	*ret = false;
	if (r->only_new < 0 || w->ids[r->only_new] == 0)
		return OK;
	return import_key_old(w->ctx, w->keys, w->plan->records[r->only_new].info, w->ids[r->only_new], w->started_at, ret);
}

/* An address or identifier of a customer whom the row does not have. */
static bool hangs_on_nothing(const struct writing *w, const struct plan_record *r)
{
	for (size_t i = 0; r->mode == PLAN_KEEP && i < r->n_fields; i++) {
		const struct plan_field *f = &r->fields[i];
		if (f->value.source == PLAN_RECORD && (r->info->fields[f->at]->flags & F_REQUIRED) && !w->row->records[f->value.record].active)
			return true;
	}
	return false;
}

enum err import_write_row(struct ctx *ctx, const struct plan *plan, struct import_keys *keys, const struct ready_row *row,
                          int64_t started_at, struct import_counts *counts, struct import_written *ret)
{
	struct writing w = {.ctx = ctx, .plan = plan, .keys = keys, .row = row, .counts = counts, .done = ret,
	                    .started_at = started_at, .flags = plan->keep_dates ? W_KEEP_DATES : 0};
	*ret = (struct import_written){.outcome = ROW_SKIPPED};
	import_keys_row(keys);
	for (size_t i = 0; i < plan->n_records; i++) {
		bool old = false;
		if (!row->records[i].active)
			continue;
		ret->record = w.at = i;
		enum err err = hangs_on_old(&w, &plan->records[i], &old);
		if (err == OK && old)
			tell(&w, ROW_SKIPPED, w.ids[plan->records[i].only_new]);
		else if (err == OK && !hangs_on_nothing(&w, &plan->records[i]))
			err = write_record(&w, i);
		if (err != OK)
			return err;
		if (ret->outcome == ROW_DUPLICATE)
			break; /* what hangs on it stands already */
	}
	return OK;
}
