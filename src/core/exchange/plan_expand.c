/* The wizard's short form of a plan, a column to a field, as a whole plan: records in
 * an order in which links can be set, keys by which each kind of record is known. */
#include <string.h>

#include "base/str.h"
#include "core/exchange/convert.h"
#include "core/exchange/guess.h"

enum { ENTITIES_MAX = PLAN_RECORDS_MAX, FURTHER_MAX = 12 };

struct part {
	const struct entity_info *info;
	json_t *fields; /* owned until it goes into the plan */
	int first_column;
	bool main, placed;
};

/* A further phone, address or name in a chat of the row's customer: a record of its own. */
struct further {
	int column; /* from 0 */
	const char *kind; /* of identifier; NULL: a street */
};

struct expanding {
	struct ctx *ctx;
	const struct plan_columns *columns;
	struct part parts[ENTITIES_MAX];
	size_t n;
	struct further further[FURTHER_MAX];
	size_t n_further;
	bool people;    /* customers are mapped, and no kinds of identifiers: each column of those is one */
};

/* By what a record is recognised, the surest first; several fields are one key. Nobody is known by a name alone, and a
 * phone may be a household's or an office's: it tells with the name only. */
static const struct {
	const char *entity, *fields;
} natural_keys[] = {
	{"customer", "number"}, {"customer", "registration_no"}, {"customer", "phone,name"}, {"customer", "email"},
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

static enum err wrong(struct ctx *ctx, const json_t *what)
{
	const char *text = what == NULL ? "null" : arena_printf(ctx->arena, "%.60s", json_is_string(what) ? json_string_value(what) : json_is_integer(what) ? "a number out of range" : "no number");
	return fail_arg(ctx, ERR_INVALID, "plan.mapping", "plan_mapping", text);
}

static enum err find_middle(struct expanding *x, int *ret)
{
	*ret = -1;
	for (size_t i = 0; i < x->columns->n; i++) {
		const char *folded = NULL;
		enum err err = guess_fold_bare(x->ctx, x->columns->names[i], &folded);
		if (err != OK)
			return err;
		if (guess_among(x->ctx, guess_middle_names, folded))
			*ret = (int)i;
	}
	return OK;
}

/* First and last name stand in two columns: one field, in the order that the name's script has. */
static enum err name_value(struct expanding *x, int column, json_t **ret)
{
	int other = -1, middle = -1;
	bool first = false;
	*ret = NULL;
	if ((size_t)column >= x->columns->n)
		return OK;
	enum err err = guess_other_half(x->ctx, x->columns, column, &other, &first);
	if (err != OK || other < 0)
		return err;
	err = find_middle(x, &middle);
	if (err != OK)
		return err;
	int given = first ? column : other, family = first ? other : column;
	*ret = json_pack("{s:i, s:i}", "given", given + 1, "family", family + 1);
	if (*ret != NULL && middle >= 0)
		(void)json_object_set_new(*ret, "middle", json_integer(middle + 1));
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

static bool add_further(struct expanding *x, int column, const char *kind)
{
	if (x->n_further == FURTHER_MAX)
		return false;
	x->further[x->n_further++] = (struct further){column, kind};
	return true;
}

static bool is_mapped(const struct expanding *x, const struct entity_info *info, const char *field)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->parts[i].info == info && json_object_get(x->parts[i].fields, field) != NULL)
			return true;
	return false;
}

static bool is_field(const struct entity_info *info, int at, const char *entity, const char *field)
{
	return str_equal(info->entity->name, entity) && str_equal(info->fields[at]->name, field);
}

/* Whether the column is one more of what the row's customer has already. */
static enum err is_further(struct expanding *x, const struct entity_info *info, int at, int column, bool *ret)
{
	const char *kind = NULL;
	bool again = is_mapped(x, info, info->fields[at]->name);
	*ret = true;
	if (x->people && is_field(info, at, "identifier", "value"))
		kind = (size_t)column < x->columns->n ? guess_identifier_kind(x->ctx, x->columns->names[column], true) : "other";
	else if (again && is_field(info, at, "customer", "phone"))
		kind = "phone";
	else if (again && is_field(info, at, "customer", "email"))
		kind = "email";
	else
		*ret = x->people && again && is_field(info, at, "address", "street");
	return *ret && !add_further(x, column, kind) ? fail(x->ctx, ERR_LIMIT, "plan.mapping", "plan_records") : OK;
}

