/* Guesses what a file's columns are, from their names and from what stands in them. */
#include "core/exchange/guess.h"

#include <string.h>

#include "base/str.h"
#include "core/exchange/convert.h"
#include "core/text/text.h"

enum { OPTION_SAMPLES = 20, BARE_LESS = 5, COMPANY_SCORE = 40 };

enum err guess_fold(struct ctx *ctx, const char *header, const char **ret)
{
	const char *folded = NULL;
	size_t n = 0, used = 0;
	enum err err = text_fold(ctx, header, strlen(header), &folded, &n);
	if (err != OK)
		return err;
	char *out = arena_alloc(ctx->arena, n + 1);
	if (out == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t at = 0; at < n;) {
		size_t from = at;
		uint32_t c = utf8_next(folded, n, &at);
		bool mark = c < 0x80 && !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'));
		bool wide = (c >= 0x3000 && c <= 0x3020) || (c >= 0xff00 && c <= 0xff0f) || c == 0xff1a || c == 0xb7;
		if (!mark && !wide) {
			memcpy(out + used, folded + from, at - from);
			used += at - from;
		}
	}
	out[used] = '\0';
	*ret = out;
	return OK;
}

/* Where a bracket of any width opens or closes; 0: neither. */
static int bracket(uint32_t c)
{
	static const uint32_t open[] = {'(', '[', '{', '<', 0xff08, 0xff3b, 0x3010, 0x300a, 0x3008, 0x3014, 0x300c};
	static const uint32_t close[] = {')', ']', '}', '>', 0xff09, 0xff3d, 0x3011, 0x300b, 0x3009, 0x3015, 0x300d};
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		if (c == open[i] || c == close[i])
			return c == open[i] ? 1 : -1;
	return 0;
}

/* What stands outside of brackets. */
static const char *outside(struct ctx *ctx, const char *header)
{
	size_t n = strlen(header), used = 0;
	char *out = arena_alloc(ctx->arena, n + 1);
	int depth = 0;
	for (size_t at = 0; out != NULL && at < n;) {
		size_t from = at;
		int change = bracket(utf8_next(header, n, &at));
		depth += change;
		if (depth < 0)
			depth = 0;
		if (depth == 0 && change == 0) {
			memcpy(out + used, header + from, at - from);
			used += at - from;
		}
	}
	if (out != NULL)
		out[used] = '\0';
	return out;
}

