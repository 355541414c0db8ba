/* Rules asked. Candidates come from indexes (phone, e-mail, the sorting form of the name), of each at most some dozens; every rule then looks at
 * each of them in memory. */
#include <string.h>

#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/store/store.h"
#include "core/text/text.h"
#include "customers/customers.h"
#include "duplicates/pair.h"
#include "duplicates/rule.h"
#include "duplicates_sql.h"
#include "linkage/linkage.h"

enum { RULES_MAX = 50, PARTS = 3, CANDIDATES_MAX = 60, OF_ONE_MAX = 20 };
#define ALIKE .9 /* of Jaro and Winkler, on the forms by which names sort */

struct rule {
	int64_t id, sure;
	const char *name, *parts[PARTS];
	bool refuses;
};

struct asking {
	struct ctx *ctx;
	const struct record *customer;
	struct rule rules[RULES_MAX];
	size_t n_rules;
	int64_t ids[CANDIDATES_MAX];
	bool by_phone[CANDIDATES_MAX], by_email[CANDIDATES_MAX]; /* one of their phones or addresses is the same */
	size_t n;
	const char *sorts;
};

static const char *kept(struct ctx *ctx, const struct stmt *stmt, int at)
{
	const char *text = stmt_text(stmt, at);
	return text != NULL ? arena_strdup(ctx->arena, text) : NULL;
}

static enum err read_rules(struct asking *a, bool importing)
{
	struct ctx *ctx = a->ctx;
	struct stmt *stmt;
	bool row = true;
	enum err err = db_prepare(ctx, ctx->db, &sql_rule_list, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, importing);
	while (a->n_rules < RULES_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		struct rule *r = &a->rules[a->n_rules++];
		const char *zh = kept(ctx, stmt, 2);
		*r = (struct rule){.id = stmt_i64(stmt, 0), .name = ctx->locale != LOCALE_EN && zh != NULL ? zh : kept(ctx, stmt, 1),
		                   .parts = {kept(ctx, stmt, 3), kept(ctx, stmt, 4), kept(ctx, stmt, 5)},
		                   .refuses = str_equal(stmt_text(stmt, 6), "refuse"), .sure = stmt_i64(stmt, 7)};
	}
	stmt_done(stmt);
	return err;
}

static bool asks(const struct asking *a, const char *part)
{
	for (size_t i = 0; i < a->n_rules; i++)
		for (size_t k = 0; k < PARTS; k++)
			if (str_equal(a->rules[i].parts[k], part))
				return true;
	return false;
}

/* --- candidates -------------------------------------------------------------------------------- */

static void add(struct asking *a, int64_t id, const char *part)
{
	size_t at = 0;
	if (id == record_id(a->customer))
		return;
	while (at < a->n && a->ids[at] != id)
		at++;
	if (at == CANDIDATES_MAX)
		return;
	if (at == a->n) {
		a->ids[a->n++] = id;
		a->by_phone[at] = a->by_email[at] = false;
	}
	a->by_phone[at] = a->by_phone[at] || str_equal(part, "phone");
	a->by_email[at] = a->by_email[at] || str_equal(part, "email");
}

static enum err candidates(struct asking *a, const struct sql *sql, const char *text, const char *part)
{
	static const char *const narrows[] = {"name", "city", "birthday", "employer", "kind"};
	struct stmt *stmt;
	bool row = true;
	if (str_empty(text))
		return OK;
	enum err err = db_prepare(a->ctx, a->ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, text);
	stmt_bind_i64(stmt, 2, OF_ONE_MAX);
	for (size_t i = 0; sql == &sql_rule_by_name && i < sizeof(narrows) / sizeof(narrows[0]); i++)
		stmt_bind_text(stmt, (int)i + 3, record_text(a->customer, narrows[i]));
	while ((err = stmt_step(a->ctx, stmt, &row)) == OK && row)
		add(a, stmt_i64(stmt, 0), part);
	stmt_done(stmt);
	return err;
}

static enum err find_candidates(struct asking *a)
{
	struct ctx *ctx = a->ctx;
	const struct entity_info *info = a->customer->info;
	const char *name = record_text(a->customer, "name");
	struct value email = *record_value(a->customer, "email");
	enum err err = OK;
	if (asks(a, "phone"))
		err = candidates(a, &sql_rule_by_phone, record_text(a->customer, "phone"), "phone");
	if (err == OK && asks(a, "email") && email.kind == VALUE_TEXT)
		err = entity_compared_value(ctx, info, entity_field(info, "email"), &email, &email);
	if (err == OK && asks(a, "email") && email.kind == VALUE_TEXT)
		err = candidates(a, &sql_rule_by_email, email.t.p, "email");
	if (err == OK && !str_empty(name))
		err = customer_sort_name(ctx, name, strlen(name), &a->sorts);
	if (err == OK && (asks(a, "name") || asks(a, "sound")))
		err = candidates(a, &sql_rule_by_name, a->sorts, "name");
	return err;
}

/* --- comparing ------------------------------------------------------------------------------------ */

static enum err same_form(struct ctx *ctx, const char *x, const char *y, bool *ret)
{
	const char *a, *b;
	size_t n, m;
	*ret = false;
	if (str_empty(x) || str_empty(y))
		return OK;
	enum err err = text_form(ctx, x, strlen(x), false, &a, &n);
	if (err == OK)
		err = text_form(ctx, y, strlen(y), false, &b, &m);
	*ret = err == OK && n == m && memcmp(a, b, n) == 0;
	return err;
}

