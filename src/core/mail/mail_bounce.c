/* Whom a returned mail is about: delivery reports (RFC 3464), and what servers write in prose. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "core/mail/mail_internal.h"

enum { SAID_MAX = 16 << 10, ADDRESS_MAX = 320 };

static enum err full(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, NULL, "mail_too_large");
}

/* --- status codes ------------------------------------------------------ */

static size_t digits(const char *text, size_t max)
{
	size_t n = 0;
	while (n <= max && isdigit((unsigned char)text[n]))
		n++;
	return n;
}

/* What may stand neither before nor behind a status: it is part of an IP address, a name or a number then. */
static bool sticks(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr(".-_@/", c) != NULL);
}

/* "5.1.1" at `at`: its length, else 0. */
static size_t status_at(const char *from, const char *at)
{
	if (at[0] == '\0' || strchr("245", at[0]) == NULL || at[1] != '.' || (at > from && sticks(at[-1])))
		return 0;
	size_t subject = digits(at + 2, 3);
	if (subject == 0 || subject > 3 || at[2 + subject] != '.')
		return 0;
	size_t detail = digits(at + 3 + subject, 3), len = 3 + subject + detail;
	bool more = isalnum((unsigned char)at[len]) || (at[len] == '.' && isdigit((unsigned char)at[len + 1]));
	return detail == 0 || detail > 3 || more ? 0 : len;
}

/* Whether a reply code stands right before: "550 5.1.1", "550-5.1.1", "550-'5.1.1". */
static bool after_reply(const char *from, const char *at)
{
	while (at > from && strchr(" -'\"#(", at[-1]) != NULL)
		at--;
	return at - from >= 3 && (at[-3] == '4' || at[-3] == '5') && isdigit((unsigned char)at[-2]) && isdigit((unsigned char)at[-1]) &&
	       (at - from == 3 || !isalnum((unsigned char)at[-4]));
}

/* The first status behind a reply code, else the first that says more than "something" ("x.0.0"), else the first. NULL: none. */
static const char *find_status(struct ctx *ctx, const char *said)
{
	const char *best = NULL;
	size_t best_len = 0;
	int best_rank = 0;
	for (const char *at = said; at != NULL && *at != '\0'; at++) {
		size_t len = status_at(said, at);
		if (len == 0)
			continue;
		int rank = strncmp(at + 1, ".0.0", 4) == 0 ? 1 : after_reply(said, at) ? 3 : 2;
		if (rank > best_rank) {
			best = at;
			best_len = len;
			best_rank = rank;
		}
		at += len - 1;
	}
	return best != NULL ? arena_strndup(ctx->arena, best, best_len) : NULL;
}

/* --- recipients -------------------------------------------------------- */

struct finding {
	struct ctx *ctx;
	struct mail_recipient *list;
	const char **said; /* beside list: what was said of it */
	const char *report; /* all of it */
	const char *notice; /* what the server writes for people */
	size_t n;
	bool named; /* a header has said who they are: prose adds nobody */
};

static bool same_address(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

static size_t find_recipient(const struct finding *f, const char *address)
{
	for (size_t i = 0; i < f->n; i++) {
		if (same_address(f->list[i].address, address))
			return i;
	}
	return f->n;
}

static void add_recipient(struct finding *f, const char *address, const char *status, const char *said)
{
	if (f->n >= MAIL_LIST_MAX || address == NULL || said == NULL)
		return;
	f->said[f->n] = said;
	f->list[f->n++] = (struct mail_recipient){.address = address, .status = status, .failure = mail_bounce_judge(said, status)};
}

/* "rfc822; a@b", "<a@b>", "a@b (a@b)": the address. */
static const char *bare_address(struct ctx *ctx, const char *value)
{
	const char *semicolon = value != NULL ? strchr(value, ';') : NULL;
	if (semicolon != NULL && (size_t)(semicolon - value) == strcspn(value, ";@<"))
		value = semicolon + 1;
	if (value == NULL)
		return NULL;
	value += strspn(value, " \t<");
	size_t len = *value == '"' ? strlen(value) : strcspn(value, " \t>,");
	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '>'))
		len--;
	return len > 0 && len < ADDRESS_MAX ? arena_strndup(ctx->arena, value, len) : NULL;
}

