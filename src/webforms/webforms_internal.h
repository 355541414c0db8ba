/* What the files of src/webforms share. */
#ifndef GUANXI_WEBFORMS_WEBFORMS_INTERNAL_H
#define GUANXI_WEBFORMS_WEBFORMS_INTERNAL_H

#include "core/store/store.h"
#include "webforms/webforms.h"

enum { FORM_FIELDS_MAX = 40, FORM_CONSENTS_MAX = 5, FORM_SITES_MAX = 20, FORM_BODY_MAX = 64 * 1024, FORM_KEY = 22, FORM_UTM = 5, FORM_NOTE_MAX = 4000 };

/* --- what a form asks (form_spec.c) --------------------------------------------------- */

/* Where a field's value goes. */
enum form_part { PART_RECORD, PART_CUSTOMER /* of a lead or case: who it is */, PART_MESSAGE /* of a case: what is said first */ };

struct form_field {
	const char *name;  /* as the form and the page name it: "phone", "customer.phone", "message.body" */
	enum form_part part;
	const struct entity_info *info;
	int at; /* of info's fields */
	const char *label[LOCALE_COUNT], *help[LOCALE_COUNT]; /* NULL: the field's own */
	bool required, hidden;
	const char *value; /* fixed of hidden ones, else what it begins with; NULL none */
};

struct form_consent {
	const char *channel, *purpose, *version; /* version: name of the consent_text */
	bool required, confirm;                  /* confirm: counts once the mail's link is followed */
};

struct form_spec {
	struct form_field fields[FORM_FIELDS_MAX];
	size_t n;
	struct form_consent consents[FORM_CONSENTS_MAX];
	size_t n_consents;
};

/* Reads what a form's record says, whole. ERR_INVALID names the record's field, with what is wrong in it. In ctx's arena. */
enum err form_spec_read(struct ctx *ctx, const struct record *form, struct form_spec **ret) MUST_CHECK;
/* Finds what `name` of it means in forms that make `entity`; ERR_INVALID "fields" if it may not be asked (or, `hidden`, fixed). */
enum err form_field_find(struct ctx *ctx, const char *entity, struct form_field *field) MUST_CHECK;
/* Whether the visitor's field may be asked at all: of a kind that a page can ask without telling of other records. */
bool form_field_askable(const struct field *field);
/* "https://shop.example" of each line; ERR_INVALID "sites" "web_form_site". */
enum err form_sites(struct ctx *ctx, const char *text, const char **ret, size_t *ret_n) MUST_CHECK;
/* Of three texts ("title_en", "title_zh", "title_hant") the one in the context's language, else the nearest; NULL: none. */
const char *form_text(const struct ctx *ctx, const struct record *form, const char *name);

/* --- stamps: when the page was handed out (form_stamp.c) ------------------------------- */

enum { STAMP_NONCE = 12, STAMP_TEXT = 64, STAMP_HOURS = 24, WORK_BITS = 18 };
struct form_stamp {
	int64_t form_id, at_ms;
	uint8_t nonce[STAMP_NONCE];
};
enum err form_stamp_new(struct ctx *ctx, int64_t form_id, char ret[STAMP_TEXT]) MUST_CHECK;
/* *ret_good false: not ours, of another form, or too old; the three are told alike. */
enum err form_stamp_read(struct ctx *ctx, const char *text, int64_t form_id, struct form_stamp *ret, bool *ret_good) MUST_CHECK;
/* The question that goes with a stamp: the two numbers to add. */
enum err form_stamp_question(struct ctx *ctx, const char *stamp, int *ret_a, int *ret_b) MUST_CHECK;
/* Whether SHA-256 of "stamp:proof" begins with WORK_BITS zero bits. */
bool form_stamp_worked(const char *stamp, const char *proof);

/* --- limits and counts (form_count.c) --------------------------------------------------- */

/* In a write job. A bucket that holds `limit` and fills in a minute; false: it is empty. */
enum err form_bucket(struct ctx *ctx, const char *who, int64_t limit, bool *ret) MUST_CHECK;
/* In a write job: one more of `what` on the firm's day. */
enum err form_count(struct ctx *ctx, int64_t form_id, const char *what) MUST_CHECK;
enum err form_counted_today(struct ctx *ctx, int64_t form_id, const char *what, int64_t *ret) MUST_CHECK;
/* In a write job: the nonce is used; *ret_first false: it was before. */
enum err form_nonce(struct ctx *ctx, const struct form_stamp *stamp, bool *ret_first) MUST_CHECK;
enum err form_forget_counts(struct ctx *ctx, int64_t form_id) MUST_CHECK;
/* The firm's day as "2026-11-30". */
enum err form_today(struct ctx *ctx, int64_t days_back, char ret[11]) MUST_CHECK;

/* --- what a visitor sent ------------------------------------------------------------------ */

struct form_problem {
	const char *key, *arg; /* NULL: none */
};

/* One answer, while it is looked at. Texts are the visitor's, in ctx's arena, valid UTF-8. */
struct form_answer {
	const struct record *form;
	const struct form_spec *spec;
	const char *values[FORM_FIELDS_MAX]; /* by field; NULL: not given */
	struct form_problem problems[FORM_FIELDS_MAX];
	bool agreed[FORM_CONSENTS_MAX], consent_problem[FORM_CONSENTS_MAX];
	const char *stamp, *trap, *answer, *proof, *page, *utm[FORM_UTM], *remote;
	size_t n_problems;
	struct form_problem general; /* said at the top */
	bool question;               /* the page asks it */
};
extern const char *const form_utm_names[FORM_UTM];

/* In a write job: makes what the form says of it, once; problems are noted in the answer, and then nothing is made. */
enum err form_take(struct ctx *ctx, struct form_answer *answer) MUST_CHECK;
/* In a write job, by staff (ctx->actor): an entry that waits becomes this customer's (0: a new one, `fresh`), or is set aside. */
enum err form_decide(struct ctx *ctx, const struct record *entry, int64_t customer_id, bool fresh) MUST_CHECK;
/* The customer that an entry's values describe, not saved; *ret NULL: they describe nobody. As read by the kinds of its fields. */
enum err form_person(struct ctx *ctx, const struct form_answer *answer, struct record **ret) MUST_CHECK;
/* An entry's values, kept with it, as an answer to the form as it stands now. */
enum err form_answer_kept(struct ctx *ctx, const struct record *entry, struct form_answer *ret) MUST_CHECK;
/* In a write job: what was agreed to in an entry goes into the ledger of this customer. `known`: who was there before, so that
 * somebody else may have typed it. */
enum err form_consents_note(struct ctx *ctx, const struct record *entry, const struct record *form, int64_t customer_id, bool known) MUST_CHECK;

/* --- the page (form_page.c) ------------------------------------------------------------------ */

/* The form, with what was typed and what is wrong with it. */
enum err form_page(struct ctx *ctx, const struct http_request *req, struct http_response *res, int status, const struct form_answer *answer) MUST_CHECK;
/* A page that says one thing. `form` NULL: of none. */
enum err form_page_says(struct ctx *ctx, const struct http_request *req, struct http_response *res, int status, const struct record *form, const char *head, const char *text) MUST_CHECK;

/* Supplied by the program (src/app): the message for a fault in the context's language. */
const char *app_message(const struct ctx *ctx, const struct fault *fault);

#endif
