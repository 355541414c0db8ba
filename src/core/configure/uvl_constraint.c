/* Constraints of UVL: read as trees, then written as clauses.  A chain of "and" or of "or" is one level, however long. */
#include <string.h>

#include "base/str.h"
#include "core/configure/configure_internal.h"

/* --- reading ----------------------------------------------------------------- */

static enum err equivalence(struct uvl_reader *r, struct uvl_node **ret);

static int depth_of(enum uvl_op op, const struct uvl_node *a, const struct uvl_node *b)
{
	int left = a == NULL ? 0 : a->depth, right = b == NULL ? 0 : b->depth;
	bool chain = a != NULL && b != NULL && a->op == op && (op == UVL_OP_AND || op == UVL_OP_OR);
	if (!chain)
		left++;
	right++;
	return left > right ? left : right;
}

static enum err node(struct uvl_reader *r, enum uvl_op op, struct uvl_node *a, struct uvl_node *b, struct uvl_node **ret)
{
	*ret = arena_alloc(r->ctx->arena, sizeof(**ret));
	if (*ret == NULL)
		return fail(r->ctx, ERR_LIMIT, "", "configure_large");
	**ret = (struct uvl_node){.op = op, .a = a, .b = b, .depth = depth_of(op, a, b)};
	return (*ret)->depth > CONFIGURE_DEPTH_MAX ? configure_at_line(r->ctx, r->t->line, "configure_deep", NULL) : OK;
}

/* sum(price), len(name): what they come to is not followed. */
static enum err skip_arguments(struct uvl_reader *r)
{
	int open = 0;
	do {
		if (r->t->kind != UVL_WORD && r->t->kind != UVL_SIGN && r->t->kind != UVL_NUMBER && r->t->kind != UVL_TEXT)
			return uvl_unexpected(r);
		open += uvl_is_sign(r->t, UVL_OPEN) ? 1 : uvl_is_sign(r->t, UVL_CLOSE) ? -1 : 0;
		r->t++;
	} while (open > 0);
	return OK;
}

static enum err atom(struct uvl_reader *r, struct uvl_node **ret)
{
	const struct uvl_token *t = r->t;
	enum err err;
	if (uvl_is_sign(t, UVL_OPEN)) {
		r->t++;
		err = equivalence(r, ret);
		if (err == OK && !uvl_is_sign(r->t, UVL_CLOSE))
			err = uvl_unexpected(r);
		else if (err == OK)
			r->t++;
		return err;
	}
	if (t->kind == UVL_NUMBER || t->kind == UVL_TEXT) {
		r->t++;
		return node(r, UVL_OP_VALUE, NULL, NULL, ret);
	}
	if (uvl_is(t, "true") || uvl_is(t, "false")) {
		r->t++;
		return node(r, uvl_is(t, "true") ? UVL_OP_TRUE : UVL_OP_FALSE, NULL, NULL, ret);
	}
	err = node(r, UVL_OP_NAME, NULL, NULL, ret);
	if (err == OK)
		err = uvl_reference(r, &(*ret)->name);
	if (err == OK && uvl_is_sign(r->t, UVL_OPEN)) {
		(*ret)->op = UVL_OP_VALUE;
		err = skip_arguments(r);
	}
	return err;
}

static bool is_arithmetic(const struct uvl_token *t)
{
	return t->kind == UVL_SIGN && (t->sign == UVL_PLUS || t->sign == UVL_MINUS || t->sign == UVL_STAR || t->sign == UVL_SLASH);
}

static bool is_comparison(const struct uvl_token *t)
{
	return t->kind == UVL_SIGN && (t->sign == UVL_EQUAL || t->sign == UVL_NOT_EQUAL || t->sign == UVL_LESS || t->sign == UVL_MORE ||
	                               t->sign == UVL_LESS_EQUAL || t->sign == UVL_MORE_EQUAL);
}

/* A name, something in brackets, or numbers with signs between: the latter are kept as a value nobody follows. */
static enum err operand(struct uvl_reader *r, struct uvl_node **ret)
{
	bool value = false;
	while (uvl_is_sign(r->t, UVL_MINUS)) {
		value = true;
		r->t++;
	}
	enum err err = atom(r, ret);
	while (err == OK && (is_arithmetic(r->t) || is_comparison(r->t))) {
		value = true;
		r->t++;
		while (uvl_is_sign(r->t, UVL_MINUS))
			r->t++;
		err = atom(r, ret);
	}
	return err == OK && value ? node(r, UVL_OP_VALUE, NULL, NULL, ret) : err;
}

