/* Which warranty a thing has, from when until when, and what that means for a fault on a day. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "equipment/equipment_internal.h"
#include "equipment_sql.h"

enum { LEVELS_MAX = 20, YEAR_MONTHS = 12, YEAR_MAX = 9999 };

/* That of the product's category, or of the nearest one above it that has one. */
static enum err term_of_category(struct ctx *ctx, int64_t product, const char *country, int64_t *ret)
{
	struct record *r;
	enum err err = record_load(ctx, registry_find(ctx->registry, "product"), product, &r);
	int64_t category = err == OK ? record_i64(r, "category_id") : 0;
	for (int i = 0; err == OK && *ret == 0 && category != 0 && i < LEVELS_MAX; i++) {
		err = equipment_ask(ctx, &sql_warranty_term_category, category, 0, country, ret);
		if (err == OK)
			err = record_load(ctx, registry_find(ctx->registry, "category"), category, &r);
		category = err == OK ? record_i64(r, "parent_id") : 0;
	}
	return err;
}

/* The product's own, else that of its categories, else the general one; of two, the country's. */
static enum err find_term(struct ctx *ctx, const struct record *of, const struct record **ret)
{
	const char *country = record_text(of, "country") != NULL ? record_text(of, "country") : "";
	struct record *r;
	int64_t id = 0;
	*ret = NULL;
	enum err err = equipment_ask(ctx, &sql_warranty_term_product, record_i64(of, "product_id"), 0, country, &id);
	if (err == OK && id == 0)
		err = term_of_category(ctx, record_i64(of, "product_id"), country, &id);
	if (err == OK && id == 0)
		err = equipment_ask(ctx, &sql_warranty_term_general, 0, 0, country, &id);
	if (err != OK || id == 0)
		return err;
	err = record_load(ctx, registry_find(ctx->registry, warranty_term_entity.name), id, &r);
	*ret = err == OK ? r : NULL;
	return err;
}

/* The same day of the month so many months on, or the month's last; the year 9999 has an end, too. */
static const char *months_after(struct ctx *ctx, const char *day, int64_t months)
{
	struct civil civil;
	char text[RECEIVABLES_DAY_BYTES];
	int64_t at;
	if (!time_parse(day, &at))
		return NULL;
	time_to_civil(at, &civil);
	int64_t count = (int64_t)civil.year * YEAR_MONTHS + civil.month - 1 + months;
	if (count / YEAR_MONTHS > YEAR_MAX)
		return "9999-12-31";
	for (int d = civil.day; d > 0; d--) {
		(void)snprintf(text, sizeof(text), "%04d-%02d-%02d", (int)(count / YEAR_MONTHS) % 10000, (int)(count % YEAR_MONTHS) + 1, d % 100);
		if (date_valid(text))
			return arena_strdup(ctx->arena, text);
	}
	return NULL;
}

enum err warranty_of(struct ctx *ctx, const struct record *equipment, const char *day, struct warranty *ret)
{
	int64_t owners = 0;
	*ret = (struct warranty){.verdict = "no_term"};
	enum err err = find_term(ctx, equipment, &ret->term);
	if (err != OK || ret->term == NULL)
		return err;
	const char *sold = record_text(equipment, "sold_on"), *installed = record_text(equipment, "installed_on");
	ret->from = str_equal(record_text(ret->term, "starts"), "installation") && installed != NULL ? installed : sold;
	ret->verdict = "no_start";
	if (ret->from == NULL)
		return OK;
	err = equipment_ask(ctx, &sql_warranty_months, record_id(equipment), 0, NULL, &ret->extended);
	if (err == OK)
		err = equipment_ask(ctx, &sql_equipment_owners, record_id(equipment), 0, NULL, &owners);
	if (err != OK)
		return err;
	ret->until = months_after(ctx, ret->from, record_i64(ret->term, "months") + ret->extended);
	if (ret->until == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	ret->verdict = strcmp(day, ret->from) < 0 ? "before" : strcmp(day, ret->until) > 0 ? "expired" : "covered";
	if (str_equal(ret->verdict, "covered") && owners > 1 && record_i64(ret->term, "transferable") == 0)
		ret->verdict = "transferred";
	return OK;
}

enum err warranty_said(struct ctx *ctx, const struct warranty *w, const char **ret)
{
	static const struct {
		const char *verdict;
		struct text2 words;
	} all[] = {
		{"covered", {"Covered until %s by %s", "保修至 %s，依据：%s"}},
		{"expired", {"Covered until %s by %s: that is over", "保修已于 %s 结束，依据：%s"}},
		{"transferred", {"Would be covered until %s, but %s does not hold for a second owner", "本可保修至 %s，但%s不随过户转移"}},
		{"before", {"The fault came before the warranty (until %s, by %s) began", "故障早于保修起始（保修至 %s，依据：%s）"}},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!str_equal(all[i].verdict, w->verdict))
			continue;
		const char *pattern = entity_label(ctx, &all[i].words), *first = strstr(pattern, "%s"), *second = first != NULL ? strstr(first + 2, "%s") : NULL;
		if (second == NULL)
			return fail(ctx, ERR_BUG, "", "words");
		*ret = arena_printf(ctx->arena, "%.*s%s%.*s%s%s", (int)(first - pattern), pattern, w->until, (int)(second - first - 2), first + 2, record_text(w->term, "name"), second + 2);
		return *ret != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	}
	for (const struct option *o = warranty_verdicts; o->value != NULL; o++) {
		if (str_equal(o->value, w->verdict))
			*ret = entity_label(ctx, &o->label);
	}
	return OK;
}
