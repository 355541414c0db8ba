#ifndef GUANXI_CORE_CONFIGURE_CONFIGURE_INTERNAL_H
#define GUANXI_CORE_CONFIGURE_CONFIGURE_INTERNAL_H

#include "base/map.h"
#include "core/configure/configure.h"

enum { CONFIGURE_VARS_MAX = 10000000 };

/* Another feature; its name is copied. */
enum err configure_name(struct ctx *ctx, struct configure_model *model, int var, const char *name, size_t n) MUST_CHECK;
/* ERR_INVALID, the line in the fault's field ("line 12"); `arg` NULL: none. */
enum err configure_at_line(struct ctx *ctx, size_t line, const char *key, const char *arg) MUST_CHECK;
/* Keeps what was left out for the report. */
void configure_left_out(struct configure_model *model, size_t line, const char *what);

/* --- UVL: words -------------------------------------------------------------- */

enum uvl_kind {
	UVL_END, UVL_NEWLINE, UVL_INDENT, UVL_DEDENT,
	UVL_WORD,   /* a name, dots included; quotes taken off */
	UVL_TEXT,   /* in single quotes */
	UVL_NUMBER,
	UVL_SIGN,   /* one of the signs below, in `sign` */
};
enum uvl_sign {
	UVL_OPEN_BRACE = '{', UVL_CLOSE_BRACE = '}', UVL_OPEN_BRACKET = '[', UVL_CLOSE_BRACKET = ']', UVL_OPEN = '(', UVL_CLOSE = ')', UVL_COMMA = ',',
	UVL_NOT = '!', UVL_AND = '&', UVL_OR = '|', UVL_STAR = '*', UVL_PLUS = '+', UVL_MINUS = '-', UVL_SLASH = '/', UVL_LESS = '<', UVL_MORE = '>',
	UVL_DOT = '.', UVL_IMPLIES = 256, UVL_EQUIVALENT, UVL_EQUAL, UVL_NOT_EQUAL, UVL_LESS_EQUAL, UVL_MORE_EQUAL, UVL_TO,
};
struct uvl_token {
	enum uvl_kind kind;
	int sign;
	bool quoted;
	const char *text; /* of names, texts and numbers; NUL-terminated */
	size_t line;
};
/* The whole file as words, ended by UVL_END. */
enum err uvl_words(struct ctx *ctx, const char *text, size_t n, struct uvl_token **ret, size_t *ret_n) MUST_CHECK;

/* --- UVL: constraints ---------------------------------------------------------- */

enum uvl_op { UVL_OP_NAME, UVL_OP_TRUE, UVL_OP_FALSE, UVL_OP_NOT, UVL_OP_AND, UVL_OP_OR, UVL_OP_IMPLIES, UVL_OP_EQUIVALENT, UVL_OP_VALUE };

struct uvl_node {
	enum uvl_op op;
	struct uvl_node *a, *b;
	const char *name;
	int var;   /* of names, once all features are known */
	int depth; /* chains of one sign are one level */
};

struct uvl_constraint {
	struct uvl_node *node;
	size_t line;
};

struct uvl_reader {
	struct ctx *ctx;
	struct configure_model *model;
	const struct uvl_token *t; /* the next word; the last one is UVL_END */
	struct uvl_constraint *constraints; /* kept until all features are known */
	size_t n, cap;
	int depth;
	struct map names; /* to variables */
	int *children;    /* of the groups that are open */
	size_t n_children, cap_children;
	size_t typed;     /* features with numbers or texts */
};

bool uvl_is(const struct uvl_token *t, const char *word);
bool uvl_is_sign(const struct uvl_token *t, int sign);
enum err uvl_unexpected(struct uvl_reader *r) MUST_CHECK;
/* A name, of parts with dots between. */
enum err uvl_reference(struct uvl_reader *r, const char **ret) MUST_CHECK;
/* Reads one constraint's words, up to what does not belong to it, and keeps it. */
enum err uvl_constraint_read(struct uvl_reader *r) MUST_CHECK;
/* All that were read, as clauses; those on numbers and texts are left out and told. */
enum err uvl_constraints_add(struct uvl_reader *r) MUST_CHECK;

#endif