enum err guess_fold_bare(struct ctx *ctx, const char *header, const char **ret)
{
	const char *bare = outside(ctx, header), *folded = NULL;
	if (bare == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = guess_fold(ctx, bare, &folded);
	*ret = folded;
	for (size_t i = 0; err == OK && guess_remarks[i] != NULL; i++) {
		size_t len = strlen(folded), n = strlen(guess_remarks[i]);
		if (len <= n)
			continue;
		if (str_ends(folded, guess_remarks[i]))
			*ret = arena_strndup(ctx->arena, folded, len - n);
		else if (str_starts(folded, guess_remarks[i]))
			*ret = folded + n;
	}
	return err == OK && *ret == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

bool guess_among(struct ctx *ctx, const char *list, const char *folded)
{
	const char *word = folded[0] != '\0' ? arena_printf(ctx->arena, "|%s|", folded) : NULL;
	return word != NULL && strstr(list, word) != NULL;
}

enum err guess_other_half(struct ctx *ctx, const struct plan_columns *columns, int column, int *ret, bool *ret_first)
{
	const char *folded = NULL;
	*ret = -1;
	enum err err = guess_fold(ctx, columns->names[column], &folded);
	if (err != OK)
		return err;
	*ret_first = guess_among(ctx, guess_first_names, folded);
	if (!*ret_first && !guess_among(ctx, guess_last_names, folded))
		return OK;
	for (size_t i = 0; err == OK && i < columns->n; i++) {
		err = guess_fold(ctx, columns->names[i], &folded);
		if (err == OK && guess_among(ctx, *ret_first ? guess_last_names : guess_first_names, folded))
			*ret = (int)i;
	}
	return err;
}

/* --- names -------------------------------------------------------------------- */

static int word_score(const char *names, const char *folded)
{
	size_t n = strlen(folded);
	int at = 0;
	for (const char *p = names; *p != '\0'; at++) {
		size_t len = strcspn(p, "|");
		if (len == n && memcmp(p, folded, n) == 0)
			return GUESS_WORD - (at > 20 ? 20 : at);
		p += len + (p[len] == '|');
	}
	return 0;
}

static enum err field_score(struct ctx *ctx, const struct entity_info *info, int at, const char *folded, int *ret)
{
	const struct field *field = info->fields[at];
	const char *labels[] = {field->name, field->label.en, field->label.zh, convert_traditional(ctx, &field->label)};
	*ret = 0;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		const char *label = "";
		enum err err = labels[i] != NULL ? guess_fold(ctx, labels[i], &label) : OK;
		if (err != OK)
			return err;
		if (label[0] != '\0' && strcmp(label, folded) == 0)
			*ret = i == 0 ? GUESS_EXACT : GUESS_LABEL;
		if (*ret > 0)
			return OK;
	}
	for (const struct guess_word *w = guess_words; w->entity != NULL; w++)
		if (strcmp(w->entity, info->entity->name) == 0 && strcmp(w->field, field->name) == 0)
			*ret = word_score(w->names, folded);
	return OK;
}

static bool can_take(const struct ctx *ctx, const struct entity_info *info, int at)
{
	const struct field *field = info->fields[at];
	return at >= SF_COUNT && !(field->flags & (F_SECRET | F_READONLY)) && entity_field_right(ctx->actor, info, at) == RIGHT_WRITE;
}

static enum err best_field(struct ctx *ctx, const struct entity_info *info, const char *folded, int *ret_field, int *ret_score)
{
	*ret_field = -1;
	*ret_score = 0;
	for (int at = SF_COUNT; folded[0] != '\0' && at < (int)info->n_fields; at++) {
		int score = 0;
		enum err err = can_take(ctx, info, at) ? field_score(ctx, info, at, folded, &score) : OK;
		if (err != OK)
			return err;
		if (score > *ret_score) {
			*ret_score = score;
			*ret_field = at;
		}
	}
	return OK;
}

/* --- samples -------------------------------------------------------------------- */

static bool looks_email(const char *text)
{
	const char *at = strchr(text, '@');
	return at != NULL && at > text && strchr(at, '.') != NULL && strchr(text, ' ') == NULL;
}

static bool looks_phone(const char *text)
{
	size_t digits = 0;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p >= '0' && *p <= '9')
			digits++;
		else if (strchr("+-() .", *p) == NULL)
			return false;
	}
	return digits >= 10 && digits <= 15 && (text[0] == '+' || text[0] == '1' || text[0] == '0' || text[0] == '(');
}

/* At least the digits of a number; what else stands there is sorted out when it is read. */
static bool has_number(const char *text)
{
	size_t digits = 0;
	for (const char *p = text; *p != '\0'; p++)
		digits += *p >= '0' && *p <= '9';
	return digits >= 5;
}

static bool mostly(const struct table_row *rows, size_t n, size_t column, bool (*looks)(const char *text))
{
	size_t filled = 0, fitting = 0;
	for (size_t i = 0; i < n; i++) {
		if (column >= rows[i].n || convert_is_nothing(rows[i].cells[column].text))
			continue;
		filled++;
		fitting += looks(rows[i].cells[column].text);
	}
	return filled > 0 && fitting * 10 >= filled * 8;
}

static int sample_field(const struct ctx *ctx, const struct entity_info *info, const struct table_row *rows, size_t n, size_t column)
{
	static const struct {
		enum field_type type;
		bool (*looks)(const char *text);
	} kinds[] = {{FIELD_EMAIL, looks_email}, {FIELD_PHONE, looks_phone}};
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		if (!mostly(rows, n, column, kinds[k].looks))
			continue;
		for (int at = SF_COUNT; at < (int)info->n_fields; at++)
			if (info->fields[at]->type == kinds[k].type && can_take(ctx, info, at))
				return at;
	}
	return -1;
}

/* Most of what stands in the column is one of the field's options. */
static enum err options_fit(struct ctx *ctx, const struct field *field, const struct table_row *rows, size_t n, size_t column, bool *ret)
{
	size_t filled = 0, fitting = 0;
	for (size_t i = 0; i < n && filled < OPTION_SAMPLES; i++) {
		const char *value = NULL;
		if (column >= rows[i].n || rows[i].cells[column].len == 0)
			continue;
		enum err err = convert_option(ctx, field, rows[i].cells[column].text, &value);
		if (err != OK)
			return err;
		filled++;
		for (const struct option *o = field->options; o->value != NULL; o++)
			fitting += strcmp(o->value, value) == 0;
	}
	*ret = fitting * 2 >= filled;
	return OK;
}

/* --- whole files -------------------------------------------------------------------- */