static const char *report_recipient(struct ctx *ctx, const char *block)
{
	static const char *const names[] = {"Final-Recipient", "Original-Recipient", "X-Actual-Recipient"};
	const char *first = NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *address = bare_address(ctx, mail_header(ctx, block, names[i]));
		if (address != NULL && strchr(address, '@') != NULL)
			return address;
		first = first == NULL ? address : first;
	}
	return first;
}

static bool vague(const char *status)
{
	return status == NULL || strncmp(status + 1, ".0.0", 4) == 0;
}

static bool went_well(const char *action)
{
	return action != NULL && (strncasecmp(action, "deliver", 7) == 0 || strncasecmp(action, "relayed", 7) == 0 || strncasecmp(action, "expanded", 8) == 0);
}

/* A report that names one person may say why in its prose only. */
static bool names_one(const char *report)
{
	const char *one = mail_find(report, "final-recipient:");
	return one == NULL || mail_find(one + 1, "final-recipient:") == NULL;
}

/* One paragraph of a report. */
static void read_block(struct finding *f, const char *block)
{
	struct ctx *ctx = f->ctx;
	const char *address = report_recipient(ctx, block);
	if (address == NULL || went_well(mail_header(ctx, block, "Action")))
		return;
	const char *code = mail_header_all(ctx, block, "Diagnostic-Code"), *field = mail_header(ctx, block, "Status");
	const char *said = arena_printf(ctx->arena, "%s\n%s", code != NULL ? code : "", field != NULL ? field : "");
	const char *status = find_status(ctx, code), *given = find_status(ctx, field);
	if (vague(status) && given != NULL)
		status = given;
	bool silent = code == NULL && names_one(f->report);
	const char *told = silent && vague(status) ? find_status(ctx, f->notice) : NULL;
	if (silent || strstr(f->notice, "DATA") != NULL)
		said = arena_printf(ctx->arena, "%s\n%s", said != NULL ? said : "", f->notice);
	add_recipient(f, address, told != NULL ? told : status, said);
}

/* Paragraphs stand between empty lines; some servers leave those out, so a second Final-Recipient begins another one. */
static void read_report(struct finding *f, const char *report)
{
	while (*report != '\0') {
		report += strspn(report, "\n");
		const char *end = strstr(report, "\n\n");
		size_t len = end != NULL ? (size_t)(end - report) : strlen(report);
		const char *block = arena_strndup(f->ctx->arena, report, len);
		if (block == NULL)
			return;
		read_block(f, block);
		report += len;
	}
}

/* --- prose ------------------------------------------------------------- */

/* Where what the server says ends and the mail that came back begins. */
static size_t notice_length(const char *text)
{
	static const char *const marks[] = {"below this line is a copy", "this is a copy of", "original message follows", "message headers follow", "original message -----",
		"header of the original message", "unsent message follows", "original message headers:", "below is a copy of the original", "returned message ----",
		"included is a copy of the message", "------ this is a copy", "message header follows", "received: from", "return-path:", "copy of your message", NULL};
	size_t len = strlen(text);
	for (size_t i = 0; marks[i] != NULL; i++) {
		const char *found = mail_find(text, marks[i]);
		if (found != NULL && found > text + 20 && (size_t)(found - text) < len)
			len = (size_t)(found - text);
	}
	return len;
}

static bool local_sign(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("!#$%&*+-/=?^_`{|}~.", c) != NULL);
}

static bool host_sign(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '-';
}

