/* Conditions: "city=eq.杭州", "or=(a.eq.1,not.and(b.gt.2,c.is.null))". */
#include <string.h>

#include "base/str.h"
#include "core/rest/query_internal.h"

struct op_name {
	const char *name;
	enum query_op op;
	unsigned compares; /* one of these must be allowed for the field's type */
	bool quantified;   /* takes (any) and (all) */
};

static const struct op_name op_names[] = {
	{"eq", OP_EQ, COMPARE_EQUAL, true},
	{"neq", OP_NEQ, COMPARE_EQUAL, false},
	{"gt", OP_GT, COMPARE_ORDER, true},
	{"gte", OP_GTE, COMPARE_ORDER, true},
	{"lt", OP_LT, COMPARE_ORDER, true},
	{"lte", OP_LTE, COMPARE_ORDER, true},
	{"like", OP_LIKE, COMPARE_LIKE, true},
	{"ilike", OP_ILIKE, COMPARE_LIKE, true},
	{"match", OP_MATCH, COMPARE_LIKE, true},
	{"imatch", OP_IMATCH, COMPARE_LIKE, true},
	{"in", OP_IN, COMPARE_EQUAL, false},
	{"is", OP_IS, COMPARE_NULL | COMPARE_TRUTH, false},
	{"isdistinct", OP_DISTINCT, COMPARE_EQUAL, false},
	{"fts", OP_SEARCH, 0, false},
	{"plfts", OP_SEARCH, 0, false},
	{"phfts", OP_SEARCH, 0, false},
	{"wfts", OP_SEARCH, 0, false},
	{"cs", OP_CONTAINS, COMPARE_CONTAINS, false},
	{"cd", OP_WITHIN, COMPARE_CONTAINS, false},
	{"ov", OP_OVERLAP, COMPARE_CONTAINS, false},
};

enum { N_OPS = sizeof(op_names) / sizeof(op_names[0]) };

struct filter {
	struct ctx *ctx;
	struct query *q;
	struct query_node *node;
	struct scan s;
	bool grouped; /* inside or=(...): values end at a comma or bracket */
};

static struct query_cond *add_cond(struct filter *p, struct query_cond *group, enum cond_kind kind)
{
	struct query_cond *cond = arena_alloc(p->ctx->arena, sizeof(*cond));
	if (!cond)
		return NULL;
	cond->kind = kind;
	if (group->last)
		group->last->next = cond;
	else
		group->first = cond;
	group->last = cond;
	return cond;
}

static enum err no_memory(struct filter *p)
{
	return fail(p->ctx, ERR_LIMIT, p->s.param, "memory");
}

static enum err count_term(struct filter *p)
{
	if (++p->q->n_terms > QUERY_TERMS_MAX)
		return fail_arg(p->ctx, ERR_LIMIT, p->s.param, QK_TOO_MANY, "200");
	return OK;
}

/* --- operators ----------------------------------------------------------------------- */

static enum err scan_op(struct filter *p, const struct op_name **ret)
{
	const char *start = p->s.p;
	while (p->s.p < p->s.end && *p->s.p >= 'a' && *p->s.p <= 'z')
		p->s.p++;
	size_t n = (size_t)(p->s.p - start);
	for (size_t i = 0; i < N_OPS; i++)
		if (strlen(op_names[i].name) == n && memcmp(op_names[i].name, start, n) == 0) {
			*ret = &op_names[i];
			return OK;
		}
	p->s.p = start;
	return scan_fail(p->ctx, &p->s);
}

/* "(any)", "(all)", or a text search configuration, which is not ours to choose. */
static enum err scan_modifier(struct filter *p, const struct op_name *op, struct query_cond *term)
{
	if (!scan_char(&p->s, '('))
		return OK;
	if (op->quantified && scan_word(&p->s, "any)"))
		term->quant = QUANT_ANY;
	else if (op->quantified && scan_word(&p->s, "all)"))
		term->quant = QUANT_ALL;
	else if (op->op == OP_SEARCH) {
		const char *ignored;
		enum err err = scan_name(p->ctx, &p->s, &ignored);
		if (err)
			return err;
		return scan_char(&p->s, ')') ? OK : scan_fail(p->ctx, &p->s);
	} else {
		return scan_fail(p->ctx, &p->s);
	}
	return OK;
}