/* Users, roles and views are in no file by chance: they have to be asked for. */
static bool importable(const struct ctx *ctx, const struct entity_info *info, const struct entity_info *wanted)
{
	uint32_t never = E_INTERNAL | E_NO_API_WRITE;
	bool by_chance = !(info->entity->flags & E_SYSTEM) && !str_equal(info->entity->name, "saved_view");
	return !(info->entity->flags & never) && (by_chance || info == wanted) && entity_scope(ctx->actor, info, ACTION_IMPORT) != SCOPE_NONE;
}

/* Each field once: the surest column keeps it. */
static void settle_doubles(struct guess_candidate *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			if (k != i && c->fields[i] >= 0 && c->fields[i] == c->fields[k] && (c->scores[k] > c->scores[i] || (c->scores[k] == c->scores[i] && k < i)))
				c->fields[i] = -1;
	for (size_t i = 0; i < n; i++)
		c->sum += c->fields[i] >= 0 ? c->scores[i] : 0;
}

/* What one column is in this entity. */
static enum err rate_column(struct ctx *ctx, const char *name, const struct table_row *rows, size_t n_rows, size_t column, struct guess_candidate *c)
{
	const struct entity_info *info = c->info;
	int *field = &c->fields[column], *score = &c->scores[column];
	const char *folded = NULL;
	bool fits = true;
	enum err err = guess_fold(ctx, name, &folded);
	if (err == OK)
		err = best_field(ctx, info, folded, field, score);
	if (err == OK && *field < 0) {
		err = guess_fold_bare(ctx, name, &folded);
		if (err == OK)
			err = best_field(ctx, info, folded, field, score);
		*score -= BARE_LESS;
	}
	if (err == OK && *field >= 0 && info->fields[*field]->type == FIELD_ENUM)
		err = options_fit(ctx, info->fields[*field], rows, n_rows, column, &fits);
	if (err != OK)
		return err;
	if (!fits || *field < 0) {
		*field = sample_field(ctx, info, rows, n_rows, column);
		*score = *field >= 0 ? GUESS_SAMPLE : 0;
	}
	return OK;
}

struct workplaces {
	int name, employer, company; /* fields; the column of the company */
	bool person, employed;
};

/* What one column says of people and the firms they work for. */
static enum err see_workplace(struct ctx *ctx, const char *header, struct guess_candidate *c, int column, struct workplaces *w)
{
	const char *folded = NULL;
	enum err err = guess_fold_bare(ctx, header, &folded);
	if (err != OK)
		return err;
	bool is_company = guess_among(ctx, guess_companies, folded);
	int *field = &c->fields[column];
	if (*field < 0 && guess_among(ctx, guess_last_names, folded)) {
		*field = w->name;
		c->scores[column] = COMPANY_SCORE + 1;
	}
	if (is_company && w->company < 0 && (*field == w->name || *field == w->employer))
		w->company = column;
	else if (*field == w->name && !is_company)
		w->person = true;
	else if (*field == w->employer)
		w->employed = true;
	return OK;
}

/* A company is what a person works for wherever the file has a name besides; alone it is the customer. */
static enum err place_companies(struct ctx *ctx, const struct plan_columns *columns, struct guess_candidate *c)
{
	struct workplaces w = {.name = c->info->title, .employer = entity_field(c->info, "employer"), .company = -1};
	if (w.employer < 0 || !can_take(ctx, c->info, w.employer))
		return OK;
	for (size_t i = 0; i < columns->n; i++) {
		enum err err = see_workplace(ctx, columns->names[i], c, (int)i, &w);
		if (err != OK)
			return err;
	}
	if (w.company >= 0 && (!w.person || !w.employed)) {
		c->fields[w.company] = w.person ? w.employer : w.name;
		c->scores[w.company] = w.person ? GUESS_WORD : c->scores[w.company];
	}
	return OK;
}

/* A record without its name or another mark of its own is not what the file holds. */
static void weigh(struct guess_candidate *c, size_t n)
{
	const struct entity_info *info = c->info;
	bool titled = false, marked = false;
	for (size_t i = 0; i < n; i++) {
		const struct field *field = c->fields[i] >= 0 ? info->fields[c->fields[i]] : NULL;
		titled |= field != NULL && c->fields[i] == info->title;
		marked |= field != NULL && ((field->flags & F_UNIQUE) || field->type == FIELD_EMAIL || field->type == FIELD_PHONE);
	}
	if (!titled)
		c->sum = marked ? c->sum / 2 : 0;
	if (info->entity->flags & E_CHILD)
		c->sum -= GUESS_WORD / 2;
}