static enum err negation(struct uvl_reader *r, struct uvl_node **ret)
{
	bool turned = false;
	while (uvl_is_sign(r->t, UVL_NOT)) {
		turned = !turned;
		r->t++;
	}
	if (++r->depth > CONFIGURE_DEPTH_MAX)
		return configure_at_line(r->ctx, r->t->line, "configure_deep", NULL);
	enum err err = operand(r, ret);
	r->depth--;
	return err == OK && turned ? node(r, UVL_OP_NOT, *ret, NULL, ret) : err;
}

/* One level of signs that bind alike, from left to right. */
static enum err chain(struct uvl_reader *r, int level, struct uvl_node **ret)
{
	static const struct {
		int sign;
		enum uvl_op op;
	} levels[] = {{UVL_EQUIVALENT, UVL_OP_EQUIVALENT}, {UVL_IMPLIES, UVL_OP_IMPLIES}, {UVL_OR, UVL_OP_OR}, {UVL_AND, UVL_OP_AND}};
	if (level == 4)
		return negation(r, ret);
	enum err err = chain(r, level + 1, ret);
	while (err == OK && uvl_is_sign(r->t, levels[level].sign)) {
		struct uvl_node *right;
		r->t++;
		err = chain(r, level + 1, &right);
		if (err == OK)
			err = node(r, levels[level].op, *ret, right, ret);
	}
	return err;
}

static enum err equivalence(struct uvl_reader *r, struct uvl_node **ret)
{
	return chain(r, 0, ret);
}

enum err uvl_constraint_read(struct uvl_reader *r)
{
	size_t line = r->t->line;
	struct uvl_node *tree;
	enum err err = equivalence(r, &tree);
	if (err != OK)
		return err;
	if (r->n == r->cap) {
		size_t cap = r->cap * 2 + 256;
		struct uvl_constraint *more = arena_array(r->ctx->arena, cap, sizeof(*more));
		if (more == NULL)
			return fail(r->ctx, ERR_LIMIT, "", "configure_large");
		if (r->n > 0)
			memcpy(more, r->constraints, r->n * sizeof(*more));
		r->constraints = more;
		r->cap = cap;
	}
	r->constraints[r->n++] = (struct uvl_constraint){tree, line};
	return OK;
}

/* --- clauses ------------------------------------------------------------------- */

/* A clause that grows, in memory of its own for the time of one constraint. */
struct lits {
	struct uvl_reader *r;
	int *list;
	size_t n, cap;
};

static void push(struct lits *c, int lit)
{
	struct configure_cnf *cnf = &c->r->model->cnf;
	if (c->n == c->cap) {
		size_t cap = c->cap * 2 + 32;
		int *more = arena_array(c->r->ctx->arena, cap, sizeof(*more));
		if (more == NULL) {
			cnf->failed = true;
			return;
		}
		if (c->n > 0)
			memcpy(more, c->list, c->n * sizeof(*more));
		c->list = more;
		c->cap = cap;
	}
	c->list[c->n++] = lit;
}

static int literal(struct uvl_reader *r, const struct uvl_node *n, bool yes);

/* a or b, not (a and b), a => b: with this sign they are one clause. */
static bool is_either(const struct uvl_node *n, bool yes)
{
	return (n->op == UVL_OP_OR && yes) || (n->op == UVL_OP_AND && !yes) || (n->op == UVL_OP_IMPLIES && yes);
}

static void collect(struct lits *c, const struct uvl_node *n, bool yes)
{
	while (n->op == UVL_OP_NOT) {
		n = n->a;
		yes = !yes;
	}
	while (is_either(n, yes)) {
		collect(c, n->b, yes); /* the chain goes on to the left */
		yes = n->op == UVL_OP_IMPLIES ? !yes : yes;
		n = n->a;
		while (n->op == UVL_OP_NOT) {
			n = n->a;
			yes = !yes;
		}
	}
	push(c, literal(c->r, n, yes));
}

