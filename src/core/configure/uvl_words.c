/* UVL as words: lines and their indents count as in Python, but not inside brackets. */
#include <string.h>

#include "base/str.h"
#include "core/configure/configure_internal.h"

enum { INDENTS_MAX = CONFIGURE_DEPTH_MAX * 2 + 8, TAB_WIDTH = 8 };

struct lexer {
	struct ctx *ctx;
	const char *p, *end;
	size_t line;
	struct uvl_token *tokens;
	size_t n, cap;
	size_t indents[INDENTS_MAX];
	size_t depth;
	int open; /* brackets */
};

static enum err add(struct lexer *x, enum uvl_kind kind, int sign, const char *text, size_t n)
{
	if (x->n == x->cap) {
		size_t cap = x->cap * 2 + 1024;
		struct uvl_token *more = arena_array(x->ctx->arena, cap, sizeof(*more));
		if (more == NULL)
			return fail(x->ctx, ERR_LIMIT, "", "configure_large");
		if (x->n > 0)
			memcpy(more, x->tokens, x->n * sizeof(*more));
		x->tokens = more;
		x->cap = cap;
	}
	struct uvl_token *t = &x->tokens[x->n++];
	*t = (struct uvl_token){.kind = kind, .sign = sign, .line = x->line, .text = ""};
	if (text != NULL)
		t->text = arena_strndup(x->ctx->arena, text, n);
	return t->text != NULL ? OK : fail(x->ctx, ERR_LIMIT, "", "configure_large");
}

/* --- lines --------------------------------------------------------------------- */

static bool line_is_empty(const char *p, const char *end)
{
	return p == end || *p == '\n' || *p == '\r' || (end - p >= 2 && p[0] == '/' && (p[1] == '/' || p[1] == '*'));
}

/* At the start of a line: says how much deeper or less deep it is than the one before. */
static enum err indent(struct lexer *x)
{
	size_t width = 0;
	enum err err = OK;
	while (x->p < x->end && (*x->p == ' ' || *x->p == '\t')) {
		width = *x->p == '\t' ? (width / TAB_WIDTH + 1) * TAB_WIDTH : width + 1;
		x->p++;
	}
	if (line_is_empty(x->p, x->end) || x->open > 0)
		return OK;
	if (width > x->indents[x->depth]) {
		if (x->depth + 1 == INDENTS_MAX)
			return configure_at_line(x->ctx, x->line, "configure_deep", NULL);
		x->indents[++x->depth] = width;
		return add(x, UVL_INDENT, 0, NULL, 0);
	}
	while (err == OK && width < x->indents[x->depth]) {
		x->depth--;
		err = add(x, UVL_DEDENT, 0, NULL, 0);
	}
	return err;
}

/* Empty lines are none. */
static enum err line_is_over(struct lexer *x)
{
	enum uvl_kind last = x->n > 0 ? x->tokens[x->n - 1].kind : UVL_NEWLINE;
	bool empty = x->open > 0 || last == UVL_NEWLINE || last == UVL_INDENT || last == UVL_DEDENT;
	return empty ? OK : add(x, UVL_NEWLINE, 0, NULL, 0);
}

static enum err end_line(struct lexer *x)
{
	x->p++;
	enum err err = line_is_over(x);
	x->line++;
	return err == OK ? indent(x) : err;
}

/* --- words --------------------------------------------------------------------- */

static bool starts(const struct lexer *x, const char *what)
{
	size_t n = strlen(what);
	return (size_t)(x->end - x->p) >= n && memcmp(x->p, what, n) == 0;
}

static enum err skip_comment(struct lexer *x)
{
	size_t first = x->line;
	for (x->p += 2; !starts(x, "*/"); x->p++) {
		if (x->p == x->end)
			return configure_at_line(x->ctx, first, "configure_uvl_comment", NULL);
		x->line += *x->p == '\n';
	}
	x->p += 2;
	return OK;
}

static bool in_word(const char *p)
{
	unsigned char c = (unsigned char)*p;
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80 || (c != '\0' && strchr("_#%?\\;$@~:", c) != NULL);
}