static enum err rate(struct ctx *ctx, const struct plan_columns *columns, const struct table_row *rows, size_t n_rows,
                     const struct entity_info *info, struct guess_candidate *c)
{
	*c = (struct guess_candidate){.info = info};
	c->fields = arena_array(ctx->arena, columns->n + 1, sizeof(int));
	c->scores = arena_array(ctx->arena, columns->n + 1, sizeof(int));
	if (c->fields == NULL || c->scores == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < columns->n; i++) {
		enum err err = rate_column(ctx, columns->names[i], rows, n_rows, i, c);
		if (err != OK)
			return err;
	}
	if (str_equal(info->entity->name, "customer")) {
		enum err err = place_companies(ctx, columns, c);
		if (err != OK)
			return err;
	}
	settle_doubles(c, columns->n);
	weigh(c, columns->n);
	return OK;
}

/* --- further columns of people ---------------------------------------------------------- */

const char *guess_identifier_kind(struct ctx *ctx, const char *header, bool known)
{
	static const struct {
		const char *kind, *words; /* with '|' between: what the heading holds, or is (=) */
	} kinds[] = {
		{"wechat", "微信|wechat|weixin"}, {"qq", "=qq|qq号|qq账号|qqnumber|qqid"}, {"line", "=line|lineid|line账号"}, {"email", "邮箱|邮件|email|emailaddress"},
		{"phone", "电话|手机|phone|mobile|telephone|=tel|=cell|=tel2|=tel3|座机|固话"},
	};
	const char *folded = "";
	if (guess_fold_bare(ctx, header, &folded) != OK)
		return known ? "other" : NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (const char *p = kinds[i].words; *p != '\0';) {
			size_t len = strcspn(p, "|");
			bool whole = *p == '=';
			const char *word = arena_strndup(ctx->arena, p + whole, len - whole);
			if (word != NULL && (whole ? str_equal(folded, word) : strstr(folded, word) != NULL))
				return kinds[i].kind;
			p += len + (p[len] == '|');
		}
	}
	return known ? "other" : NULL;
}

/* A heading that says it is one more street: "地址2", "备用地址", "Other address". "Address 2" is the second line of one. */
static bool is_further_street(struct ctx *ctx, const char *header)
{
	static const char words[] = "|地址2|地址3|地址二|第二地址|备用地址|其他地址|其它地址|收货地址2|收货地址二|公司地址|单位地址|家庭地址|办公地址|otheraddress|secondaddress|"
	                            "secondaryaddress|alternativeaddress|workaddress|homeaddress|officeaddress|";
	const char *folded = "";
	return guess_fold_bare(ctx, header, &folded) == OK && guess_among(ctx, words, folded);
}

/* The field that a column can go to as often as it comes; -1: nobody may write it. */
static struct import_guess further_field(const struct ctx *ctx, const char *entity, const char *field)
{
	const struct entity_info *info = registry_find(ctx->registry, entity);
	int at = info != NULL ? entity_field(info, field) : -1;
	bool may = at >= 0 && can_take(ctx, info, at) && importable(ctx, info, NULL);
	return (struct import_guess){info, may ? at : -1};
}

static bool holds_kind(const char *kind, const struct table_row *rows, size_t n_rows, size_t column)
{
	if (str_equal(kind, "email"))
		return mostly(rows, n_rows, column, looks_email);
	return !str_equal(kind, "phone") || mostly(rows, n_rows, column, has_number);
}

/* Columns that are left and hold one more phone, address or chat name of the row's customer. */
static void add_further(struct ctx *ctx, const struct plan_columns *columns, const struct table_row *rows, size_t n_rows, struct import_guess *ret)
{
	enum { FURTHER_GUESSED = 6 }; /* of a wide file people choose themselves */
	const struct import_guess identifier = further_field(ctx, "identifier", "value"), street = further_field(ctx, "address", "street");
	size_t taken = 0;
	for (size_t i = 0; i < columns->n && taken < FURTHER_GUESSED; i++) {
		if (ret[i].info != NULL)
			continue;
		const char *kind = identifier.field >= 0 ? guess_identifier_kind(ctx, columns->names[i], false) : NULL;
		if (kind != NULL && holds_kind(kind, rows, n_rows, i))
			ret[i] = identifier;
		else if (street.field >= 0 && is_further_street(ctx, columns->names[i]))
			ret[i] = street;
		taken += ret[i].info != NULL;
	}
}

