/* What the type_*.c files share. */
#ifndef GUANXI_CORE_ENTITY_TYPE_COMMON_H
#define GUANXI_CORE_ENTITY_TYPE_COMMON_H

#include "core/entity/field_type.h"

extern const struct field_type_ops type_text, type_note, type_int, type_decimal, type_real, type_money, type_bool, type_date,
	type_time, type_enum, type_link, type_links, type_email, type_phone, type_url, type_code, type_json;

/* Reports what is wrong with the field. */
enum err type_wrong(struct ctx *ctx, const struct entity_info *info, int at, const char *key, const char *arg) MUST_CHECK;
/* A value of a kind this type never has: our own mistake. */
enum err type_bad_kind(struct ctx *ctx, const struct entity_info *info, int at) MUST_CHECK;
/* UTF-8, size, clean form, at most field_max code points; "" becomes null. */
enum err type_clean(struct ctx *ctx, const struct entity_info *info, int at, bool lines, struct value *value) MUST_CHECK;
/* The text of a JSON string in *ret; null for null; anything else is refused with `key`. */
enum err type_json_string(struct ctx *ctx, const struct entity_info *info, int at, const json_t *json, const char *key,
                          struct value *ret) MUST_CHECK;

/* For types kept as text: through the type's own check. */
enum err type_parse_text(struct ctx *ctx, const struct entity_info *info, int at, const char *text, struct value *ret) MUST_CHECK;
enum err type_parse_json_text(struct ctx *ctx, const struct entity_info *info, int at, const json_t *json, struct value *ret) MUST_CHECK;
void type_write_json_text(const struct field *field, const struct value *value, const char *currency, struct jsonw *w);
void type_write_plain_text(const struct field *field, const struct value *value, const char *currency, struct buf *out);
/* For types kept as integers: the kind is right or it is our mistake. */
enum err type_check_int(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value) MUST_CHECK;

/* What stands between the things of a list that people read. */
const char *type_between(const struct ctx *ctx);

/* "***": that there is something, and nothing of it. */
enum err type_mask_all(struct ctx *ctx, const struct field *field, const struct value *value, struct value *ret) MUST_CHECK;
/* By core/text's rule for names or any text. */
enum err type_mask_text(struct ctx *ctx, const struct field *field, const struct value *value, struct value *ret) MUST_CHECK;

/* {"type":TYPE,"format":FORMAT,…; the caller ends the object. */
void type_schema_begin(struct jsonw *w, const struct field *field, const char *type, const char *format);
/* The whole, for types that need no more. */
void type_schema_end(struct jsonw *w);

/* JSON numbers that a decimal can hold exactly, as text; false for others. */
bool type_number_text(const json_t *json, char *out, size_t size) MUST_CHECK;

#endif