static enum err add_column(struct expanding *x, const json_t *one)
{
	const json_t *column = json_object_get(one, "column");
	const char *entity = json_string_value(json_object_get(one, "entity")), *name = json_string_value(json_object_get(one, "field"));
	const struct entity_info *info = entity != NULL ? registry_find(x->ctx->registry, entity) : NULL;
	int at = info != NULL && name != NULL ? entity_field(info, name) : -1;
	json_t *value = NULL;
	if (!json_is_integer(column) || json_integer_value(column) < 0 || json_integer_value(column) >= TABLE_COLUMNS_MAX)
		return wrong(x->ctx, column);
	if (at < 0)
		return fail_arg(x->ctx, ERR_INVALID, "plan.mapping", "unknown_field", name);
	int index = (int)json_integer_value(column);
	bool further = false;
	enum err err = is_further(x, info, at, index, &further);
	if (err != OK || further)
		return err;
	struct part *part = part_of(x, info);
	if (part == NULL)
		return fail(x->ctx, ERR_LIMIT, "plan.mapping", "plan_records");
	err = column_value(x, info, at, index, &value);
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
		if (part != NULL && part->first_column < 0) /* a record of nothing but defaults in every row is a mistake */
			return fail_arg(x->ctx, ERR_INVALID, "plan.defaults", "plan_choice_unused", arena_strdup(x->ctx->arena, path));
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
	static const char *const telling[] = {"quantity", "unit_price", NULL};
	size_t n = json_array_size(key);
	for (size_t i = 0; str_equal(part->info->entity->name, "order_line") && telling[i] != NULL; i++) {
		const json_t *at = json_object_get(json_object_get(part->fields, telling[i]), "column");
		if (json_is_integer(at))
			return (int)json_integer_value(at);
	}
	const char *name = n > 0 ? json_string_value(json_array_get(key, n - 1)) : NULL;
	const json_t *value = name != NULL ? json_object_get(part->fields, name) : NULL;
	const json_t *column = json_object_get(value, "column");
	return json_is_integer(column) ? (int)json_integer_value(column) : part->first_column + 1;
}

