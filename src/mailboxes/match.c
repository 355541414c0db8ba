/* Whose a message is, and which case it belongs to; carefully: what anybody could have written is believed only together with the sender. */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "core/machine/machine.h"
#include "core/text/text.h"
#include "mailboxes/mailboxes_internal.h"
#include "mailboxes_sql.h"

#define TAG_PURPOSE "mailbox_reply"
enum { TAG_BYTES = 10, NUMBERS_MAX = 6, NUMBER_MAX = 64, SCANNED_IDS = 20, MERGED_MAX = 8, HOUR_MS = 3600000, MAILS_AN_HOUR = 100, CASES_AN_HOUR = 20 };

enum err mailbox_find_id(struct ctx *ctx, const struct sql *sql, const char *text, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, text);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

/* As addresses are compared. */
static enum err address_key(struct ctx *ctx, const char *address, const char **ret)
{
	const char *normal;
	bool valid = false;
	size_t n;
	*ret = "";
	enum err err = email_normalise(ctx, address, &normal, &valid);
	return err == OK && valid ? text_form(ctx, normal, strlen(normal), false, ret, &n) : err;
}

enum err mailbox_customer(struct ctx *ctx, const char *address, int64_t *ret)
{
	struct stmt *stmt;
	const char *key;
	bool row = false;
	size_t n = 0;
	*ret = 0;
	enum err err = address_key(ctx, address, &key);
	if (err != OK || *key == '\0')
		return err;
	err = db_prepare(ctx, ctx->db, &sql_mailbox_customers, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, key);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		*ret = stmt_i64(stmt, 0);
		n++;
	}
	stmt_done(stmt);
	if (n > 1) /* which of them, nobody can say */
		*ret = 0;
	return err;
}

/* --- the case and who may speak in it ------------------------------------------------------ */

struct found_case {
	int64_t id, customer_id;
	const char *contact;
};

/* The case, or the one that it was merged into; id 0: none. */
static enum err get_case(struct ctx *ctx, int64_t id, struct found_case *ret)
{
	enum err err = OK;
	*ret = (struct found_case){0};
	for (int i = 0; i < MERGED_MAX && id != 0 && err == OK; i++) {
		struct stmt *stmt;
		bool row = false;
		err = db_prepare(ctx, ctx->db, &sql_mailbox_case, &stmt);
		if (err != OK)
			return err;
		stmt_bind_i64(stmt, 1, id);
		err = stmt_step(ctx, stmt, &row);
		if (err == OK && row)
			*ret = (struct found_case){stmt_i64(stmt, 0), stmt_i64(stmt, 1), arena_strdup(ctx->arena, stmt_text(stmt, 2))};
		id = err == OK && row ? stmt_i64(stmt, 3) : 0;
		stmt_done(stmt);
	}
	return err;
}

/* Whether the sender is the one the case is about: its address, or its customer's alone. */
static enum err is_theirs(struct ctx *ctx, const struct found_case *found, const char *from, int64_t customer_id, bool *ret)
{
	const char *a = "", *b = "";
	enum err err = address_key(ctx, from, &a);
	if (err == OK)
		err = address_key(ctx, found->contact != NULL ? found->contact : "", &b);
	*ret = (*a != '\0' && str_equal(a, b)) || (customer_id != 0 && customer_id == found->customer_id);
	return err;
}

/* --- signed addresses ------------------------------------------------------------------------- */

static enum err sign(struct ctx *ctx, int64_t case_id, char ret[2 * TAG_BYTES + 1])
{
	uint8_t mac[MACHINE_MAC];
	char text[32];
	int n = snprintf(text, sizeof(text), "case/%lld", (long long)case_id);
	enum err err = machine_mac(ctx, TAG_PURPOSE, text, (size_t)n, mac);
	for (int i = 0; i < TAG_BYTES && err == OK; i++)
		snprintf(ret + (size_t)i * 2, 3, "%02x", mac[i]);
	return err;
}