static bool alike(const char *x, const char *y)
{
	return !str_empty(x) && !str_empty(y) && (str_equal(x, y) || linkage_jaro_winkler(x, y) >= ALIKE);
}

static enum err agrees(struct asking *a, const char *part, size_t at, const struct record *other, bool *ret)
{
	const char *sorts = record_text(other, "sort_name");
	*ret = true;
	if (part == NULL)
		return OK;
	if (str_equal(part, "phone"))
		*ret = a->by_phone[at];
	else if (str_equal(part, "email"))
		*ret = a->by_email[at];
	else if (str_equal(part, "sound"))
		*ret = !str_empty(a->sorts) && str_equal(a->sorts, sorts);
	else if (str_equal(part, "alike"))
		*ret = alike(a->sorts, sorts);
	else
		return same_form(a->ctx, record_text(a->customer, part), record_text(other, part), ret);
	return OK;
}

static enum err look_at(struct asking *a, size_t at, struct rule_match *ret, bool *ret_any)
{
	struct record *other;
	*ret_any = false;
	enum err err = record_load(a->ctx, a->customer->info, a->ids[at], &other);
	for (size_t i = 0; err == OK && i < a->n_rules; i++) {
		const struct rule *r = &a->rules[i];
		bool all = true;
		for (size_t k = 0; err == OK && all && k < PARTS; k++)
			err = agrees(a, r->parts[k], at, other, &all);
		if (err != OK || !all)
			continue;
		bool refuses = r->refuses || (*ret_any && ret->refuses);
		if (!*ret_any || r->sure * (PAIR_PPM / 100) > ret->chance || (r->refuses && !ret->refuses))
			*ret = (struct rule_match){.id = a->ids[at], .rule = r->id, .name = r->name, .chance = r->sure * (PAIR_PPM / 100)};
		ret->refuses = refuses;
		*ret_any = true;
	}
	return err;
}

enum err rule_find(struct ctx *ctx, const struct record *customer, bool importing, struct rule_match *ret, size_t *ret_n)
{
	struct asking *a = arena_alloc(ctx->arena, sizeof(*a));
	*ret_n = 0;
	if (a == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	a->ctx = ctx;
	a->customer = customer;
	enum err err = read_rules(a, importing);
	if (err == OK && a->n_rules > 0)
		err = find_candidates(a);
	for (size_t i = 0; err == OK && i < a->n && *ret_n < RULE_MATCHES_MAX; i++) {
		struct rule_match match;
		bool any;
		err = look_at(a, i, &match, &any);
		if (err != OK || !any)
			continue;
		size_t at = (*ret_n)++;
		for (; at > 0 && ret[at - 1].chance < match.chance; at--)
			ret[at] = ret[at - 1];
		ret[at] = match;
	}
	return err;
}

/* --- who is saved ------------------------------------------------------------------------------------- */

static bool bears_on(const struct record *old, const struct record *now)
{
	static const char *const compared[] = {"name", "phone", "email", "city", "birthday", "employer", "kind"};
	for (size_t i = 0; old != NULL && i < sizeof(compared) / sizeof(compared[0]); i++)
		if (!value_equal(record_value(old, compared[i]), record_value(now, compared[i])))
			return true;
	return old == NULL;
}

static enum err find_all(struct ctx *ctx, const struct record *old, const struct record *now, struct rule_match **ret, size_t *ret_n)
{
	*ret_n = 0;
	*ret = NULL;
	if (now == NULL || !bears_on(old, now))
		return OK;
	*ret = arena_array(ctx->arena, RULE_MATCHES_MAX, sizeof(**ret));
	return *ret != NULL ? rule_find(ctx, now, ctx->gathering != NULL, *ret, ret_n) : fail(ctx, ERR_LIMIT, "", "memory");
}

/* Who brings somebody back, or takes a merge apart, is not asked: two they are. */
static bool is_back(const struct record *old, const struct record *now)
{
	return old == NULL && now != NULL && record_i64(now, "version") > 1;
}

enum err rule_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	struct rule_match *list;
	size_t n;
	(void)entity;
	if (now == NULL || is_back(old, now))
		return OK;
	struct arena_mark mark = arena_mark(ctx->arena); /* an import's batch keeps its arena for thousands of them */
	enum err err = find_all(ctx, old, now, &list, &n);
	for (size_t i = 0; err == OK && i < n; i++)
		if (list[i].refuses)
			return fail_arg(ctx, ERR_CONFLICT, "", "rule_refuses", list[i].name);
	if (err == OK)
		arena_rewind(ctx->arena, mark);
	return err;
}

static enum err put_pair(struct ctx *ctx, const struct rule_match *match, int64_t id)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_pair_pass_on, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, match->id < id ? match->id : id);
	stmt_bind_i64(stmt, 2, match->id < id ? id : match->id);
	stmt_bind_i64(stmt, 3, match->chance);
	stmt_bind_i64(stmt, 4, 0);
	stmt_bind_text(stmt, 5, PAIR_OPEN);
	stmt_bind_text(stmt, 6, "{}");
	stmt_bind_i64(stmt, 7, 0);
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	return err;
}

enum err rule_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	struct rule_match *list;
	size_t n;
	(void)entity;
	if (now == NULL || is_back(old, now))
		return OK;
	struct arena_mark mark = arena_mark(ctx->arena);
	enum err err = find_all(ctx, old, now, &list, &n);
	for (size_t i = 0; err == OK && i < n; i++)
		err = put_pair(ctx, &list[i], record_id(now));
	if (err == OK)
		arena_rewind(ctx->arena, mark);
	return err;
}
