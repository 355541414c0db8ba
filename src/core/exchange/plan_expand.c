/* The wizard's short form of a plan, a column to a field, as a whole plan: records in
 * an order in which links can be set, keys by which each kind of record is known. */
#include <string.h>

#include "base/str.h"
#include "core/exchange/convert.h"
#include "core/exchange/guess.h"

enum { ENTITIES_MAX = PLAN_RECORDS_MAX };

struct part {
	const struct entity_info *info;
	json_t *fields; /* owned until it goes into the plan */
	int first_column;
	bool main, placed;
};

struct expanding {
	struct ctx *ctx;
	const struct plan_columns *columns;
	struct part parts[ENTITIES_MAX];
	size_t n;
};

/* By what a record is recognised, the surest first; several fields are one key. */
static const struct {
	const char *entity, *fields;
} natural_keys[] = {
	{"customer", "number"}, {"customer", "registration_no"}, {"customer", "phone"}, {"customer", "email"}, {"customer", "name"},
	{"product", "sku"},     {"product", "name"},            {"order", "channel_id,number"}, {"order", "number"},
	{"category", "code"},   {"category", "name"},           {"channel", "code"}, {"channel", "name"}, {"tag", "name"},
	{"address", "customer_id,street"}, {"identifier", "kind,value"}, {"party_role", "customer_id,role"},
	{"order_line", "order_id,position"},
};

static struct part *part_of(struct expanding *x, const struct entity_info *info)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->parts[i].info == info)
			return &x->parts[i];
	if (x->n == ENTITIES_MAX)
		return NULL;
	x->parts[x->n] = (struct part){.info = info, .fields = json_object(), .first_column = -1, .main = x->n == 0};
	return &x->parts[x->n++];
}

static enum err wrong(struct ctx *ctx, const char *what)
{
	return fail_arg(ctx, ERR_INVALID, "plan.mapping", "plan_mapping", what);
}

/* First and last name stand in two columns: one field. */
static enum err name_value(struct expanding *x, int column, json_t **ret)
{
	int other = -1;
	bool first = false;
	*ret = NULL;
	if ((size_t)column >= x->columns->n)
		return OK;
	enum err err = guess_other_half(x->ctx, x->columns, column, &other, &first);
	if (err != OK || other < 0)
		return err;
	int given = first ? column : other, family = first ? other : column;
	/* 姓 and 名 are written together, the family name first. */
	bool western = (unsigned char)x->columns->names[given][0] < 0x80;
	const char *text = western ? arena_printf(x->ctx->arena, "{#%d} {#%d}", given + 1, family + 1)
	                           : arena_printf(x->ctx->arena, "{#%d}{#%d}", family + 1, given + 1);
	*ret = text != NULL ? json_pack("{s:s}", "template", text) : NULL;
	return *ret != NULL ? OK : fail(x->ctx, ERR_LIMIT, "", "memory");
}

/* Whether `header` is `link`'s and then the key's: "Customer: Customer no.", as exports have it, or "customer.number". */
static bool heads_key(struct ctx *ctx, const char *header, const char *link, const struct field *key)
{
	size_t n = strlen(link), plain = str_ends(link, "_id") ? n - 3 : n;
	if (strncmp(header, link, plain) == 0 && header[plain] == '.')
		return str_equal(header + plain + 1, key->name);
	if (strncmp(header, link, n) != 0 || strncmp(header + n, ": ", 2) != 0)
		return false;
	header += n + 2;
	return str_equal(header, key->label.en) || str_equal(header, key->label.zh) || str_equal(header, convert_traditional(ctx, &key->label));
}

/* A link's name stands in one column, and what tells records of one name apart in another. */
static int key_column(struct expanding *x, const struct entity_info *info, int at, int index)
{
	const struct entity_info *target = info->fields[at]->type == FIELD_LINK ? entity_link(info, at) : NULL;
	int key = target != NULL ? entity_key(target) : -1;
	for (size_t i = 0; key >= 0 && (size_t)index < x->columns->n && i < x->columns->n; i++)
		if (heads_key(x->ctx, x->columns->names[i], x->columns->names[index], target->fields[key]))
			return (int)i;
	return -1;
}

/* How the column fills the field. */
static enum err column_value(struct expanding *x, const struct entity_info *info, int at, int index, json_t **ret)
{
	const char *name = info->fields[at]->name;
	*ret = NULL;
	if (str_equal(name, "name") && str_equal(info->entity->name, "customer")) {
		enum err err = name_value(x, index, ret);
		if (err != OK || *ret != NULL)
			return err;
	}
	int key = key_column(x, info, at, index);
	if (key >= 0)
		*ret = json_pack("{s:i, s:{s:i}}", "column", key + 1, "else", "column", index + 1);
	else if (info->fields[at]->type == FIELD_LINKS)
		*ret = json_pack("{s:i, s:b}", "column", index + 1, "create", 1);
	else
		*ret = json_pack("{s:i}", "column", index + 1);
	return *ret != NULL ? OK : fail(x->ctx, ERR_LIMIT, "", "memory");
}