enum err mailbox_tag(struct ctx *ctx, const char *address, int64_t case_id, const char **ret)
{
	char mac[2 * TAG_BYTES + 1];
	const char *at = strrchr(address, '@');
	if (at == NULL)
		return fail(ctx, ERR_INVALID, "address", "mailbox_word");
	enum err err = sign(ctx, case_id, mac);
	if (err == OK)
		*ret = arena_printf(ctx->arena, "%.*s+case%lld-%s%s", (int)(at - address), address, (long long)case_id, mac, at);
	return err == OK && *ret == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

enum err mailbox_tagged(struct ctx *ctx, const char *to, int64_t *ret)
{
	*ret = 0;
	for (const char *at = to; (at = strstr(at, "+case")) != NULL;) {
		char mac[2 * TAG_BYTES + 1], digits[24];
		at += 5;
		size_t n = strspn(at, "0123456789"), hex = n < sizeof(digits) && at[n] == '-' ? strspn(at + n + 1, "0123456789abcdef") : 0;
		int64_t id;
		if (hex != (size_t)2 * TAG_BYTES || at[n + 1 + hex] != '@')
			continue;
		snprintf(digits, sizeof(digits), "%.*s", (int)n, at);
		if (!id_parse(digits, &id))
			continue;
		enum err err = sign(ctx, id, mac);
		if (err != OK)
			return err;
		if (bytes_equal_ct(mac, at + n + 1, hex)) {
			*ret = id;
			return OK;
		}
	}
	return OK;
}

/* --- what it points to ------------------------------------------------------------------------- */

/* The case of a message in a conversation; 0: none. */
static enum err case_of(struct ctx *ctx, int64_t message, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_mailbox_message_case, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, message);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

/* The number that a name of ours begins with: "4611….a1b2…@firm.cn". */
static bool sent_number(const char *message_id, int64_t *ret)
{
	char digits[24];
	size_t n = strspn(message_id, "0123456789");
	if (n == 0 || n >= sizeof(digits) || message_id[n] != '.')
		return false;
	snprintf(digits, sizeof(digits), "%.*s", (int)n, message_id);
	return id_parse(digits, ret);
}

/* A mail of our outbox by the name we gave it, which nobody can guess. *ret_mail 0: none. */
static enum err find_sent(struct ctx *ctx, const char *message_id, int64_t *ret_mail, int64_t *ret_case)
{
	struct stmt *stmt;
	bool row = false;
	int64_t id, message = 0;
	*ret_mail = *ret_case = 0;
	if (!sent_number(message_id, &id))
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_mailbox_sent, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row && str_equal(stmt_text(stmt, 0), message_id)) {
		*ret_mail = id;
		*ret_case = str_equal(stmt_text(stmt, 1), "case") ? stmt_i64(stmt, 2) : 0;
		message = str_equal(stmt_text(stmt, 1), "case_message") ? stmt_i64(stmt, 2) : 0;
	}
	stmt_done(stmt);
	return err == OK && message != 0 ? case_of(ctx, message, ret_case) : err;
}

/* A mail that came earlier and belongs to a case: anybody may have seen its name, so the sender counts too. */
static enum err find_received(struct ctx *ctx, const struct mailbox_mail *mail, const char *message_id, int64_t customer_id, struct found_case *ret, bool *ret_foreign)
{
	struct stmt *stmt;
	bool row = false;
	int64_t ids[5];
	bool same[5];
	size_t n = 0;
	*ret = (struct found_case){0};
	enum err err = db_prepare(ctx, ctx->db, &sql_mailbox_by_reference, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, message_id);
	while (n < 5 && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		ids[n] = stmt_i64(stmt, 0);
		same[n++] = !str_empty(mail->from_address) && str_equal(stmt_text(stmt, 1), mail->from_address);
	}
	stmt_done(stmt);
	for (size_t i = 0; i < n && err == OK && ret->id == 0; i++) {
		struct found_case found;
		bool theirs = same[i];
		err = get_case(ctx, ids[i], &found);
		if (err == OK && !theirs)
			err = is_theirs(ctx, &found, mail->from_address, customer_id, &theirs);
		if (err == OK && theirs)
			*ret = found;
		*ret_foreign = *ret_foreign || (found.id != 0 && !theirs);
	}
	return err;
}

static void belongs(struct mailbox_match *ret, const struct found_case *found, const char *reason)
{
	ret->case_id = found->id;
	ret->reason = reason;
	if (found->customer_id != 0)
		ret->customer_id = found->customer_id;
}