/* A variable that is true just when the clause is. */
static int stands_for(struct uvl_reader *r, const struct uvl_node *n, bool yes)
{
	struct configure_cnf *cnf = &r->model->cnf;
	struct lits c = {.r = r};
	collect(&c, n, yes);
	int var = configure_cnf_var(cnf);
	for (size_t i = 0; i < c.n && !cnf->failed; i++)
		configure_cnf_clause(cnf, (int[]){var, -c.list[i]}, 2);
	push(&c, -var);
	if (!cnf->failed)
		configure_cnf_clause(cnf, c.list, c.n);
	return var;
}

static int literal(struct uvl_reader *r, const struct uvl_node *n, bool yes)
{
	struct configure_cnf *cnf = &r->model->cnf;
	while (n->op == UVL_OP_NOT) {
		n = n->a;
		yes = !yes;
	}
	if (n->op == UVL_OP_NAME)
		return yes ? n->var : -n->var;
	if (n->op == UVL_OP_TRUE || n->op == UVL_OP_FALSE) {
		int var = configure_cnf_var(cnf);
		configure_cnf_clause(cnf, &var, 1);
		return (n->op == UVL_OP_TRUE) == yes ? var : -var;
	}
	if (n->op != UVL_OP_EQUIVALENT)
		return is_either(n, true) ? (yes ? 1 : -1) * stands_for(r, n, true) : (yes ? -1 : 1) * stands_for(r, n, false);
	int a = literal(r, n->a, true), b = literal(r, n->b, true), var = configure_cnf_var(cnf);
	configure_cnf_clause(cnf, (int[]){-var, -a, b}, 3);
	configure_cnf_clause(cnf, (int[]){-var, a, -b}, 3);
	configure_cnf_clause(cnf, (int[]){var, a, b}, 3);
	configure_cnf_clause(cnf, (int[]){var, -a, -b}, 3);
	return yes ? var : -var;
}

/* The whole of it is so. */
static void demand(struct uvl_reader *r, const struct uvl_node *n, bool yes)
{
	struct configure_cnf *cnf = &r->model->cnf;
	struct lits c = {.r = r};
	for (;;) {
		while (n->op == UVL_OP_NOT) {
			n = n->a;
			yes = !yes;
		}
		bool both = (n->op == UVL_OP_AND && yes) || (n->op == UVL_OP_OR && !yes);
		if (n->op == UVL_OP_IMPLIES && !yes) { /* not (a => b): a, and not b */
			demand(r, n->b, false);
			n = n->a;
			yes = true;
			continue;
		}
		if (!both)
			break;
		demand(r, n->b, yes);
		n = n->a;
	}
	if (n->op == UVL_OP_EQUIVALENT) {
		int a = literal(r, n->a, true), b = literal(r, n->b, yes);
		configure_cnf_clause(cnf, (int[]){-a, b}, 2);
		configure_cnf_clause(cnf, (int[]){a, -b}, 2);
		return;
	}
	collect(&c, n, yes);
	if (!cnf->failed)
		configure_cnf_clause(cnf, c.list, c.n);
}

/* NULL: all of it can be followed; else what cannot. */
static const char *unread(struct uvl_reader *r, struct uvl_node *n)
{
	for (; n != NULL; n = n->a) {
		int64_t var;
		if (n->op == UVL_OP_VALUE)
			return "a constraint on numbers or texts";
		if (n->op == UVL_OP_NAME && !map_get(&r->names, n->name, strlen(n->name), &var)) {
			const char *text = arena_printf(r->ctx->arena, "a constraint on \"%s\", which is no feature of this file", n->name);
			return text != NULL ? text : "a constraint on what is no feature of this file";
		}
		if (n->op == UVL_OP_NAME)
			n->var = (int)var;
		const char *why = n->b != NULL ? unread(r, n->b) : NULL;
		if (why != NULL)
			return why;
	}
	return NULL;
}

enum err uvl_constraints_add(struct uvl_reader *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct uvl_constraint *c = &r->constraints[i];
		const char *why = unread(r, c->node);
		if (why != NULL)
			configure_left_out(r->model, c->line, why);
		else
			demand(r, c->node, true);
	}
	r->model->constraints = r->n;
	return r->model->cnf.failed ? fail(r->ctx, ERR_LIMIT, "", "configure_large") : OK;
}