/* Mode and key of a record: the main one as asked, others are found or made. */
static const char *mode_of(const struct part *part, const json_t *simple, json_t **key, bool *ret_guessed)
{
	const json_t *given = json_object_get(simple, "key");
	const char *mode = json_string_value(json_object_get(simple, "mode"));
	bool chosen = part->main && json_array_size(given) > 0;
	*key = chosen ? json_deep_copy(given) : key_of(part);
	bool keyed = json_array_size(*key) > 0;
	*ret_guessed = keyed && !chosen;
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

static json_t *field_copies(const json_t *fields, const char *const *names)
{
	json_t *copies = json_object();
	for (; copies != NULL && *names != NULL; names++)
		(void)json_object_set_new(copies, *names, json_deep_copy(json_object_get(fields, *names)));
	return copies;
}

/* People whose phone tells nothing are known by their address and name. */
static enum err add_finders(struct expanding *x, const struct part *part, json_t *record, json_t *records)
{
	static const char *const by_phone[] = {"phone", "name", NULL}, *const by_email[] = {"email", "name", NULL};
	const json_t *key = json_object_get(record, "key"), *email = json_object_get(part->fields, "email"), *mode = json_object_get(record, "mode");
	bool phones = json_array_size(key) == 2 && str_equal(json_string_value(json_array_get(key, 0)), "phone");
	bool finds = str_equal(json_string_value(mode), "upsert") || str_equal(json_string_value(mode), "update") || str_equal(json_string_value(mode), "keep");
	if (!phones || !finds || json_object_get(record, "key_guessed") == NULL || json_object_get(email, "column") == NULL)
		return OK;
	json_t *first = json_pack("{s:s, s:s, s:s, s:[s,s], s:b, s:o}", "as", "by_phone", "entity", "customer", "mode", "find", "key", "phone", "name",
	                          "whole_key", 1, "fields", field_copies(part->fields, by_phone));
	json_t *second = json_pack("{s:s, s:s, s:s, s:[s,s], s:b, s:o}", "as", "by_email", "entity", "customer", "mode", "find", "key", "email", "name",
	                           "whole_key", 1, "fields", field_copies(part->fields, by_email));
	bool ok = first != NULL && second != NULL && json_array_append_new(records, first) == 0 && json_array_append_new(records, second) == 0;
	ok &= json_object_set_new(record, "same_as", json_pack("[s,s]", "by_phone", "by_email")) == 0;
	return ok ? OK : fail(x->ctx, ERR_LIMIT, "", "memory");
}

static enum err add_record(struct expanding *x, const json_t *simple, struct part *part, json_t *records)
{
	const char *name = part->info->entity->name;
	json_t *key = NULL, *when = NULL;
	bool guessed = false;
	const char *mode = mode_of(part, simple, &key, &guessed);
	if (!part->main && part->first_column >= 0)
		when = json_pack("{s:i, s:b}", "column", telling_column(part, key), "filled", 1);
	/* Lines are added to orders that are new: an order that an earlier file brought has its lines. */
	bool line = str_equal(name, "order_line") && str_equal(json_string_value(json_object_get(json_object_get(part->fields, "order_id"), "record")), "order");
	if (line) {
		mode = "create";
		json_array_clear(key);
	}
	json_t *record = json_pack("{s:s, s:s, s:s, s:o, s:O, s:o*, s:s*}", "as", name, "entity", name, "mode", mode, "key", key, "fields",
	                           part->fields, "when", when, "only_new", line ? "order" : NULL);
	if (record == NULL)
		return fail(x->ctx, ERR_LIMIT, "", "memory");
	/* People are told apart by all of the key or not at all. */
	if (str_equal(name, "customer"))
		(void)json_object_set_new(record, "whole_key", json_true());
	if (guessed)
		(void)json_object_set_new(record, "key_guessed", json_true());
	enum err err = str_equal(name, "customer") ? add_finders(x, part, record, records) : OK;
	int full = json_array_append_new(records, record);
	return err == OK && full != 0 ? fail(x->ctx, ERR_LIMIT, "", "memory") : err;
}

static struct part *part_named(struct expanding *x, const char *entity)
{
	for (size_t i = 0; i < x->n; i++)
		if (str_equal(x->parts[i].info->entity->name, entity))
			return &x->parts[i];
	return NULL;
}

/* That all columns which a value is made of are empty. */
static json_t *empty_when(const json_t *value)
{
	static const char *const parts[] = {"column", "given", "middle", "family"};
	json_t *list = json_array();
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (json_object_get(value, parts[i]) != NULL)
			(void)json_array_append_new(list, json_pack("{s:O, s:b}", "column", json_object_get(value, parts[i]), "empty", 1));
	return list;
}

/* The name, the kind and the employer of rows of people and firms; `nobody`: that the row names no person. */
static enum err set_company(struct expanding *x, struct part *part, json_t *name, json_t *column, json_t *nobody)
{
	json_t *kind = json_object_get(part->fields, "kind"), *both = json_deep_copy(nobody), *named = json_deep_copy(name), *one;
	size_t i;
	(void)json_array_append_new(both, json_pack("{s:O, s:b}", "column", column, "filled", 1));
	json_t *is = json_pack("{s:[{s:o, s:s}]}", "rules", "when", both, "then", "company"), *works = json_pack("{s:[]}", "rules");
	json_array_foreach(nobody, i, one)
		(void)json_array_append_new(json_object_get(works, "rules"), json_pack("{s:{s:O, s:b}, s:{s:O}}", "when", "column",
		                            json_object_get(one, "column"), "filled", 1, "then", "column", column));
	if (is != NULL && kind != NULL)
		(void)json_object_set(is, "else", json_object_get(kind, "value"));
	if (named != NULL && json_object_get(named, "else") == NULL)
		(void)json_object_set_new(named, "else", json_pack("{s:O}", "column", column));
	bool ok = is != NULL && works != NULL && named != NULL;
	ok &= json_object_set_new(part->fields, "kind", is) == 0;
	ok &= json_object_set_new(part->fields, "employer", works) == 0;
	ok &= json_object_set_new(part->fields, "name", named) == 0;
	return ok ? OK : fail(x->ctx, ERR_LIMIT, "", "memory");
}

/* Whether the column is headed by a word for firms. */
static enum err heads_company(struct expanding *x, const json_t *at, bool *ret)
{
	const char *folded = "";
	enum err err = OK;
	if (json_is_integer(at) && json_integer_value(at) >= 1 && json_integer_value(at) <= (json_int_t)x->columns->n)
		err = guess_fold_bare(x->ctx, x->columns->names[json_integer_value(at) - 1], &folded);
	*ret = err == OK && guess_among(x->ctx, guess_companies, folded);
	return err;
}

/* Rows with a company and nobody's name are companies; where somebody is named it is where he works. */
static enum err settle_company(struct expanding *x)
{
	struct part *part = part_named(x, "customer");
	json_t *name = part != NULL ? json_object_get(part->fields, "name") : NULL;
	const json_t *kind = part != NULL ? json_object_get(part->fields, "kind") : NULL;
	bool company = false;
	if (name == NULL || (kind != NULL && json_object_get(kind, "value") == NULL))
		return OK;
	enum err err = heads_company(x, json_object_get(name, "column"), &company);
	if (err != OK)
		return err;
	if (company && kind == NULL)
		return json_object_set_new(part->fields, "kind", json_pack("{s:s}", "value", "company")) == 0 ? OK : fail(x->ctx, ERR_LIMIT, "", "memory");
	json_t *column = json_object_get(json_object_get(part->fields, "employer"), "column"), *nobody = empty_when(name);
	if (column != NULL && json_array_size(nobody) > 0)
		err = set_company(x, part, name, column, nobody);
	json_decref(nobody);
	return err;
}

/* Orders with their lines in one row: the order is what the file is of, its lines are counted under it. */
static enum err settle_lines(struct expanding *x)
{
	struct part *order = part_named(x, "order"), *line = part_named(x, "order_line");
	bool ok = true;
	if (order == NULL || line == NULL)
		return OK;
	for (size_t i = 0; i < x->n; i++)
		x->parts[i].main = &x->parts[i] == order;
	json_t *customer = json_object_get(order->fields, "customer_id");
	if (json_object_get(customer, "column") != NULL)
		ok = json_object_set_new(customer, "create", json_true()) == 0;
	if (json_object_get(line->fields, "position") == NULL)
		ok &= json_object_set_new(line->fields, "position", json_pack("{s:s}", "counter", "order")) == 0;
	return ok ? OK : fail(x->ctx, ERR_LIMIT, "", "memory");
}

/* A line's product, where there is one of that code; what is not there is not made of an order's words. */
static enum err add_product(struct expanding *x, json_t *records)
{
	struct part *line = part_named(x, "order_line");
	const json_t *sku = line != NULL ? json_object_get(json_object_get(line->fields, "sku"), "column") : NULL;
	if (sku == NULL || json_object_get(line->fields, "product_id") != NULL || part_named(x, "product") != NULL || part_named(x, "order") == NULL ||
	    registry_find(x->ctx->registry, "product") == NULL)
		return OK;
	json_t *find = json_pack("{s:s, s:s, s:s, s:[s], s:{s:O, s:b}, s:{s:{s:O}}}", "as", "product", "entity", "product", "mode", "find", "key", "sku",
	                         "when", "column", sku, "filled", 1, "fields", "sku", "column", sku);
	bool ok = find != NULL && json_array_append_new(records, find) == 0;
	ok &= json_object_set_new(line->fields, "product_id", json_pack("{s:s}", "record", "product")) == 0;
	return ok ? OK : fail(x->ctx, ERR_LIMIT, "", "memory");
}

static enum err settle(struct expanding *x)
{
	enum err err = settle_company(x);
	return err == OK ? settle_lines(x) : err;
}

/* Rows without an order's number belong to the order above. */
static json_t *lines_above(struct expanding *x)
{
	struct part *order = part_named(x, "order");
	json_t *column = order != NULL && part_named(x, "order_line") != NULL ? json_object_get(json_object_get(order->fields, "number"), "column") : NULL;
	return column != NULL ? json_pack("[O]", column) : NULL;
}

/* Whether people are what the columns are of, so that an identifier's column says by its heading which kind it is. */
static bool of_people(const json_t *simple)
{
	const json_t *one;
	size_t i;
	bool people = false, kinds = json_object_get(json_object_get(simple, "defaults"), "identifier.kind") != NULL;
	json_array_foreach(json_object_get(simple, "mapping"), i, one) {
		const char *entity = json_string_value(json_object_get(one, "entity")), *field = json_string_value(json_object_get(one, "field"));
		people |= str_equal(entity, "customer");
		kinds |= str_equal(entity, "identifier") && str_equal(field, "kind");
	}
	return people && !kinds;
}

static json_t *further_record(struct expanding *x, const struct further *f)
{
	const char *as = arena_printf(x->ctx->arena, "further_%d", f->column + 1);
	if (f->kind != NULL)
		return json_pack("{s:s, s:s, s:s, s:[s,s,s], s:{s:i, s:b}, s:{s:{s:s}, s:{s:s}, s:{s:i}, s:{s:s}}}", "as", as, "entity", "identifier", "mode", "keep",
		                 "key", "customer_id", "kind", "value", "when", "column", f->column + 1, "filled", 1, "fields", "customer_id", "record", "customer",
		                 "kind", "value", f->kind, "value", "column", f->column + 1, "evidence", "value", "import");
	return json_pack("{s:s, s:s, s:s, s:[s,s], s:{s:i, s:b}, s:{s:{s:s}, s:{s:s}, s:{s:i}}}", "as", as, "entity", "address", "mode", "keep", "key",
	                 "customer_id", "street", "when", "column", f->column + 1, "filled", 1, "fields", "customer_id", "record", "customer", "kind", "value",
	                 "other", "street", "column", f->column + 1);
}

static enum err add_all_further(struct expanding *x, json_t *records)
{
	bool ok = true;
	for (size_t i = 0; ok && i < x->n_further; i++) {
		if (json_array_size(records) >= PLAN_RECORDS_MAX)
			return fail(x->ctx, ERR_LIMIT, "plan.mapping", "plan_records");
		json_t *record = further_record(x, &x->further[i]);
		ok = record != NULL && json_array_append_new(records, record) == 0;
	}
	return ok ? OK : fail(x->ctx, ERR_LIMIT, "", "memory");
}

static enum err add_records(struct expanding *x, const json_t *simple, json_t *records)
{
	enum err err = add_product(x, records);
	for (size_t i = 0; err == OK && i < x->n; i++) {
		struct part *part = next_part(x);
		err = add_links(x, part);
		if (err == OK)
			err = add_record(x, simple, part, records);
		part->placed = true;
	}
	return err == OK ? add_all_further(x, records) : err;
}

static const char *main_name(const struct expanding *x)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->parts[i].main)
			return x->parts[i].info->entity->name;
	return x->parts[0].info->entity->name;
}

