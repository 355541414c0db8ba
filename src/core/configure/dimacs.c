/* DIMACS with the features' names in its comments. */
#include <string.h>

#include "base/str.h"
#include "core/configure/configure_internal.h"

struct reader {
	struct ctx *ctx;
	struct configure_model *model;
	const char *p, *end;
	size_t line;
	int vars; /* as the head says */
	bool head;
	int *clause;
	size_t n, cap;
};

static enum err wrong(struct reader *r, const char *key)
{
	return configure_at_line(r->ctx, r->line, key, NULL);
}

/* Blanks of this line. */
static void skip_blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r'))
		r->p++;
}

static void skip_line(struct reader *r)
{
	while (r->p < r->end && *r->p != '\n')
		r->p++;
}

static bool read_int(struct reader *r, int *ret)
{
	char digits[16];
	size_t n = 0;
	int64_t value;
	skip_blanks(r);
	const char *start = r->p;
	while (r->p < r->end && n < sizeof(digits) - 1 && ((*r->p >= '0' && *r->p <= '9') || (*r->p == '-' && r->p == start)))
		digits[n++] = *r->p++;
	digits[n] = '\0';
	bool ended = r->p == r->end || *r->p == ' ' || *r->p == '\t' || *r->p == '\r' || *r->p == '\n';
	if (!ended || !str_to_i64(digits, &value) || value > CONFIGURE_VARS_MAX || value < -CONFIGURE_VARS_MAX)
		return false;
	*ret = (int)value;
	return true;
}

/* "c 17 Name with blanks"; anything else after c is a remark. */
static enum err comment(struct reader *r)
{
	int var;
	size_t n;
	r->p++;
	if (!read_int(r, &var) || var <= 0) {
		skip_line(r);
		return OK;
	}
	if (r->p < r->end && *r->p == '$') /* FeatureIDE marks helping variables so */
		r->p++;
	const char *from = r->p;
	skip_line(r);
	const char *name = str_trim(from, (size_t)(r->p - from), &n);
	if (n == 0)
		return OK;
	if (!utf8_valid(name, n))
		return wrong(r, "configure_utf8");
	return configure_name(r->ctx, r->model, var, name, n);
}

static enum err head(struct reader *r)
{
	int clauses;
	if (r->head)
		return wrong(r, "configure_dimacs_head");
	r->p++;
	skip_blanks(r);
	if (r->end - r->p < 3 || memcmp(r->p, "cnf", 3) != 0)
		return wrong(r, "configure_dimacs_head");
	r->p += 3;
	if (!read_int(r, &r->vars) || !read_int(r, &clauses) || r->vars < 0 || clauses < 0)
		return wrong(r, "configure_dimacs_head");
	r->head = true;
	skip_line(r);
	return OK;
}

static enum err literal(struct reader *r)
{
	int lit;
	if (!r->head)
		return wrong(r, "configure_dimacs_head");
	if (!read_int(r, &lit) || lit > r->vars || lit < -r->vars)
		return wrong(r, "configure_dimacs_literal");
	if (lit == 0) {
		configure_cnf_clause(&r->model->cnf, r->clause, r->n);
		r->n = 0;
		return OK;
	}
	if (r->n == r->cap) {
		size_t cap = r->cap * 2 + 64;
		int *more = arena_array(r->ctx->arena, cap, sizeof(*more));
		if (more == NULL)
			return fail(r->ctx, ERR_LIMIT, "", "configure_large");
		if (r->n > 0)
			memcpy(more, r->clause, r->n * sizeof(*more));
		r->clause = more;
		r->cap = cap;
	}
	r->clause[r->n++] = lit;
	return OK;
}

/* Without names each variable is a feature; with some, those alone are, and the others help. */
static enum err finish(struct reader *r)
{
	struct configure_model *model = r->model;
	enum err err = OK;
	size_t kept = 0;
	if (!r->head)
		return wrong(r, "configure_dimacs_head");
	if (r->n > 0)
		return wrong(r, "configure_dimacs_end");
	model->constraints = model->cnf.clauses;
	model->cnf.vars = r->vars;
	bool *named = arena_array(r->ctx->arena, (size_t)r->vars + 1, sizeof(*named));
	if (named == NULL)
		return fail(r->ctx, ERR_LIMIT, "", "configure_large");
	for (size_t i = 0; i < model->n; i++) { /* of two names the first; remarks that begin with a number name nothing */
		int var = model->features[i].var;
		if (var <= r->vars && !named[var]) {
			named[var] = true;
			model->features[kept++] = model->features[i];
		}
	}
	model->n = kept;
	for (int var = 1; kept == 0 && var <= r->vars && err == OK; var++) {
		const char *name = arena_printf(r->ctx->arena, "%d", var);
		err = name != NULL ? configure_name(r->ctx, model, var, name, strlen(name)) : fail(r->ctx, ERR_LIMIT, "", "configure_large");
	}
	return err;
}

enum err configure_read_dimacs(struct ctx *ctx, const char *text, size_t n, struct configure_model *ret)
{
	struct reader r = {.ctx = ctx, .model = ret, .p = text, .end = text + n, .line = 1};
	enum err err = OK;
	while (err == OK) {
		skip_blanks(&r);
		if (r.p == r.end)
			break;
		if (*r.p == '\n') {
			r.p++;
			r.line++;
		} else if (*r.p == 'c')
			err = comment(&r);
		else if (*r.p == 'p')
			err = head(&r);
		else if (*r.p == '%') /* some writers end so */
			break;
		else
			err = literal(&r);
	}
	return err == OK ? finish(&r) : err;
}