/* The next address at or after `at`, ASCII only, as words of any script may stand beside it; NULL: none before `end`. */
static const char *next_address(const char *at, const char *from, const char *end, size_t *ret_len)
{
	for (const char *sign; at < end && (sign = memchr(at, '@', (size_t)(end - at))) != NULL; at = sign + 1) {
		const char *begin = sign, *stop = sign + 1;
		while (begin > from && sign - begin < 65 && local_sign(begin[-1]))
			begin--;
		while (stop < end && host_sign(*stop))
			stop++;
		while (stop > sign + 1 && !isalnum((unsigned char)stop[-1]))
			stop--;
		begin += strspn(begin, "/=?*'`|");
		if (begin >= sign || stop == sign + 1)
			continue;
		*ret_len = (size_t)(stop - begin);
		return begin;
	}
	return NULL;
}

/* Lines that name the sender, or help, or an id, but nobody who was missed. */
static bool other_line(const char *line, size_t len)
{
	static const char *const words[] = {"mail from:", "from:", "sender:", "for further assistance", "contact", "generated from", "support", "message-id", "references:", "reply-to:", "please send mail to",
		"message from", "original message was received", "hello ", "dear ", "in-reply-to", "authentication-results", "subject:", "x-", NULL};
	char start[160];
	size_t skipped = strspn(line, " \t>*|");
	skipped = skipped < len ? skipped : len;
	line += skipped;
	len -= skipped;
	size_t n = len < sizeof(start) - 1 ? len : sizeof(start) - 1;
	memcpy(start, line, n);
	start[n] = '\0';
	start[strcspn(start, "\n")] = '\0';
	for (size_t i = 0; words[i] != NULL; i++) {
		if (strncasecmp(start, words[i], strlen(words[i])) == 0 || (i < 7 && mail_has(start, words[i])))
			return true;
	}
	return false;
}

static bool ours(struct ctx *ctx, const struct mail *mail, const struct mail_signs *signs, const char *address)
{
	const char *to = mail->to, *sender = mail_header(ctx, signs->original, "From");
	return mail_has(to, address) || mail_has(sender, address) || strncasecmp(address, "mailer-daemon@", 14) == 0 || strncasecmp(address, "postmaster@", 11) == 0;
}

/* Adds what a line says to what is known of the address. */
static void append_said(struct finding *f, size_t at, const char *from, size_t len)
{
	const char *before = f->said[at];
	if (strlen(before) + len > SAID_MAX)
		return;
	const char *more = arena_printf(f->ctx->arena, "%s%.*s", before, (int)len, from);
	f->said[at] = more != NULL ? more : before;
}

/* Whom a line of prose is about: their place in the list, or SIZE_MAX. */
static size_t line_about(struct finding *f, const struct mail_signs *signs, const struct mail *mail, const char *line, size_t len, bool own)
{
	bool named = !own && f->named;
	size_t n;
	if (other_line(line, len))
		return SIZE_MAX;
	for (const char *at = line, *found; (found = next_address(at, line, line + len, &n)) != NULL; at = found + n) {
		const char *address = n < ADDRESS_MAX ? arena_strndup(f->ctx->arena, found, n) : NULL;
		if (address == NULL || (!own && !named && ours(f->ctx, mail, signs, address)))
			continue;
		size_t place = find_recipient(f, address);
		if (place == f->n && !named)
			add_recipient(f, address, NULL, "");
		if (place < f->n)
			return place;
	}
	return SIZE_MAX;
}

/* Each address gets the lines from where it stands to where another one does. `own`: also addresses of who sent the mail. */
static void read_prose(struct finding *f, const struct mail_signs *signs, const struct mail *mail, bool own)
{
	size_t current = SIZE_MAX;
	f->named = f->n > 0;
	for (const char *line = f->notice; *line != '\0';) {
		const char *end = strchrnul(line, '\n');
		size_t len = (size_t)(end - line), about = line_about(f, signs, mail, line, len, own);
		current = about != SIZE_MAX ? about : current;
		line = end + (*end == '\n' ? 1 : 0);
		if (current != SIZE_MAX && len < SAID_MAX)
			append_said(f, current, end - len, (size_t)(line - (end - len)));
	}
}