static enum err check_op(struct filter *p, const struct op_name *op, int field)
{
	const struct field *f = node_field(p->node, field);
	bool fits = op->op == OP_SEARCH ? (f->flags & F_SEARCH) != 0 : (field_ops(f->type)->compares & op->compares) != 0;
	if (f->type == FIELD_LINKS && op->op == OP_IS)
		fits = true;
	return fits ? OK : fail_arg(p->ctx, ERR_INVALID, f->name, QK_OPERATOR, op->name);
}

/* --- values ---------------------------------------------------------------------------- */

/* One plain value: all that is left, or up to the end of a group's member. */
static enum err scan_operand(struct filter *p, const char **ret)
{
	bool quoted;
	if (p->grouped && !(p->s.p < p->s.end && *p->s.p == '{'))
		return scan_value(p->ctx, &p->s, ",)", ret, &quoted);
	const char *start = p->s.p;
	if (p->grouped) {
		const char *close = memchr(p->s.p, '}', (size_t)(p->s.end - p->s.p));
		p->s.p = close ? close + 1 : p->s.end;
	} else {
		p->s.p = p->s.end;
	}
	*ret = arena_strndup(p->ctx->arena, start, (size_t)(p->s.p - start));
	return *ret ? OK : no_memory(p);
}

/* "(a,b)" or "{a,b}", the latter quoted as a whole too. */
static enum err scan_operands(struct filter *p, char open, char close, const char ***ret, size_t *ret_n)
{
	struct scan inner = p->s;
	struct scan *s = &p->s;
	enum err err;
	if (p->grouped && open == '{' && s->p < s->end && *s->p == '"') {
		const char *whole;
		bool quoted;
		err = scan_value(p->ctx, s, ",)", &whole, &quoted);
		if (err)
			return err;
		inner = (struct scan){.p = whole, .end = whole + strlen(whole), .param = s->param};
		s = &inner;
	}
	if (!scan_char(s, open))
		return scan_fail(p->ctx, s);
	err = scan_list(p->ctx, s, close, ret, ret_n);
	if (!err && s == &inner && s->p < s->end)
		err = scan_fail(p->ctx, s);
	return err;
}

static enum err parse_is(struct filter *p, struct query_cond *term)
{
	static const struct {
		const char *word;
		enum query_is is;
	} words[] = {{"null", IS_NULL}, {"not_null", IS_NOT_NULL}, {"true", IS_TRUE}, {"false", IS_FALSE}, {"unknown", IS_NULL}};
	const char *start = p->s.p, *text;
	enum err err = scan_operand(p, &text);
	if (err)
		return err;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!str_equal_nocase(words[i].word, text))
			continue;
		term->is = words[i].is;
		bool truth = term->is == IS_TRUE || term->is == IS_FALSE;
		const struct field *f = node_field(p->node, term->field);
		if (truth && !(field_ops(f->type)->compares & COMPARE_TRUTH))
			return fail_arg(p->ctx, ERR_INVALID, f->name, QK_OPERATOR, "is");
		return OK;
	}
	p->s.p = start;
	return scan_fail(p->ctx, &p->s);
}

static enum err parse_operands(struct filter *p, struct query_cond *term)
{
	const char **texts = NULL, *one = NULL;
	size_t n = 0;
	bool set = term->op == OP_CONTAINS || term->op == OP_WITHIN || term->op == OP_OVERLAP;
	enum err err;
	if (term->op == OP_IN)
		err = scan_operands(p, '(', ')', &texts, &n);
	else if (set || term->quant != QUANT_ONE)
		err = scan_operands(p, '{', '}', &texts, &n);
	else
		err = scan_operand(p, &one);
	if (err)
		return err;
	if (one) {
		texts = &one;
		n = 1;
	}
	p->q->n_values += n;
	if (p->q->n_values > QUERY_VALUES_MAX)
		return fail_arg(p->ctx, ERR_LIMIT, p->s.param, QK_TOO_MANY, "2000");
	return query_operands(p->ctx, p->q, p->node, term, (const char *const *)texts, n);
}

/* --- terms and groups ---------------------------------------------------------------------- */

