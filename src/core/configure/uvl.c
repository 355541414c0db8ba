/* The tree of a UVL file. */
#include <string.h>

#include "base/str.h"
#include "core/configure/configure_internal.h"

bool uvl_is(const struct uvl_token *t, const char *word)
{
	return t->kind == UVL_WORD && !t->quoted && str_equal(t->text, word);
}

bool uvl_is_sign(const struct uvl_token *t, int sign)
{
	return t->kind == UVL_SIGN && t->sign == sign;
}

enum err uvl_unexpected(struct uvl_reader *r)
{
	static const char *const kinds[] = {"the end", "the line's end", "an indent", "an indent's end"};
	const char *seen = r->t->kind < UVL_WORD ? kinds[r->t->kind] : r->t->kind == UVL_SIGN ? "a sign" : r->t->text;
	return configure_at_line(r->ctx, r->t->line, "configure_uvl_unexpected", seen);
}

enum err uvl_reference(struct uvl_reader *r, const char **ret)
{
	if (r->t->kind != UVL_WORD && r->t->kind != UVL_NUMBER)
		return uvl_unexpected(r);
	*ret = r->t->text;
	r->t++;
	while (uvl_is_sign(r->t, UVL_DOT) && (r->t[1].kind == UVL_WORD || r->t[1].kind == UVL_NUMBER)) {
		*ret = arena_printf(r->ctx->arena, "%s.%s", *ret, r->t[1].text);
		if (*ret == NULL)
			return fail(r->ctx, ERR_LIMIT, "", "configure_large");
		r->t += 2;
	}
	return OK;
}

/* --- small things --------------------------------------------------------------- */

static enum err expect(struct uvl_reader *r, enum uvl_kind kind)
{
	if (r->t->kind != kind)
		return uvl_unexpected(r);
	r->t++;
	return OK;
}

/* [2], [0..3], [1..*]: *max is SIZE_MAX for a star. */
static enum err cardinality(struct uvl_reader *r, size_t *min, size_t *max)
{
	int64_t value = 0;
	r->t++;
	if (r->t->kind != UVL_NUMBER || !str_to_i64(r->t->text, &value) || value < 0 || value > CONFIGURE_FEATURES_MAX)
		return uvl_unexpected(r);
	*min = *max = (size_t)value;
	r->t++;
	if (uvl_is_sign(r->t, UVL_TO)) {
		r->t++;
		if (uvl_is_sign(r->t, UVL_STAR))
			*max = SIZE_MAX;
		else if (r->t->kind == UVL_NUMBER && str_to_i64(r->t->text, &value) && value >= 0 && value <= CONFIGURE_FEATURES_MAX)
			*max = (size_t)value;
		else
			return uvl_unexpected(r);
		r->t++;
	}
	if (!uvl_is_sign(r->t, UVL_CLOSE_BRACKET))
		return uvl_unexpected(r);
	if (*max < *min)
		return configure_at_line(r->ctx, r->t->line, "configure_uvl_cardinality", NULL);
	r->t++;
	return OK;
}

/* --- attributes ------------------------------------------------------------------- */

/* To the comma or brace that ends it. */
static enum err skip_value(struct uvl_reader *r)
{
	int open = 0;
	for (;; r->t++) {
		if (r->t->kind == UVL_END || r->t->kind == UVL_NEWLINE)
			return uvl_unexpected(r);
		if (open == 0 && (uvl_is_sign(r->t, UVL_COMMA) || uvl_is_sign(r->t, UVL_CLOSE_BRACE)))
			return OK;
		if (r->t->kind == UVL_SIGN && r->t->sign < 256)
			open += strchr("{[(", r->t->sign) != NULL ? 1 : strchr("}])", r->t->sign) != NULL ? -1 : 0;
		if (open < 0)
			return uvl_unexpected(r);
	}
}

static enum err constraint_list(struct uvl_reader *r)
{
	enum err err = OK;
	r->t++;
	while (err == OK && !uvl_is_sign(r->t, UVL_CLOSE_BRACKET)) {
		err = uvl_constraint_read(r);
		if (err == OK && uvl_is_sign(r->t, UVL_COMMA))
			r->t++;
		else if (err == OK && !uvl_is_sign(r->t, UVL_CLOSE_BRACKET))
			err = uvl_unexpected(r);
	}
	if (err == OK)
		r->t++;
	return err;
}

static enum err attribute(struct uvl_reader *r)
{
	const char *key;
	if (uvl_is(r->t, "constraint")) {
		r->t++;
		return uvl_constraint_read(r);
	}
	if (uvl_is(r->t, "constraints") && uvl_is_sign(r->t + 1, UVL_OPEN_BRACKET)) {
		r->t++;
		return constraint_list(r);
	}
	enum err err = uvl_reference(r, &key);
	return err == OK ? skip_value(r) : err;
}

