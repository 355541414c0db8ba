/* Between the files of src/equipment. */
#ifndef GUANXI_EQUIPMENT_INTERNAL_H
#define GUANXI_EQUIPMENT_INTERNAL_H

#include "core/store/store.h"
#include "equipment/equipment.h"
#include "receivables/receivables.h"

enum { EQUIPMENT_IDS_MAX = 500 };

/* What the rules say of the warranty of one thing. */
struct warranty {
	const char *verdict;        /* an option of warranty_claim.verdict */
	const char *from, *until;   /* days, both counted; NULL: there are none */
	const struct record *term;  /* NULL: none fits */
	int64_t extended;           /* months bought */
};

/* For a fault on that day (a checked date). */
enum err warranty_of(struct ctx *ctx, const struct record *equipment, const char *day, struct warranty *ret) MUST_CHECK;
/* "Covered until 2027-03-01 by Standard 24 months", in the language of who asks. */
enum err warranty_said(struct ctx *ctx, const struct warranty *w, const char **ret) MUST_CHECK;
extern const struct option warranty_verdicts[];

/* A statement with up to two ids and a text (NULL: none); the number of its first row, 0 without. */
enum err equipment_ask(struct ctx *ctx, const struct sql *sql, int64_t a, int64_t b, const char *text, int64_t *ret) MUST_CHECK;
/* `text` copied; NULL: null. */
enum err equipment_set_text(struct ctx *ctx, struct record *r, const char *field, const char *text) MUST_CHECK;
bool equipment_same(const struct record *a, const struct record *b, const char *field);

enum err equipment_transfer_post(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err equipment_warranty_get(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err recall_list_post(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
extern const struct spec equipment_transfer_specs[];

#endif