/* "orders=is.null", "not.is.null", "is.not_null": whether the embed has rows. */
static enum err parse_embed_test(struct filter *p, struct query_cond *group, struct query_node *embed)
{
	struct query_cond *cond = add_cond(p, group, COND_EMBED);
	if (!cond)
		return no_memory(p);
	cond->embed = embed;
	cond->negate = scan_word(&p->s, "not.");
	if (scan_word(&p->s, "is.not_null"))
		cond->negate = !cond->negate;
	else if (!scan_word(&p->s, "is.null"))
		return fail_arg(p->ctx, ERR_INVALID, p->s.param, QK_EMBED_FILTER, embed->key);
	return count_term(p);
}

static enum err parse_term(struct filter *p, struct query_cond *group, const char *name)
{
	struct query_node *embed = query_embed(p->node, name);
	if (embed && entity_field(p->node->info, name) < 0)
		return parse_embed_test(p, group, embed);
	struct query_cond *term = add_cond(p, group, COND_TERM);
	const struct op_name *op = NULL;
	if (!term)
		return no_memory(p);
	enum err err = query_open_field(p->ctx, p->node, name, &term->field);
	if (err)
		return err;
	term->negate = scan_word(&p->s, "not.");
	err = scan_op(p, &op);
	if (err)
		return err;
	term->op = op->op;
	err = scan_modifier(p, op, term);
	if (!err && !scan_char(&p->s, '.'))
		err = scan_fail(p->ctx, &p->s);
	if (!err)
		err = check_op(p, op, term->field);
	if (!err)
		err = term->op == OP_IS ? parse_is(p, term) : parse_operands(p, term);
	return err ? err : count_term(p);
}

static enum err parse_group(struct filter *p, struct query_cond *group, int depth);

static enum err parse_member(struct filter *p, struct query_cond *group, int depth)
{
	static const struct {
		const char *word;
		enum cond_kind kind;
		bool negate;
	} words[] = {{"and(", COND_AND, false}, {"or(", COND_OR, false}, {"not.and(", COND_AND, true}, {"not.or(", COND_OR, true}};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!scan_word(&p->s, words[i].word))
			continue;
		struct query_cond *inner = add_cond(p, group, words[i].kind);
		if (!inner)
			return no_memory(p);
		inner->negate = words[i].negate;
		return parse_group(p, inner, depth + 1);
	}
	const char *name;
	enum err err = scan_name(p->ctx, &p->s, &name);
	if (!err && !scan_char(&p->s, '.'))
		err = scan_fail(p->ctx, &p->s);
	return err ? err : parse_term(p, group, name);
}

static void skip_spaces(struct scan *s)
{
	while (scan_char(s, ' '))
		continue;
}

/* After the opening bracket. */
static enum err parse_group(struct filter *p, struct query_cond *group, int depth)
{
	if (depth > QUERY_NESTING_MAX)
		return fail_arg(p->ctx, ERR_LIMIT, p->s.param, QK_TOO_MANY, "16");
	enum err err = count_term(p);
	if (err)
		return err;
	do {
		skip_spaces(&p->s);
		err = parse_member(p, group, depth);
		if (err)
			return err;
		skip_spaces(&p->s);
	} while (scan_char(&p->s, ','));
	return scan_char(&p->s, ')') ? OK : scan_fail(p->ctx, &p->s);
}

enum err query_parse_filter(struct ctx *ctx, struct query *q, struct query_node *node, const char *name, const char *text)
{
	struct filter p = {.ctx = ctx, .q = q, .node = node, .s = {.p = text, .end = text + strlen(text), .param = name}};
	enum err err = parse_term(&p, &node->where, name);
	if (!err && p.s.p < p.s.end)
		err = scan_fail(ctx, &p.s);
	return err;
}

enum err query_parse_logic(struct ctx *ctx, struct query *q, struct query_node *node, bool negate, bool any, const char *text)
{
	struct filter p = {.ctx = ctx, .q = q, .node = node, .grouped = true,
	                   .s = {.p = text, .end = text + strlen(text), .param = any ? "or" : "and"}};
	struct query_cond *group = add_cond(&p, &node->where, any ? COND_OR : COND_AND);
	if (!group)
		return no_memory(&p);
	group->negate = negate;
	if (!scan_char(&p.s, '('))
		return scan_fail(ctx, &p.s);
	enum err err = parse_group(&p, group, 1);
	if (!err && p.s.p < p.s.end)
		err = scan_fail(ctx, &p.s);
	return err;
}