static enum err attributes(struct uvl_reader *r)
{
	enum err err = OK;
	r->t++;
	while (err == OK && !uvl_is_sign(r->t, UVL_CLOSE_BRACE)) {
		err = attribute(r);
		if (err == OK && uvl_is_sign(r->t, UVL_COMMA))
			r->t++;
		else if (err == OK && !uvl_is_sign(r->t, UVL_CLOSE_BRACE))
			err = uvl_unexpected(r);
	}
	if (err == OK)
		r->t++;
	return err;
}

/* --- features and groups ------------------------------------------------------------ */

static enum err group(struct uvl_reader *r, int parent);

static bool is_type(const struct uvl_token *t)
{
	bool named = uvl_is(t, "Boolean") || uvl_is(t, "Integer") || uvl_is(t, "Real") || uvl_is(t, "String");
	return named && t[1].kind == UVL_WORD && !uvl_is(t + 1, "cardinality");
}

static enum err declare(struct uvl_reader *r, const char *name, size_t line, int parent, bool mandatory, int *ret)
{
	int64_t other;
	if (map_get(&r->names, name, strlen(name), &other))
		return configure_at_line(r->ctx, line, "configure_uvl_twice", name);
	*ret = configure_cnf_var(&r->model->cnf);
	enum err err = configure_name(r->ctx, r->model, *ret, name, strlen(name));
	if (err == OK && !map_put(&r->names, name, strlen(name), *ret))
		err = fail(r->ctx, ERR_LIMIT, "", "configure_large");
	if (err != OK)
		return err;
	r->model->features[r->model->n - 1].parent = parent;
	r->model->features[r->model->n - 1].mandatory = mandatory;
	configure_cnf_clause(&r->model->cnf, parent != 0 ? (int[]){-*ret, parent} : (int[]){*ret, 0}, parent != 0 ? 2 : 1);
	return OK;
}

static enum err groups(struct uvl_reader *r, int parent)
{
	enum err err = OK;
	r->t++;
	while (err == OK && r->t->kind != UVL_DEDENT)
		err = group(r, parent);
	if (err == OK)
		r->t++;
	return err;
}

static enum err feature(struct uvl_reader *r, int parent, bool mandatory, int *ret)
{
	size_t line = r->t->line, min, max;
	const char *name;
	if (++r->depth > CONFIGURE_DEPTH_MAX)
		return configure_at_line(r->ctx, line, "configure_deep", NULL);
	if (is_type(r->t)) {
		r->typed += uvl_is(r->t, "Boolean") ? 0 : 1;
		r->t++;
	}
	enum err err = uvl_reference(r, &name);
	if (err == OK)
		err = declare(r, name, line, parent, mandatory, ret);
	if (err == OK && uvl_is(r->t, "cardinality") && uvl_is_sign(r->t + 1, UVL_OPEN_BRACKET)) {
		r->t++;
		err = cardinality(r, &min, &max);
		configure_left_out(r->model, line, "how many of one feature there may be");
	}
	if (err == OK && uvl_is_sign(r->t, UVL_OPEN_BRACE))
		err = attributes(r);
	if (err == OK)
		err = expect(r, UVL_NEWLINE);
	if (err == OK && r->t->kind == UVL_INDENT)
		err = groups(r, *ret);
	r->depth--;
	return err;
}

static enum err keep_child(struct uvl_reader *r, int var)
{
	if (r->n_children == r->cap_children) {
		size_t cap = r->cap_children * 2 + 256;
		int *more = arena_array(r->ctx->arena, cap, sizeof(*more));
		if (more == NULL)
			return fail(r->ctx, ERR_LIMIT, "", "configure_large");
		if (r->n_children > 0)
			memcpy(more, r->children, r->n_children * sizeof(*more));
		r->children = more;
		r->cap_children = cap;
	}
	r->children[r->n_children++] = var;
	return OK;
}

enum group_kind { GROUP_OPTIONAL, GROUP_MANDATORY, GROUP_OR, GROUP_ALTERNATIVE, GROUP_COUNT };

static enum err group_head(struct uvl_reader *r, enum group_kind *kind, size_t *min, size_t *max)
{
	static const char *const words[] = {"optional", "mandatory", "or", "alternative"};
	for (int i = 0; i < GROUP_COUNT; i++) {
		if (uvl_is(r->t, words[i])) {
			*kind = (enum group_kind)i;
			*min = i == GROUP_OR || i == GROUP_ALTERNATIVE ? 1 : 0;
			*max = i == GROUP_ALTERNATIVE ? 1 : SIZE_MAX;
			r->t++;
			return OK;
		}
	}
	*kind = GROUP_COUNT;
	if (uvl_is(r->t, "cardinality"))
		r->t++;
	return uvl_is_sign(r->t, UVL_OPEN_BRACKET) ? cardinality(r, min, max) : uvl_unexpected(r);
}

/* Variables of features grow with their position. */
static struct configure_feature *feature_of(struct configure_model *model, int var)
{
	size_t low = 0, high = model->n;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;
		if (model->features[mid].var <= var)
			low = mid;
		else
			high = mid;
	}
	return &model->features[low];
}