/* The newest reference first. */
static enum err by_references(struct ctx *ctx, const struct mailbox_mail *mail, struct mailbox_match *ret, bool *ret_foreign)
{
	enum err err = OK;
	for (size_t i = mail->n_references; i > 0 && err == OK && ret->case_id == 0; i--) {
		struct found_case found = {0};
		int64_t sent, case_id;
		bool theirs = true;
		err = find_sent(ctx, mail->references[i - 1], &sent, &case_id);
		if (err == OK && case_id != 0)
			err = get_case(ctx, case_id, &found);
		if (err == OK && found.id != 0)
			err = is_theirs(ctx, &found, mail->from_address, ret->customer_id, &theirs);
		if (err == OK && found.id != 0) {
			ret->detail = theirs ? "" : mail->from_address;
			belongs(ret, &found, "sent");
			return OK;
		}
		if (err == OK)
			err = find_received(ctx, mail, mail->references[i - 1], ret->customer_id, &found, ret_foreign);
		if (err == OK && found.id != 0)
			belongs(ret, &found, "received");
	}
	return err;
}

static void to_capitals(char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		*text = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
}

/* What may be a number in a subject: what stands in [ ], and words that begin as ours do. */
static size_t numbers_in(struct ctx *ctx, const char *subject, char **ret)
{
	static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t count = 0;
	for (const char *at = subject; *at != '\0' && count < NUMBERS_MAX;) {
		bool bracket = *at == '[';
		size_t n = bracket ? strcspn(at + 1, "]") : strspn(at, letters);
		bool fits = n <= NUMBER_MAX && (bracket ? n > 0 && at[n + 1] == ']' : n >= 3 && (*at | 0x20) == 'c');
		if (fits) {
			ret[count] = arena_strndup(ctx->arena, at + bracket, n);
			to_capitals(ret[count++]);
		}
		at += !bracket && n > 0 ? n : 1;
	}
	return count;
}

static enum err by_number(struct ctx *ctx, const struct mailbox_mail *mail, struct mailbox_match *ret, const char **ret_foreign)
{
	char *numbers[NUMBERS_MAX];
	size_t n = numbers_in(ctx, mail->subject, numbers);
	enum err err = OK;
	for (size_t i = 0; i < n && err == OK && ret->case_id == 0; i++) {
		struct found_case found;
		int64_t id = 0;
		bool theirs = false;
		err = numbers[i] != NULL ? mailbox_find_id(ctx, &sql_mailbox_case_number, numbers[i], &id) : fail(ctx, ERR_LIMIT, "", "memory");
		if (err == OK)
			err = get_case(ctx, id, &found);
		if (err == OK && found.id != 0)
			err = is_theirs(ctx, &found, mail->from_address, ret->customer_id, &theirs);
		if (err != OK || found.id == 0)
			continue;
		if (theirs) {
			ret->detail = numbers[i];
			belongs(ret, &found, "number");
		} else {
			*ret_foreign = numbers[i];
		}
	}
	return err;
}

/* --- what came back ------------------------------------------------------------------------------- */

/* Whether the text at `at` begins with "Message-ID:" in any case. */
static const char *id_header(const char *at, const char *end)
{
	static const char name[] = "message-id:";
	for (size_t i = 0; i < sizeof(name) - 1; i++)
		if (at + i >= end || ((unsigned char)at[i] | 0x20) != (unsigned char)(name[i] | 0x20))
			return NULL;
	return at + sizeof(name) - 1;
}

/* A report holds the mail that came back, or its header: its name stands in a line of the raw message. */
static enum err by_original(struct ctx *ctx, const struct mailbox_mail *mail, struct mailbox_match *ret)
{
	const char *end = mail->raw + mail->n;
	enum err err = OK;
	size_t seen = 0;
	for (const char *at = mail->raw; at != NULL && at < end && seen < SCANNED_IDS && err == OK && ret->bounced == 0;) {
		const char *value = id_header(at, end);
		const char *open = value != NULL ? memchr(value, '<', (size_t)(end - value)) : NULL, *close = open != NULL ? memchr(open, '>', (size_t)(end - open)) : NULL;
		if (close != NULL && open - value < 8 && close - open < 400) {
			const char *id = arena_strndup(ctx->arena, open + 1, (size_t)(close - open) - 1);
			seen++;
			err = id != NULL ? find_sent(ctx, id, &ret->bounced, &ret->case_id) : fail(ctx, ERR_LIMIT, "", "memory");
		}
		at = memchr(at, '\n', (size_t)(end - at));
		at = at != NULL ? at + 1 : NULL;
	}
	return err;
}

