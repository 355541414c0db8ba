/* Behaviour of each field type, one file type_*.c each: how it is stored, read,
 * checked, written and described.  Whoever handles fields generally (REST, import,
 * export, query builder) works through this table and never asks for the type.
 *
 * `at` is a field's position in its entity.  Functions that can refuse report
 * faults with the field's name and return ERR_INVALID. */
#ifndef GUANXI_CORE_ENTITY_FIELD_TYPE_H
#define GUANXI_CORE_ENTITY_FIELD_TYPE_H

#include <jansson.h>

#include "base/buf.h"
#include "base/jsonw.h"
#include "core/entity/entity.h"
#include "core/store/store.h"

/* What a filter may do with a field. */
enum field_compare {
	COMPARE_EQUAL = 1 << 0,    /* eq, neq, in */
	COMPARE_ORDER = 1 << 1,    /* lt, lte, gt, gte, order by */
	COMPARE_LIKE = 1 << 2,     /* like, ilike, match */
	COMPARE_NULL = 1 << 3,     /* is null */
	COMPARE_TRUTH = 1 << 4,    /* is true, is false */
	COMPARE_CONTAINS = 1 << 5, /* many-links: has one of, has all of */
	COMPARE_SUM = 1 << 6,      /* sum, avg */
};

struct field_type_ops {
	const char *name;      /* as in /meta: "text" */
	const char *column[2]; /* SQL type by enum engine; NULL: no column (many-links) */
	enum value_kind kind;  /* of values that are not null */
	unsigned compares;     /* enum field_compare */

	/* API text (CSV cell, filter value) to a checked, normalised value.  "" is null. */
	enum err (*parse)(struct ctx *ctx, const struct entity_info *info, int at, const char *text, struct value *ret);
	/* The same from JSON. */
	enum err (*parse_json)(struct ctx *ctx, const struct entity_info *info, int at, const json_t *json, struct value *ret);
	/* Checks and normalises in place; `currency` is for money whose text could not be
	 * read before the currency was known (NULL: the base currency). */
	enum err (*check)(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value);
	/* Values as the API shows them; not null, not masked. */
	void (*write_json)(const struct field *field, const struct value *value, const char *currency, struct jsonw *w);
	void (*write_text)(const struct field *field, const struct value *value, const char *currency, struct buf *out);
	/* An OpenAPI 3.1 schema object. */
	void (*schema)(const struct field *field, struct jsonw *w);
	/* What a person with RIGHT_MASKED sees. */
	enum err (*mask)(struct ctx *ctx, const struct field *field, const struct value *value, struct value *ret);
};

const struct field_type_ops *field_ops(enum field_type type);
/* "text", "money" … */
const char *field_type_name(enum field_type type);

/* Money without a currency field of its own is in the registry's base currency;
 * so is `currency` NULL in the functions below. */

/* Any value, null and masked ones too. */
void field_write_json(const struct registry *registry, const struct field *field, const struct value *value, const char *currency, struct jsonw *w);
/* Nothing for null. Many-links: ids with commas. */
void field_write_text(const struct registry *registry, const struct field *field, const struct value *value, const char *currency, struct buf *out);
/* Value of a result column; text is borrowed from the statement. Never for many-links. */
void field_from_column(const struct field *field, const struct stmt *stmt, int column, struct value *ret);
/* Binds a value of any field that has a column. */
void field_bind(struct stmt *stmt, int param, const struct value *value);
/* Masks a value (text that shows that there is something); null stays null. */
enum err field_mask(struct ctx *ctx, const struct field *field, const struct value *value, struct value *ret) MUST_CHECK;
/* How the search index takes the field's text. */
enum text_kind field_text_kind(const struct field *field, const char *text);
/* Most code points a text field holds. */
int field_max(const struct field *field);

/* Value of a field whose JSON was given by the actor: parsed when they may write
 * the field; kept as raw text when they may not, for record_update to compare with
 * what they were shown.  Money waits for its currency. */
enum err record_set_json(struct ctx *ctx, struct record *record, int at, const json_t *json) MUST_CHECK;
/* All members of an object; unknown and hidden names are faults ("unknown_field").
 * Reports all faults together. */
enum err record_read_json(struct ctx *ctx, struct record *record, const json_t *object) MUST_CHECK;
/* One object with every field that is set. Many-links are arrays of ids. */
void record_write_json(struct ctx *ctx, const struct record *record, struct jsonw *w);

#endif