/* Names that servers put beside their prose. */
static void read_names(struct finding *f, const char *names)
{
	const char *end = names != NULL ? names + strlen(names) : NULL;
	size_t n;
	for (const char *at = names, *found; names != NULL && (found = next_address(at, names, end, &n)) != NULL; at = found + n) {
		const char *address = n < ADDRESS_MAX ? arena_strndup(f->ctx->arena, found, n) : NULL;
		if (address != NULL && find_recipient(f, address) == f->n)
			add_recipient(f, address, NULL, "");
	}
}

/* Status and verdict from what was said; where nothing was said of one, the whole notice is. */
static void conclude(struct finding *f, const char *notice)
{
	enum mail_failure of_all = mail_bounce_judge(notice, NULL);
	for (size_t i = 0; i < f->n; i++) {
		struct mail_recipient *one = &f->list[i];
		const char *status = find_status(f->ctx, f->said[i]);
		if (status == NULL && f->n == 1)
			status = find_status(f->ctx, notice);
		one->status = status;
		if (f->n > 1 && *f->said[i] == '\0')
			one->failure = of_all;
		else
			one->failure = mail_bounce_judge(f->n == 1 ? notice : f->said[i], status);
	}
}

/* The addresses of a sending service's JSON. */
static void read_notification(struct finding *f, const char *text)
{
	size_t n;
	for (const char *at = mail_find(text, "emailaddress"), *end; at != NULL; at = mail_find(end, "emailaddress")) {
		end = at + strnlen(at, ADDRESS_MAX);
		const char *found = next_address(at, at, end, &n), *address = found != NULL ? arena_strndup(f->ctx->arena, found, n) : NULL;
		if (address != NULL && find_recipient(f, address) == f->n)
			add_recipient(f, address, NULL, "");
		end = found != NULL ? found + n : end;
	}
}

static void read_notice(struct finding *f, const struct mail_signs *signs, const struct mail *mail)
{
	struct ctx *ctx = f->ctx;
	if (mail_has(mail->text, "bouncedrecipients"))
		read_notification(f, mail->text);
	read_names(f, mail_header_all(ctx, signs->headers, "X-Failed-Recipients"));
	read_prose(f, signs, mail, false);
	if (f->n == 0)
		read_names(f, mail_header(ctx, signs->original, "To"));
	if (f->n == 0)
		read_names(f, mail_header(ctx, mail->text + strlen(f->notice), "To"));
	if (f->n == 0)
		read_prose(f, signs, mail, true);
	if (f->n == 0)
		add_recipient(f, "", NULL, "");
	conclude(f, arena_printf(ctx->arena, "%s\n%s", mail->subject != NULL ? mail->subject : "", f->notice));
}

enum err mail_bounce_read(struct ctx *ctx, const struct mail_signs *signs, struct mail *mail)
{
	struct finding f = {.ctx = ctx, .report = signs->report};
	f.list = arena_array(ctx->arena, MAIL_LIST_MAX, sizeof(*f.list));
	f.said = arena_array(ctx->arena, MAIL_LIST_MAX, sizeof(*f.said));
	f.notice = arena_strndup(ctx->arena, mail->text, notice_length(mail->text));
	if (f.list == NULL || f.said == NULL || f.notice == NULL)
		return full(ctx);
	read_report(&f, f.report);
	if (f.n == 0 && mail_has(mail->text, "final-recipient:")) {
		f.report = mail->text;
		read_report(&f, f.report);
	}
	if (f.n == 0)
		read_notice(&f, signs, mail);
	mail->recipients = f.list;
	mail->n_recipients = f.n;
	return ctx->arena->failed ? full(ctx) : OK;
}
