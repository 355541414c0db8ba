/* Texts with places to fill: the Mustache language (README says how much of it), compiled once, rendered many times.
 * A compiled template is only read while it renders, so that all threads may use it. */
#ifndef GUANXI_CORE_TEMPLATE_TEMPLATE_H
#define GUANXI_CORE_TEMPLATE_TEMPLATE_H

#include "base/buf.h"
#include "base/ctx.h"

enum {
	TEMPLATE_SOURCE_MAX = 1 << 20, /* bytes, of a template and of each partial */
	TEMPLATE_DEPTH_MAX = 64,       /* sections and partials in one another */
	TEMPLATE_PARTIALS_MAX = 64,
	TEMPLATE_NODES_MAX = 200000,
	TEMPLATE_PATH_MAX = 16,        /* names in a.b.c */
};

/* What the text becomes; values are escaped for it. */
enum template_context {
	TEMPLATE_PLAIN,
	TEMPLATE_HTML,   /* text and quoted attributes */
	TEMPLATE_URL,    /* part of an address: all but letters, digits and -._~ as %XX */
	TEMPLATE_HEADER, /* one line: breaks and control characters become blanks */
	TEMPLATE_JSON,   /* within the quotes of a string */
};

/* --- values ---------------------------------------------------------------- */

enum template_kind { TEMPLATE_NONE, TEMPLATE_TEXT, TEMPLATE_FALSE, TEMPLATE_TRUE, TEMPLATE_LIST, TEMPLATE_OBJECT };

struct template_member;

/* Borrowed by the rendering. Sections skip TEMPLATE_NONE, TEMPLATE_FALSE, empty text and empty lists. */
struct template_value {
	enum template_kind kind;
	size_t n; /* bytes of the text, items of the list, members of the object */
	union {
		const char *text;
		const struct template_value *items;
		const struct template_member *members;
	};
};

struct template_member {
	uint64_t hash; /* of the name, by template_member_of */
	const char *name;
	size_t len;
	struct template_value value;
};

struct template_value template_text(const char *text); /* NULL: TEMPLATE_NONE */
struct template_member template_member_of(const char *name, struct template_value value);
/* Any JSON, in the arena; numbers as they are written shortest. ERR_INVALID "template_json". */
enum err template_value_read(struct ctx *ctx, const char *json, size_t n, struct template_value *ret) MUST_CHECK;

/* --- templates ------------------------------------------------------------- */

struct template;

struct template_options {
	enum template_context context;
	bool raw; /* {{{x}}} and {{&x}} put values in as they are; without it they are refused. Never for values that outsiders write. */
	/* Source of a partial, NUL-terminated, valid until template_compile returns; NULL: there is none of the name, it is left out. */
	const char *(*partial)(void *arg, const char *name);
	void *arg;
};

/* ERR_INVALID with the field "line 3" and what is wrong there; ERR_LIMIT. */
enum err template_compile(struct ctx *ctx, const char *source, size_t n, const struct template_options *options, struct template **ret) MUST_CHECK;
void template_free(struct template *template_);

struct template_run {
	bool mark;        /* what has no value is shown as [name?] */
	int64_t loops_max; /* rounds of all sections together; 0: 100,000 */
	size_t missing;   /* out: places without a value */
};

/* Appends to `out`, whose maximum bounds the text. ERR_LIMIT "template_loops", "template_deep", "template_long"; then `out` is as before. */
enum err template_render(struct ctx *ctx, const struct template *template_, const struct template_value *data, struct template_run *run,
                         struct buf *out) MUST_CHECK;

#endif