static enum err expand(struct expanding *x, const json_t *simple, json_t **ret)
{
	static const char *const kept[] = {"format", "encoding", "delimiter", "header_row", "sheet", "date_order", "number", "utc_offset",
	                                   "time_zone", "country", "keep_dates", "blank_clears", "again", "values", "on_bad_value", "cells"};
	const json_t *mapping = json_object_get(simple, "mapping"), *one;
	size_t i;
	enum err err = OK;
	if (!json_is_array(mapping) || json_array_size(mapping) == 0)
		return fail(x->ctx, ERR_INVALID, "plan.mapping", "plan_mapping_none");
	x->people = of_people(simple);
	json_array_foreach(mapping, i, one) {
		err = add_column(x, one);
		if (err != OK)
			return err;
	}
	err = add_defaults(x, json_object_get(simple, "defaults"));
	if (err == OK)
		err = settle(x);
	json_t *plan = json_object(), *records = json_array(), *above = lines_above(x);
	if (err == OK)
		err = add_records(x, simple, records);
	for (i = 0; err == OK && i < sizeof(kept) / sizeof(kept[0]); i++)
		if (json_object_get(simple, kept[i]) != NULL)
			(void)json_object_set(plan, kept[i], json_object_get(simple, kept[i]));
	if (above != NULL)
		(void)json_object_set_new(plan, "fill_down", above);
	(void)json_object_set_new(plan, "main", json_string(main_name(x)));
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