static enum err add_column(struct expanding *x, const json_t *one)
{
	const json_t *column = json_object_get(one, "column");
	const char *entity = json_string_value(json_object_get(one, "entity")), *name = json_string_value(json_object_get(one, "field"));
	const struct entity_info *info = entity != NULL ? registry_find(x->ctx->registry, entity) : NULL;
	int at = info != NULL && name != NULL ? entity_field(info, name) : -1;
	json_t *value = NULL;
	if (!json_is_integer(column) || json_integer_value(column) < 0 || json_integer_value(column) >= TABLE_COLUMNS_MAX)
		return wrong(x->ctx, "column");
	if (at < 0)
		return fail_arg(x->ctx, ERR_INVALID, "plan.mapping", "unknown_field", name);
	struct part *part = part_of(x, info);
	if (part == NULL)
		return fail(x->ctx, ERR_LIMIT, "plan.mapping", "plan_records");
	int index = (int)json_integer_value(column);
	enum err err = column_value(x, info, at, index, &value);
	if (err != OK)
		return err;
	if (part->first_column < 0)
		part->first_column = index;
	return json_object_set_new(part->fields, name, value) == 0 ? OK : fail(x->ctx, ERR_LIMIT, "", "memory");
}

/* "customer.source": "import" */
static enum err add_defaults(struct expanding *x, json_t *defaults)
{
	const char *path;
	json_t *value;
	json_object_foreach(defaults, path, value) {
		const char *dot = strchr(path, '.');
		const char *entity = dot != NULL ? arena_strndup(x->ctx->arena, path, (size_t)(dot - path)) : NULL;
		const struct entity_info *info = entity != NULL ? registry_find(x->ctx->registry, entity) : NULL;
		if (info == NULL || !json_is_string(value) || entity_field(info, dot + 1) < 0)
			return fail_arg(x->ctx, ERR_INVALID, "plan.defaults", "unknown_field", path);
		struct part *part = part_of(x, info);
		json_t *one = json_pack("{s:O}", "value", value);
		if (part == NULL || one == NULL)
			return fail(x->ctx, ERR_LIMIT, "", "memory");
		json_t *mapped = json_object_get(part->fields, dot + 1);
		/* Beside a column it is what empty cells get. */
		int bad = mapped != NULL ? json_object_set(mapped, "else", value) : json_object_set(part->fields, dot + 1, one);
		json_decref(one);
		if (bad != 0)
			return fail(x->ctx, ERR_LIMIT, "", "memory");
	}
	return OK;
}

/* --- links and order ------------------------------------------------------------ */

/* Links to other records of the row that no column fills. */
static enum err add_links(struct expanding *x, struct part *part)
{
	for (int at = SF_COUNT; at < (int)part->info->n_fields; at++) {
		const struct field *field = part->info->fields[at];
		if (field->type != FIELD_LINK || json_object_get(part->fields, field->name) != NULL || (field->flags & F_READONLY))
			continue;
		for (size_t i = 0; i < x->n; i++) {
			const struct part *target = &x->parts[i];
			if (target == part || !target->placed || entity_link(part->info, at) != target->info)
				continue;
			json_t *value = json_pack("{s:s}", "record", target->info->entity->name);
			if (value == NULL || json_object_set_new(part->fields, field->name, value) != 0)
				return fail(x->ctx, ERR_LIMIT, "", "memory");
		}
	}
	return OK;
}

static bool waits(const struct expanding *x, const struct part *part)
{
	for (int at = SF_COUNT; at < (int)part->info->n_fields; at++) {
		const struct field *field = part->info->fields[at];
		if (field->type != FIELD_LINK || json_object_get(part->fields, field->name) != NULL)
			continue;
		for (size_t i = 0; i < x->n; i++)
			if (&x->parts[i] != part && !x->parts[i].placed && entity_link(part->info, at) == x->parts[i].info)
				return true;
	}
	return false;
}

/* The next record all of whose links stand already; the first one left when they go in a circle. */
static struct part *next_part(struct expanding *x)
{
	struct part *any = NULL;
	for (size_t i = 0; i < x->n; i++) {
		struct part *part = &x->parts[i];
		if (part->placed)
			continue;
		if (!waits(x, part))
			return part;
		if (any == NULL)
			any = part;
	}
	return any;
}