static enum err match_bounce(struct ctx *ctx, const struct mailbox_mail *mail, struct mailbox_match *ret)
{
	enum err err = OK;
	for (size_t i = mail->n_references; i > 0 && err == OK && ret->bounced == 0; i--)
		err = find_sent(ctx, mail->references[i - 1], &ret->bounced, &ret->case_id);
	if (err == OK && ret->bounced == 0)
		err = by_original(ctx, mail, ret);
	ret->reason = ret->bounced != 0 ? "bounce" : "bounce_unknown";
	const char *who = mail->n_failed > 0 ? mail->failed[0] : "";
	ret->detail = arena_printf(ctx->arena, "%.250s%s%.40s", who, *who != '\0' && *mail->status != '\0' ? " " : "", mail->status);
	return err == OK && ret->detail == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

/* --- the whole --------------------------------------------------------------------------------------- */

/* Whether one sender has written more in the last hour than people do; `cases`: has opened more of them. */
static enum err over_budget(struct ctx *ctx, const char *from, bool *ret_mails, bool *ret_cases)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_mailbox_lately, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, from);
	stmt_bind_i64(stmt, 2, ctx_now(ctx) - HOUR_MS);
	err = stmt_step(ctx, stmt, &row);
	*ret_mails = err == OK && row && stmt_i64(stmt, 0) >= MAILS_AN_HOUR;
	*ret_cases = err == OK && row && stmt_i64(stmt, 1) >= CASES_AN_HOUR;
	stmt_done(stmt);
	return err;
}

/* By a signed address, whoever it comes from: who has it got it from us. */
static enum err by_address(struct ctx *ctx, const struct mailbox_mail *mail, struct mailbox_match *ret)
{
	struct found_case found = {0};
	bool theirs = true;
	int64_t id;
	enum err err = mailbox_tagged(ctx, mail->to, &id);
	if (err == OK && id != 0)
		err = get_case(ctx, id, &found);
	if (err != OK || found.id == 0)
		return err;
	err = is_theirs(ctx, &found, mail->from_address, ret->customer_id, &theirs);
	ret->detail = theirs ? "" : mail->from_address;
	belongs(ret, &found, "reply_address");
	return err;
}

static enum err match_case(struct ctx *ctx, const struct mailbox_mail *mail, struct mailbox_match *ret)
{
	const char *number = NULL;
	bool foreign = false;
	enum err err = by_address(ctx, mail, ret);
	if (err == OK && ret->case_id == 0)
		err = by_references(ctx, mail, ret, &foreign);
	if (err == OK && ret->case_id == 0)
		err = by_number(ctx, mail, ret, &number);
	if (err != OK || ret->case_id != 0)
		return err;
	ret->reason = number != NULL ? "foreign_number" : foreign ? "foreign_reference" : "new";
	ret->detail = number != NULL ? number : "";
	ret->opens = true;
	return OK;
}

/* What nobody wrote opens nothing, nor does a flood. */
static void hold_back(const struct mailbox_mail *mail, bool flood, struct mailbox_match *ret)
{
	bool list = str_equal(mail->kind, "list");
	if (!ret->opens || (!list && !flood && !str_equal(mail->kind, "auto_reply")))
		return;
	ret->opens = false;
	ret->reason = flood ? "budget" : list ? "list" : "auto_reply";
}

enum err mailbox_match(struct ctx *ctx, const struct mailbox_mail *mail, struct mailbox_match *ret)
{
	int64_t ours = 0;
	bool mails = false, cases = false;
	*ret = (struct mailbox_match){.reason = "nobody", .detail = ""};
	if (!mail->read)
		return OK;
	if (str_equal(mail->kind, "bounce") || str_equal(mail->kind, "complaint"))
		return match_bounce(ctx, mail, ret);
	if (*mail->from_address == '\0')
		return OK;
	enum err err = mailbox_find_id(ctx, &sql_mailbox_ours, mail->from_address, &ours);
	if (err == OK)
		err = over_budget(ctx, mail->from_address, &mails, &cases);
	if (err == OK)
		err = mailbox_customer(ctx, mail->from_address, &ret->customer_id);
	ret->reason = ours != 0 ? "own" : "budget";
	if (err != OK || ours != 0 || mails)
		return err;
	err = match_case(ctx, mail, ret);
	if (err == OK)
		hold_back(mail, cases, ret);
	return err;
}
