/* The operands of a condition: text from the address to values of the field's type. */
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "core/condition/condition.h"
#include "core/rest/query_internal.h"

enum { ALIASES_ASKED_MAX = 50 }; /* each is a look into the store */

static enum err bad_value(struct ctx *ctx, const struct field *field, const char *text)
{
	enum { SHOWN_MAX = 60 };
	size_t n = strlen(text);
	if (n > SHOWN_MAX) {
		n = SHOWN_MAX;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	const char *shown = arena_strndup(ctx->arena, text, n);
	return fail_arg(ctx, ERR_INVALID, field->name, QK_VALUE, shown ? shown : "");
}

/* --- words for values ---------------------------------------------------------------- */

/* Words that stand for a value; false: none. */
static bool word_value(struct ctx *ctx, const struct entity_info *info, int at, const char *text, struct value *ret)
{
	const struct field *field = info->fields[at];
	struct condition_word word;
	if (field->type == FIELD_LINK && str_equal(text, "me") && ctx->actor) {
		const struct entity_info *target = entity_link(info, at);
		*ret = value_int(ctx->actor->user_id);
		return target && str_equal(target->entity->name, "user");
	}
	bool day = field->type == FIELD_DATE;
	if ((day || field->type == FIELD_TIME) && condition_word_read(text, &word))
		return condition_word_value(ctx, &word, day, ret) == OK;
	return false;
}

/* Free text that does not pass the field's checks is still a fair question. */
static const bool free_text[FIELD_TYPE_COUNT] = {
	[FIELD_TEXT] = true, [FIELD_NOTE] = true, [FIELD_EMAIL] = true, [FIELD_PHONE] = true, [FIELD_URL] = true, [FIELD_CODE] = true,
};

static enum err parse_one(struct ctx *ctx, const struct entity_info *info, int at, const char *text, struct value *ret)
{
	const struct field *field = info->fields[at];
	if (word_value(ctx, info, at, text, ret))
		return OK;
	if (!*text) {
		*ret = value_null();
		return free_text[field->type] || field->type == FIELD_ENUM ? OK : bad_value(ctx, field, text);
	}
	if (field->type == FIELD_MONEY && entity_currency(info, at) >= 0) {
		*ret = value_text(text); /* read once the currency is known: query_finish_money */
		return OK;
	}
	size_t before = ctx->faults.count;
	enum err err = field_parse(ctx, info, at, text, ret);
	if (!err || err == ERR_LIMIT || err == ERR_BUG)
		return err;
	ctx->faults.count = before;
	if (free_text[field->type]) {
		*ret = value_text(text);
		return OK;
	}
	return bad_value(ctx, field, text);
}

/* --- patterns --------------------------------------------------------------------------- */

static enum err parse_pattern(struct ctx *ctx, const struct field *field, enum query_op op, const char *text, struct value *ret)
{
	const char *copy;
	switch (condition_pattern(ctx, op == OP_MATCH || op == OP_IMATCH, text, &copy)) {
	case PATTERN_LONG: return fail_arg(ctx, ERR_LIMIT, field->name, QK_TOO_MANY, "400");
	case PATTERN_REFUSED: return fail(ctx, ERR_INVALID, field->name, QK_PATTERN);
	case PATTERN_WILD: return fail_arg(ctx, ERR_LIMIT, field->name, QK_TOO_MANY, "10");
	case PATTERN_FINE: break;
	}
	*ret = value_text(copy);
	return copy ? OK : fail(ctx, ERR_LIMIT, field->name, "memory");
}

/* --- a condition's operands ------------------------------------------------------------- */

static bool is_pattern_op(enum query_op op)
{
	return op == OP_LIKE || op == OP_ILIKE || op == OP_MATCH || op == OP_IMATCH;
}

/* Patterns are what costs: each may be tried on every row. */
static enum err count_pattern(struct ctx *ctx, struct query *q, const struct field *field, const char *text)
{
	q->pattern_bytes += strlen(text);
	if (++q->n_patterns > QUERY_PATTERNS_MAX)
		return fail_arg(ctx, ERR_INVALID, field->name, QK_PATTERNS, "20");
	if (q->pattern_bytes > QUERY_PATTERN_BYTES_MAX)
		return fail_arg(ctx, ERR_INVALID, field->name, QK_PATTERN_BYTES, "1000");
	return OK;
}

/* The id of a record that was merged into another asks for that one. Only where it is asked: what is changed or deleted is named by
 * its own. */
static enum err resolve_merged(struct ctx *ctx, const struct query *q, const struct query_node *node, struct query_cond *term)
{
	const struct entity_info *target = term->field == SF_ID ? node->info : entity_link(node->info, term->field);
	enum err err = OK;
	if (q->action != ACTION_READ || term->n > ALIASES_ASKED_MAX || (term->op != OP_EQ && term->op != OP_IN) || !target || !target->entity->hooks.alias)
		return OK;
	for (size_t i = 0; !err && i < term->n; i++) {
		int64_t into = 0;
		if (term->values[i].kind == VALUE_INT)
			err = record_alias(ctx, target, term->values[i].i, &into);
		if (!err && into)
			term->values[i].i = into;
	}
	return err;
}

static enum err operand(struct ctx *ctx, struct query_node *node, const struct query_cond *term, const char *text, struct value *ret)
{
	const struct field *field = node_field(node, term->field);
	if (term->op == OP_DISTINCT && str_equal(text, "null")) {
		*ret = value_null();
		return OK;
	}
	if (is_pattern_op(term->op))
		return parse_pattern(ctx, field, term->op, text, ret);
	if (field->type == FIELD_LINKS) {
		int64_t id;
		if (!id_parse(text, &id))
			return bad_value(ctx, field, text);
		*ret = value_int(id);
		return OK;
	}
	return parse_one(ctx, node->info, term->field, text, ret);
}

/* Nothing is stored as an empty text, so the truth of a comparison with one is known. */
static void settle_empty(struct query_cond *term)
{
	bool negative = term->op == OP_NEQ || term->op == OP_GT || term->op == OP_GTE;
	if (term->op == OP_DISTINCT) {
		term->op = OP_IS;
		term->is = IS_NOT_NULL;
	} else if (negative) {
		term->op = OP_IS;
		term->is = IS_NOT_NULL;
	} else {
		term->never = true;
	}
}

/* in (…, '', …): the empty ones can't match. */
static void drop_nulls(struct query_cond *term)
{
	size_t kept = 0;
	for (size_t i = 0; i < term->n; i++)
		if (term->values[i].kind != VALUE_NULL)
			term->values[kept++] = term->values[i];
	term->n = kept;
}

/* Identifiers are equal by their form, however they were typed; order and patterns see what is written. */
static enum err compare_forms(struct ctx *ctx, const struct query_node *node, struct query_cond *term)
{
	bool equal = term->op == OP_EQ || term->op == OP_NEQ || term->op == OP_IN || term->op == OP_DISTINCT;
	int compared = entity_compared(node->info, term->field);
	if (!equal || compared == term->field)
		return OK;
	for (size_t i = 0; i < term->n; i++) {
		enum err err = entity_compared_value(ctx, node->info, term->field, &term->values[i], &term->values[i]);
		if (err)
			return err;
	}
	term->field = compared;
	return OK;
}

enum err query_operands(struct ctx *ctx, struct query *q, struct query_node *node, struct query_cond *term, const char *const *texts, size_t n)
{
	if (term->op == OP_SEARCH) {
		term->text = texts[0];
		return OK;
	}
	term->values = arena_array(ctx->arena, n ? n : 1, sizeof(struct value));
	if (!term->values)
		return fail(ctx, ERR_LIMIT, node_field(node, term->field)->name, "memory");
	term->n = n;
	for (size_t i = 0; i < n; i++) {
		enum err err = is_pattern_op(term->op) ? count_pattern(ctx, q, node_field(node, term->field), texts[i]) : OK;
		if (!err)
			err = operand(ctx, node, term, texts[i], &term->values[i]);
		if (err)
			return err;
	}
	if (term->op == OP_IN || term->quant == QUANT_ANY)
		drop_nulls(term);
	else if (n == 1 && term->values[0].kind == VALUE_NULL)
		settle_empty(term);
	enum err err = resolve_merged(ctx, q, node, term);
	return err ? err : compare_forms(ctx, node, term);
}

/* --- money ---------------------------------------------------------------------------------- */

/* The one currency that the conditions leave, or NULL. */
static const char *known_currency(const struct query_node *node, int currency)
{
	for (const struct query_cond *c = node->where.first; c; c = c->next)
		if (c->kind == COND_TERM && c->field == currency && !c->negate && c->op == OP_EQ && c->n == 1 &&
		    c->values[0].kind == VALUE_TEXT)
			return c->values[0].t.p;
	return NULL;
}

static enum err finish_money_term(struct ctx *ctx, struct query_node *node, struct query_cond *term)
{
	const struct field *field = node_field(node, term->field);
	const char *currency = known_currency(node, entity_currency(node->info, term->field));
	for (size_t i = 0; i < term->n; i++) {
		struct value *value = &term->values[i];
		const char *text = value->t.p;
		if (value->kind != VALUE_TEXT)
			continue;
		size_t before = ctx->faults.count;
		enum err err = currency ? field_ops(field->type)->check(ctx, node->info, term->field, currency, value)
		                        : field_parse(ctx, node->info, term->field, text, value);
		if (err == ERR_INVALID) {
			ctx->faults.count = before;
			return bad_value(ctx, field, text);
		}
		if (err)
			return err;
	}
	return OK;
}

static enum err finish_money_group(struct ctx *ctx, struct query_node *node, struct query_cond *group)
{
	for (struct query_cond *c = group->first; c; c = c->next) {
		enum err err = OK;
		if (c->kind == COND_AND || c->kind == COND_OR)
			err = finish_money_group(ctx, node, c);
		else if (c->kind == COND_TERM && node_field(node, c->field)->type == FIELD_MONEY && entity_currency(node->info, c->field) >= 0)
			err = finish_money_term(ctx, node, c);
		if (err)
			return err;
	}
	return OK;
}

enum err query_finish_money(struct ctx *ctx, struct query_node *node)
{
	enum err err = finish_money_group(ctx, node, &node->where);
	for (struct query_node *child = node->first; !err && child; child = child->next)
		err = query_finish_money(ctx, child);
	return err;
}