/* --- keys ------------------------------------------------------------------------- */

static json_t *key_of(const struct part *part)
{
	for (size_t i = 0; i < sizeof(natural_keys) / sizeof(natural_keys[0]); i++) {
		if (!str_equal(natural_keys[i].entity, part->info->entity->name))
			continue;
		json_t *key = json_array();
		bool all = true;
		for (const char *p = natural_keys[i].fields; *p != '\0';) {
			size_t len = strcspn(p, ",");
			json_t *name = json_stringn(p, len);
			all &= name != NULL && json_object_get(part->fields, json_string_value(name)) != NULL;
			(void)json_array_append_new(key, name);
			p += len + (p[len] == ',');
		}
		if (all)
			return key;
		json_decref(key);
	}
	return json_array();
}

/* Column that says whether the row has this record: of its last key field, or its first. */
static int telling_column(const struct part *part, const json_t *key)
{
	size_t n = json_array_size(key);
	const char *name = n > 0 ? json_string_value(json_array_get(key, n - 1)) : NULL;
	const json_t *value = name != NULL ? json_object_get(part->fields, name) : NULL;
	const json_t *column = json_object_get(value, "column");
	return json_is_integer(column) ? (int)json_integer_value(column) : part->first_column + 1;
}

/* Mode and key of a record: the main one as asked, others are found or made. */
static const char *mode_of(const struct part *part, const json_t *simple, json_t **key)
{
	const json_t *given = json_object_get(simple, "key");
	const char *mode = json_string_value(json_object_get(simple, "mode"));
	bool chosen = part->main && json_array_size(given) > 0;
	*key = chosen ? json_deep_copy(given) : key_of(part);
	bool keyed = json_array_size(*key) > 0;
	if (!part->main)
		return keyed ? "keep" : "create";
	if (mode == NULL)
		mode = "upsert";
	if (!keyed && !str_equal(mode, "update"))
		mode = "create";
	if (str_equal(mode, "create") && !chosen) { /* asked to create: duplicates are the unique fields' matter */
		json_decref(*key);
		*key = json_array();
	}
	return mode;
}

static enum err add_record(struct expanding *x, const json_t *simple, struct part *part, json_t *records)
{
	const char *name = part->info->entity->name;
	json_t *key = NULL, *when = NULL;
	const char *mode = mode_of(part, simple, &key);
	if (!part->main && part->first_column >= 0)
		when = json_pack("{s:i, s:b}", "column", telling_column(part, key), "filled", 1);
	json_t *record = json_pack("{s:s, s:s, s:s, s:o, s:O, s:o*}", "as", name, "entity", name, "mode", mode, "key", key, "fields",
	                           part->fields, "when", when);
	if (record == NULL || json_array_append_new(records, record) != 0)
		return fail(x->ctx, ERR_LIMIT, "", "memory");
	return OK;
}

static enum err expand(struct expanding *x, const json_t *simple, json_t **ret)
{
	static const char *const kept[] = {"format", "encoding", "delimiter", "header_row", "sheet", "date_order", "number", "utc_offset",
	                                   "keep_dates", "blank_clears", "again", "date_guessed"};
	const json_t *mapping = json_object_get(simple, "mapping"), *one;
	size_t i;
	enum err err = OK;
	if (!json_is_array(mapping) || json_array_size(mapping) == 0)
		return wrong(x->ctx, NULL);
	json_array_foreach(mapping, i, one) {
		err = add_column(x, one);
		if (err != OK)
			return err;
	}
	err = add_defaults(x, json_object_get(simple, "defaults"));
	json_t *plan = json_object(), *records = json_array();
	for (i = 0; err == OK && i < x->n; i++) {
		struct part *part = next_part(x);
		err = add_links(x, part);
		if (err == OK)
			err = add_record(x, simple, part, records);
		part->placed = true;
	}
	for (i = 0; err == OK && i < sizeof(kept) / sizeof(kept[0]); i++)
		if (json_object_get(simple, kept[i]) != NULL)
			(void)json_object_set(plan, kept[i], json_object_get(simple, kept[i]));
	(void)json_object_set_new(plan, "main", json_string(x->parts[0].info->entity->name));
	if (json_object_set_new(plan, "records", records) != 0 && err == OK)
		err = fail(x->ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		json_decref(plan);
	else
		*ret = plan;
	return err;
}

enum err plan_expand(struct ctx *ctx, const json_t *simple, const struct plan_columns *columns, json_t **ret)
{
	struct expanding x = {.ctx = ctx, .columns = columns};
	*ret = NULL;
	enum err err = expand(&x, simple, ret);
	for (size_t i = 0; i < x.n; i++)
		json_decref(x.parts[i].fields);
	return err;
}