/* Columns of a customer file that are the customer's address; an address has a street. */
static void add_address(const struct guess_candidate *list, size_t n, const struct plan_columns *columns, struct import_guess *ret)
{
	const struct guess_candidate *address = NULL;
	bool street = false;
	for (size_t k = 0; k < n; k++)
		if (str_equal(list[k].info->entity->name, "address"))
			address = &list[k];
	for (size_t i = 0; address != NULL && i < columns->n; i++)
		street |= address->fields[i] >= 0 && ret[i].info == NULL && str_equal(address->info->fields[address->fields[i]]->name, "street");
	for (size_t i = 0; street && i < columns->n; i++)
		if (ret[i].info == NULL && address->fields[i] >= 0 && address->scores[i] > GUESS_SAMPLE)
			ret[i] = (struct import_guess){address->info, address->fields[i]};
}

static size_t columns_of(const struct guess_candidate *one, size_t n)
{
	size_t found = 0;
	for (size_t i = 0; i < n; i++)
		found += one->fields[i] >= 0;
	return found;
}

/* What looks like another kind, only less settled, is meant where the file says more of it. */
static bool fits_better(const struct guess_candidate *one, const struct guess_candidate *best, size_t n)
{
	bool a = best != NULL && (one->info->entity->flags & E_LOOKALIKE), b = best != NULL && (best->info->entity->flags & E_LOOKALIKE);
	if (best == NULL)
		return true;
	if (a == b)
		return one->sum > best->sum;
	return a ? columns_of(one, n) > columns_of(best, n) : columns_of(one, n) >= columns_of(best, n);
}

/* Every kind of record that the file may hold, and the one that fits best. */
static enum err rate_all(struct ctx *ctx, const struct plan_columns *columns, const struct table_row *rows, size_t n_rows,
                         const struct entity_info *wanted, struct guess_candidate *list, size_t *ret_n, const struct guess_candidate **ret_best)
{
	*ret_best = NULL;
	*ret_n = 0;
	for (size_t i = 0; i < registry_count(ctx->registry); i++) {
		const struct entity_info *info = registry_at(ctx->registry, i);
		struct guess_candidate *one = &list[*ret_n];
		if (!importable(ctx, info, wanted))
			continue;
		enum err err = rate(ctx, columns, rows, n_rows, info, one);
		if (err != OK)
			return err;
		if (wanted != NULL ? info == wanted : fits_better(one, *ret_best, columns->n))
			*ret_best = one;
		++*ret_n;
	}
	return OK;
}

static void take_best(struct ctx *ctx, const struct guess_candidate *best, const struct guess_candidate *list, size_t n, const struct plan_columns *columns,
                      const struct table_row *rows, size_t n_rows, struct import_guess *ret)
{
	for (size_t i = 0; i < columns->n; i++)
		if (best->fields[i] >= 0)
			ret[i] = (struct import_guess){best->info, best->fields[i]};
	/* Customers with addresses are one file. */
	if (str_equal(best->info->entity->name, "customer"))
		add_address(list, n, columns, ret);
	if (str_equal(best->info->entity->name, "customer"))
		add_further(ctx, columns, rows, n_rows, ret);
}

enum err import_guess_columns(struct ctx *ctx, const struct plan_columns *columns, const struct table_row *rows, size_t n_rows,
                              const struct entity_info *wanted, struct import_guess *ret)
{
	struct guess_candidate *list = arena_array(ctx->arena, registry_count(ctx->registry), sizeof(*list));
	const struct guess_candidate *best = NULL;
	size_t n = 0;
	if (list == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = rate_all(ctx, columns, rows, n_rows, wanted, list, &n, &best);
	for (size_t i = 0; err == OK && i < columns->n; i++)
		ret[i] = (struct import_guess){.info = NULL, .field = -1};
	bool lines = wanted == NULL || str_equal(wanted->entity->name, "order");
	if (err == OK && lines)
		err = guess_order_lines(ctx, columns, rows, n_rows, list, n, wanted != NULL || best == NULL ? 0 : best->sum, ret, &lines);
	if (err != OK || lines || best == NULL || best->sum <= 0)
		return err;
	take_best(ctx, best, list, n, columns, rows, n_rows, ret);
	return OK;
}

enum err import_guess_plan(struct ctx *ctx, const struct plan_columns *columns, const struct import_guess *guesses, json_t **ret)
{
	json_t *mapping = json_array();
	for (size_t i = 0; i < columns->n; i++) {
		if (guesses[i].info == NULL)
			continue;
		json_t *one = json_pack("{s:i, s:s, s:s}", "column", (int)i, "entity", guesses[i].info->entity->name, "field",
		                        guesses[i].info->fields[guesses[i].field]->name);
		if (one == NULL || json_array_append_new(mapping, one) != 0) {
			json_decref(mapping);
			return fail(ctx, ERR_LIMIT, "", "memory");
		}
	}
	*ret = json_pack("{s:o, s:s}", "mapping", mapping, "mode", "upsert");
	return *ret != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}