static enum err group(struct uvl_reader *r, int parent)
{
	struct configure_cnf *cnf = &r->model->cnf;
	enum group_kind kind;
	size_t min = 0, max = SIZE_MAX, first = r->n_children;
	enum err err = group_head(r, &kind, &min, &max);
	if (err == OK)
		err = expect(r, UVL_NEWLINE);
	if (err == OK)
		err = expect(r, UVL_INDENT);
	while (err == OK && r->t->kind != UVL_DEDENT) {
		int var = 0;
		err = feature(r, parent, kind == GROUP_MANDATORY, &var);
		if (err == OK)
			err = keep_child(r, var);
	}
	if (err != OK)
		return err;
	r->t++;
	const int *children = r->children + first;
	size_t n = r->n_children - first;
	for (size_t i = 0; kind == GROUP_MANDATORY && i < n; i++)
		configure_cnf_clause(cnf, (int[]){-parent, children[i]}, 2);
	/* a mandatory one is never missing with its parent: a count that asks for all says the same */
	for (size_t i = 0; kind == GROUP_COUNT && min >= n && n > 0 && i < n; i++)
		feature_of(r->model, children[i])->mandatory = true;
	if (min > 0)
		configure_cnf_at_least(cnf, children, n, min, parent);
	if (max < n)
		configure_cnf_at_most(cnf, children, n, max, parent);
	r->n_children = first;
	return OK;
}

/* --- the file ------------------------------------------------------------------------ */

/* The lines of a section; `left_out` NULL: they say nothing about what is allowed. */
static enum err skip_section(struct uvl_reader *r, const char *left_out)
{
	enum err err = expect(r, UVL_NEWLINE);
	if (err != OK || r->t->kind != UVL_INDENT)
		return err;
	r->t++;
	for (int open = 1; open > 0; r->t++) {
		if (r->t->kind == UVL_END)
			return uvl_unexpected(r);
		open += r->t->kind == UVL_INDENT ? 1 : r->t->kind == UVL_DEDENT ? -1 : 0;
		if (r->t->kind == UVL_NEWLINE && left_out != NULL)
			configure_left_out(r->model, r->t->line, left_out);
	}
	return OK;
}

static enum err features(struct uvl_reader *r)
{
	int root;
	enum err err = expect(r, UVL_NEWLINE);
	if (err == OK && r->model->n > 0)
		err = configure_at_line(r->ctx, r->t->line, "configure_uvl_roots", NULL);
	if (err == OK)
		err = expect(r, UVL_INDENT);
	if (err == OK)
		err = feature(r, 0, true, &root);
	if (err == OK && r->t->kind != UVL_DEDENT)
		err = configure_at_line(r->ctx, r->t->line, "configure_uvl_roots", NULL);
	if (err == OK)
		r->t++;
	return err;
}

static enum err constraints(struct uvl_reader *r)
{
	enum err err = expect(r, UVL_NEWLINE);
	if (err != OK || r->t->kind != UVL_INDENT)
		return err;
	r->t++;
	while (err == OK && r->t->kind != UVL_DEDENT) {
		err = uvl_constraint_read(r);
		if (err == OK)
			err = expect(r, UVL_NEWLINE);
	}
	if (err == OK)
		r->t++;
	return err;
}

static enum err section(struct uvl_reader *r)
{
	const char *name;
	const struct uvl_token *t = r->t++;
	if (t->kind == UVL_NEWLINE)
		return OK;
	if (uvl_is(t, "namespace"))
		return uvl_reference(r, &name);
	if (uvl_is(t, "include"))
		return skip_section(r, NULL);
	if (uvl_is(t, "imports"))
		return skip_section(r, "another file that is imported");
	if (uvl_is(t, "features"))
		return features(r);
	if (uvl_is(t, "constraints"))
		return constraints(r);
	r->t--;
	return uvl_unexpected(r);
}

static enum err read_all(struct uvl_reader *r)
{
	enum err err = OK;
	while (err == OK && r->t->kind != UVL_END)
		err = section(r);
	if (err == OK && r->model->n == 0)
		err = configure_at_line(r->ctx, r->t->line, "configure_uvl_empty", NULL);
	if (err == OK)
		err = uvl_constraints_add(r);
	if (err == OK && r->typed > 0)
		configure_left_out(r->model, 1, "the numbers and texts that features have as values");
	return err;
}

enum err configure_read_uvl(struct ctx *ctx, const char *text, size_t n, struct configure_model *ret)
{
	struct uvl_reader r = {.ctx = ctx, .model = ret};
	struct uvl_token *tokens;
	size_t n_tokens;
	uint64_t keys[2];
	enum err err = uvl_words(ctx, text, n, &tokens, &n_tokens);
	if (err != OK)
		return err;
	ctx_random(ctx, keys, sizeof(keys));
	map_init(&r.names, keys[0], keys[1]);
	r.t = tokens;
	ret->tree = true;
	err = read_all(&r);
	map_release(&r.names);
	return err;
}