static enum err quoted(struct lexer *x, char quote)
{
	const char *from = ++x->p;
	while (x->p < x->end && *x->p != quote && *x->p != '\n')
		x->p++;
	if (x->p == x->end || *x->p != quote)
		return configure_at_line(x->ctx, x->line, "configure_uvl_quote", NULL);
	enum err err = add(x, quote == '"' ? UVL_WORD : UVL_TEXT, 0, from, (size_t)(x->p - from));
	if (err == OK)
		x->tokens[x->n - 1].quoted = true;
	x->p++;
	return err;
}

/* A dot goes on with a name, and "a"."b" too; 1..3 are three words. */
static enum err word(struct lexer *x)
{
	const char *from = x->p;
	bool digits = true;
	while (x->p < x->end) {
		bool dot = *x->p == '.' && x->p + 1 < x->end && in_word(x->p + 1);
		if (!dot && !in_word(x->p) && !(*x->p == '\'' && !digits))
			break;
		digits = digits && ((*x->p >= '0' && *x->p <= '9') || *x->p == '.');
		x->p++;
	}
	enum err err = add(x, digits ? UVL_NUMBER : UVL_WORD, 0, from, (size_t)(x->p - from));
	return err;
}

static const struct {
	const char *text;
	int sign;
} signs[] = {
	{"<=>", UVL_EQUIVALENT}, {"=>", UVL_IMPLIES}, {"==", UVL_EQUAL},          {"!=", UVL_NOT_EQUAL},      {"<=", UVL_LESS_EQUAL}, {">=", UVL_MORE_EQUAL},
	{"..", UVL_TO},          {"&&", UVL_AND},     {"||", UVL_OR},             {"{", UVL_OPEN_BRACE},      {"}", UVL_CLOSE_BRACE}, {"[", UVL_OPEN_BRACKET},
	{"]", UVL_CLOSE_BRACKET}, {"(", UVL_OPEN},    {")", UVL_CLOSE},           {",", UVL_COMMA},           {"!", UVL_NOT},         {"&", UVL_AND},
	{"|", UVL_OR},           {"*", UVL_STAR},     {"+", UVL_PLUS},            {"-", UVL_MINUS},           {"/", UVL_SLASH},       {"<", UVL_LESS},
	{">", UVL_MORE},         {"=", UVL_EQUAL},        {".", UVL_DOT},
};

static enum err sign(struct lexer *x)
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (!starts(x, signs[i].text))
			continue;
		x->p += strlen(signs[i].text);
		if (strchr("{[(", signs[i].sign) != NULL && signs[i].sign < 256)
			x->open++;
		if (strchr("}])", signs[i].sign) != NULL && signs[i].sign < 256 && x->open > 0)
			x->open--;
		return add(x, UVL_SIGN, signs[i].sign, NULL, 0);
	}
	char seen[2] = {*x->p, '\0'};
	return configure_at_line(x->ctx, x->line, "configure_uvl_sign", *seen != '\0' ? seen : "NUL");
}

static enum err next(struct lexer *x)
{
	if (*x->p == '\n')
		return end_line(x);
	if (*x->p == ' ' || *x->p == '\t' || *x->p == '\r') {
		x->p++;
		return OK;
	}
	if (starts(x, "//")) {
		while (x->p < x->end && *x->p != '\n')
			x->p++;
		return OK;
	}
	if (starts(x, "/*"))
		return skip_comment(x);
	if (*x->p == '"' || *x->p == '\'')
		return quoted(x, *x->p);
	return in_word(x->p) ? word(x) : sign(x);
}

enum err uvl_words(struct ctx *ctx, const char *text, size_t n, struct uvl_token **ret, size_t *ret_n)
{
	struct lexer x = {.ctx = ctx, .p = text, .end = text + n, .line = 1};
	enum err err = OK;
	if (!utf8_valid(text, n))
		return configure_at_line(ctx, 1, "configure_utf8", NULL);
	if (starts(&x, "\xef\xbb\xbf"))
		x.p += 3;
	err = indent(&x);
	while (err == OK && x.p < x.end)
		err = next(&x);
	x.open = 0;
	if (err == OK)
		err = line_is_over(&x);
	while (err == OK && x.depth > 0) {
		x.depth--;
		err = add(&x, UVL_DEDENT, 0, NULL, 0);
	}
	if (err == OK)
		err = add(&x, UVL_END, 0, NULL, 0);
	*ret = x.tokens;
	*ret_n = x.n;
	return err;
}
