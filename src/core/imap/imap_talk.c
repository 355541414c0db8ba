#include "core/imap/imap_talk.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

enum { OUT_MAX = 256 << 10, SECRET_MAX = 24 << 10 };

void imap_talk_begin(struct imap_talk *talk, const struct imap_account *account)
{
	*talk = (struct imap_talk){.account = *account};
	imap_in_init(&talk->in);
	buf_init(&talk->out, OUT_MAX);
}

void imap_talk_end(struct imap_talk *talk)
{
	imap_in_release(&talk->in);
	if (talk->out.data != NULL)
		sodium_memzero(talk->out.data, talk->out.cap);
	buf_release(&talk->out);
}

/* --- saying ------------------------------------------------------------------------- */

static void command(struct imap_talk *talk, enum imap_state state, const char *text)
{
	talk->number++;
	talk->state = state;
	buf_printf(&talk->out, "g%u %s\r\n", talk->number, text);
}

/* "…" with its escapes; what is not plain ASCII cannot be quoted. */
static void put_quoted(struct buf *out, const char *text)
{
	buf_putc(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *text);
	}
	buf_putc(out, '"');
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* Characters outside ASCII of a folder's name, in UTF-16 and RFC 3501's base64. */
static size_t put_shifted(struct buf *out, const char *text, size_t n, size_t at)
{
	uint32_t bits = 0;
	unsigned have = 0;
	buf_putc(out, '&');
	while (at < n && (unsigned char)text[at] >= 0x80) {
		uint32_t c = utf8_next(text, n, &at);
		uint16_t units[2] = {(uint16_t)c, 0};
		size_t m = 1;
		if (c > 0xffff) {
			units[0] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
			units[1] = (uint16_t)(0xdc00 + ((c - 0x10000) & 0x3ff));
			m = 2;
		}
		for (size_t i = 0; i < m; i++) {
			bits = bits << 16 | units[i];
			have += 16;
			while (have >= 6) {
				buf_putc(out, base64_digits[bits >> (have - 6) & 63]);
				have -= 6;
			}
			bits &= (1u << have) - 1;
		}
	}
	if (have > 0)
		buf_putc(out, base64_digits[bits << (6 - have) & 63]);
	buf_putc(out, '-');
	return at;
}

/* A folder's name as servers write it (modified UTF-7). */
static void put_folder(struct buf *out, const char *name)
{
	size_t n = strlen(name);
	if (!utf8_valid(name, n))
		n = 0;
	buf_putc(out, '"');
	for (size_t at = 0; at < n;) {
		if ((unsigned char)name[at] >= 0x80) {
			at = put_shifted(out, name, n, at);
			continue;
		}
		if (name[at] == '"' || name[at] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, name[at]);
		if (name[at] == '&')
			buf_putc(out, '-');
		at++;
	}
	buf_putc(out, '"');
}

static enum imap_event failed(struct imap_talk *talk, const char *error, const struct imap_answer *answer)
{
	size_t n = 0;
	talk->state = IMAP_OVER;
	talk->error = error;
	for (size_t i = 0; answer != NULL && i < answer->n && n + 1 < IMAP_SAID_MAX; i++)
		talk->said[n++] = answer->rest[i] >= ' ' && answer->rest[i] <= '~' ? answer->rest[i] : '?';
	talk->said[n] = '\0';
	return IMAP_FAILED;
}

/* --- signing in --------------------------------------------------------------------------- */

static void put_base64(struct buf *out, const void *bytes, size_t n)
{
	size_t max = sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL);
	char *room = buf_reserve(out, max);
	if (room == NULL)
		return;
	sodium_bin2base64(room, max, (const unsigned char *)bytes, n, sodium_base64_VARIANT_ORIGINAL);
	out->len += strlen(room);
}

/* What AUTHENTICATE sends: \0user\0secret, or XOAUTH2's own. */
static void put_credentials(struct imap_talk *talk)
{
	struct buf plain;
	buf_init(&plain, SECRET_MAX);
	if (talk->account.sign_in == IMAP_XOAUTH2) {
		buf_printf(&plain, "user=%s\001auth=Bearer %s\001\001", talk->account.user, talk->account.secret);
	} else {
		buf_putc(&plain, '\0');
		buf_puts(&plain, talk->account.user);
		buf_putc(&plain, '\0');
		buf_puts(&plain, talk->account.secret);
	}
	put_base64(&talk->out, buf_text(&plain), plain.len);
	if (plain.data != NULL)
		sodium_memzero(plain.data, plain.len);
	buf_release(&plain);
	talk->secret_sent = true;
}

static bool ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			return false;
	return true;
}

static enum imap_event sign_in(struct imap_talk *talk)
{
	bool xoauth2 = talk->account.sign_in == IMAP_XOAUTH2;
	talk->number++;
	talk->state = IMAP_SIGNING_IN;
	talk->secret_sent = false;
	if (!xoauth2 && !talk->can_plain && talk->no_login)
		return failed(talk, "imap_login", NULL);
	if (!xoauth2 && !talk->can_plain && ascii(talk->account.user) && ascii(talk->account.secret)) {
		buf_printf(&talk->out, "g%u LOGIN ", talk->number);
		put_quoted(&talk->out, talk->account.user);
		buf_putc(&talk->out, ' ');
		put_quoted(&talk->out, talk->account.secret);
		talk->secret_sent = true;
	} else {
		buf_printf(&talk->out, "g%u AUTHENTICATE %s", talk->number, xoauth2 ? "XOAUTH2" : "PLAIN");
		if (talk->can_initial) {
			buf_putc(&talk->out, ' ');
			put_credentials(talk);
		}
	}
	buf_puts(&talk->out, "\r\n");
	return IMAP_NOTHING;
}

static void keep_capabilities(struct imap_talk *talk, const char *text, size_t n)
{
	talk->can_idle = imap_has_word(text, n, "IDLE");
	talk->can_plain = imap_has_word(text, n, "AUTH=PLAIN");
	talk->can_xoauth2 = imap_has_word(text, n, "AUTH=XOAUTH2");
	talk->can_initial = imap_has_word(text, n, "SASL-IR");
	talk->no_login = imap_has_word(text, n, "LOGINDISABLED");
	talk->can_starttls = imap_has_word(text, n, "STARTTLS");
}

static enum imap_event select_folder(struct imap_talk *talk)
{
	talk->number++;
	talk->state = IMAP_SELECTING;
	talk->uidvalidity = 0;
	buf_printf(&talk->out, "g%u EXAMINE ", talk->number);
	put_folder(&talk->out, talk->account.folder);
	buf_puts(&talk->out, "\r\n");
	return IMAP_NOTHING;
}

/* --- what follows from the end of a command -------------------------------------------------- */

static enum imap_event greeted(struct imap_talk *talk, const struct imap_answer *answer)
{
	if (answer->kind != IMAP_UNTAGGED || str_equal(answer->word, "BYE"))
		return failed(talk, "imap_bye", answer);
	if (str_equal(answer->word, "PREAUTH")) /* whose mailbox it would be, nobody knows */
		return failed(talk, "imap_refused", answer);
	if (!str_equal(answer->word, "OK"))
		return failed(talk, "imap_broken", answer);
	command(talk, IMAP_CAPABILITY, "CAPABILITY");
	return IMAP_NOTHING;
}

static enum imap_event capable(struct imap_talk *talk)
{
	if (!talk->account.starttls)
		return sign_in(talk);
	if (!talk->can_starttls)
		return failed(talk, "imap_starttls", NULL);
	command(talk, IMAP_STARTS_TLS, "STARTTLS");
	return IMAP_NOTHING;
}

/* Whatever came before TLS was not from the server for certain: nothing of it is kept. */
static enum imap_event shake(struct imap_talk *talk)
{
	imap_in_release(&talk->in);
	imap_in_init(&talk->in);
	keep_capabilities(talk, "", 0);
	talk->state = IMAP_SHAKING;
	return IMAP_SECURE;
}

void imap_talk_secured(struct imap_talk *talk)
{
	command(talk, IMAP_CAPABILITY_AGAIN, "CAPABILITY");
}

static enum imap_event rested(struct imap_talk *talk)
{
	bool told = talk->told;
	talk->state = IMAP_ASKED;
	talk->told = false;
	return told ? IMAP_NEWS : IMAP_RESTS;
}

static int by_uid(const void *a, const void *b)
{
	uint32_t x = ((const struct imap_listed *)a)->uid, y = ((const struct imap_listed *)b)->uid;
	return (x > y) - (x < y);
}

/* Sizes of what was found. */
static enum imap_event searched(struct imap_talk *talk)
{
	if (talk->n_listed == 0) {
		talk->state = IMAP_OPEN;
		return IMAP_LISTED;
	}
	talk->number++;
	talk->state = IMAP_SIZING;
	buf_printf(&talk->out, "g%u UID FETCH ", talk->number);
	for (size_t i = 0; i < talk->n_listed; i++)
		buf_printf(&talk->out, "%s%u", i > 0 ? "," : "", (unsigned)talk->listed[i].uid);
	buf_puts(&talk->out, " (UID RFC822.SIZE)\r\n");
	return IMAP_NOTHING;
}

/* Of the commands until a folder is open. */
static enum imap_event ended_early(struct imap_talk *talk)
{
	if (talk->state == IMAP_CAPABILITY)
		return capable(talk);
	if (talk->state == IMAP_STARTS_TLS)
		return shake(talk);
	if (talk->state == IMAP_CAPABILITY_AGAIN)
		return sign_in(talk);
	if (talk->state == IMAP_CAPABILITY_LAST)
		return select_folder(talk);
	if (talk->state != IMAP_SIGNING_IN)
		return failed(talk, "imap_broken", NULL);
	command(talk, IMAP_CAPABILITY_LAST, "CAPABILITY"); /* many a server offers IDLE only now */
	return IMAP_NOTHING;
}

static enum imap_event ended(struct imap_talk *talk)
{
	enum imap_state state = talk->state;
	if (state < IMAP_SELECTING)
		return ended_early(talk);
	if (state >= IMAP_IDLE_BEGINS && state <= IMAP_ASKING)
		return rested(talk);
	if (state == IMAP_SEARCHING)
		return searched(talk);
	talk->state = IMAP_OPEN;
	if (state == IMAP_SELECTING)
		return talk->uidvalidity != 0 ? IMAP_OPENED : failed(talk, "imap_broken", NULL);
	if (state == IMAP_SIZING) {
		qsort(talk->listed, talk->n_listed, sizeof(talk->listed[0]), by_uid);
		return IMAP_LISTED;
	}
	return state == IMAP_GETTING ? IMAP_GOT : failed(talk, "imap_broken", NULL);
}

static enum imap_event tagged(struct imap_talk *talk, const struct imap_answer *answer)
{
	char tag[IMAP_WORD_MAX];
	snprintf(tag, sizeof(tag), "g%u", talk->number);
	if (!str_equal(tag, answer->tag))
		return failed(talk, "imap_broken", answer);
	if (str_equal(answer->word, "OK"))
		return ended(talk);
	if (talk->state == IMAP_SIGNING_IN)
		return failed(talk, "imap_login", answer);
	if (talk->state == IMAP_SELECTING)
		return failed(talk, "imap_folder", answer);
	if (talk->state == IMAP_STARTS_TLS)
		return failed(talk, "imap_starttls", answer);
	if (talk->state == IMAP_CAPABILITY_LAST) /* it is asked for the extras alone */
		return select_folder(talk);
	if (talk->state == IMAP_IDLE_BEGINS) { /* promised, and not done */
		talk->can_idle = false;
		return rested(talk);
	}
	return failed(talk, "imap_refused", answer);
}

/* --- what is said in between ---------------------------------------------------------------------- */

static void keep_size(struct imap_talk *talk, const struct imap_answer *answer)
{
	struct imap_message message;
	if (!imap_message_read(answer, &message))
		return;
	for (size_t i = 0; i < talk->n_listed; i++)
		if (talk->listed[i].uid == message.uid)
			talk->listed[i].size = message.size;
}

static void keep_found(struct imap_talk *talk, const struct imap_answer *answer)
{
	uint32_t uids[IMAP_ROUND_MAX];
	if (talk->n_listed > 0) /* one line is enough */
		return;
	talk->n_listed = imap_search_read(answer, talk->from, uids, IMAP_ROUND_MAX);
	for (size_t i = 0; i < talk->n_listed; i++)
		talk->listed[i] = (struct imap_listed){.uid = uids[i]};
}

/* Of the answers to what was asked. */
static enum imap_event answered(struct imap_talk *talk, const struct imap_answer *answer)
{
	uint32_t number;
	if (str_equal(answer->word, "OK") && talk->state == IMAP_SELECTING && imap_code_number(answer, "UIDVALIDITY", &number))
		talk->uidvalidity = number;
	else if (str_equal(answer->word, "SEARCH") && talk->state == IMAP_SEARCHING)
		keep_found(talk, answer);
	else if (str_equal(answer->word, "FETCH") && talk->state == IMAP_SIZING)
		keep_size(talk, answer);
	else if (str_equal(answer->word, "FETCH") && talk->state == IMAP_GETTING) {
		if (!imap_message_read(answer, &talk->message))
			return failed(talk, "imap_broken", NULL);
		return talk->message.uid != 0 && talk->message.body != NULL ? IMAP_MESSAGE : IMAP_NOTHING;
	}
	return IMAP_NOTHING;
}

static enum imap_event untagged(struct imap_talk *talk, const struct imap_answer *answer)
{
	bool open = talk->state >= IMAP_OPEN && talk->state <= IMAP_ASKED;
	if (str_equal(answer->word, "BYE"))
		return failed(talk, "imap_bye", answer);
	if (str_equal(answer->word, "CAPABILITY"))
		keep_capabilities(talk, answer->rest, answer->n);
	if (str_equal(answer->word, "EXISTS") && answer->numbered) {
		talk->told = talk->told || (open && answer->number > talk->exists);
		talk->exists = answer->number;
	} else if (str_equal(answer->word, "EXPUNGE") && answer->numbered && talk->exists > 0) {
		talk->exists--;
	}
	enum imap_event event = answered(talk, answer);
	if (talk->state == IMAP_IDLES && talk->told)
		imap_talk_ask(talk);
	return event;
}

static enum imap_event go_on(struct imap_talk *talk)
{
	if (talk->state == IMAP_SIGNING_IN && !talk->secret_sent) {
		put_credentials(talk);
		buf_puts(&talk->out, "\r\n");
	} else if (talk->state == IMAP_SIGNING_IN) { /* XOAUTH2 says why it refuses and waits for an empty line */
		buf_puts(&talk->out, talk->account.sign_in == IMAP_XOAUTH2 ? "\r\n" : "*\r\n");
	} else if (talk->state == IMAP_IDLE_BEGINS) {
		talk->state = IMAP_IDLES;
		if (talk->told) { /* it came in between */
			imap_talk_ask(talk);
			return IMAP_NOTHING;
		}
		return IMAP_RESTS;
	}
	return IMAP_NOTHING;
}

enum imap_event imap_talk_step(struct imap_talk *talk)
{
	struct imap_answer answer;
	enum imap_event event = IMAP_NOTHING;
	while (event == IMAP_NOTHING && talk->state != IMAP_OVER && talk->state != IMAP_SHAKING) {
		enum imap_got got = imap_in_next(&talk->in, &answer);
		if (got == IMAP_MORE)
			break;
		if (got == IMAP_BROKEN)
			return failed(talk, "imap_broken", NULL);
		if (talk->state == IMAP_GREETING)
			event = greeted(talk, &answer);
		else if (answer.kind == IMAP_TAGGED)
			event = tagged(talk, &answer);
		else
			event = answer.kind == IMAP_CONTINUE ? go_on(talk) : untagged(talk, &answer);
	}
	if (buf_failed(&talk->out))
		return failed(talk, "imap_broken", NULL);
	return event;
}

/* --- asking ----------------------------------------------------------------------------------------------- */

void imap_talk_list(struct imap_talk *talk, uint32_t from)
{
	talk->from = from > 0 ? from : 1;
	talk->n_listed = 0;
	talk->told = false;
	talk->number++;
	talk->state = IMAP_SEARCHING;
	buf_printf(&talk->out, "g%u UID SEARCH UID %u:*", talk->number, (unsigned)talk->from);
	if (talk->account.since != NULL)
		buf_printf(&talk->out, " SINCE %s", talk->account.since);
	buf_puts(&talk->out, "\r\n");
}

void imap_talk_get(struct imap_talk *talk, const uint32_t *uids, size_t n, bool cut)
{
	talk->number++;
	talk->state = IMAP_GETTING;
	buf_printf(&talk->out, "g%u UID FETCH ", talk->number);
	for (size_t i = 0; i < n; i++)
		buf_printf(&talk->out, "%s%u", i > 0 ? "," : "", (unsigned)uids[i]);
	buf_puts(&talk->out, " (UID INTERNALDATE BODY.PEEK[]");
	if (cut)
		buf_printf(&talk->out, "<0.%d>", IMAP_PEEK_MAX);
	buf_puts(&talk->out, ")\r\n");
}

void imap_talk_rest(struct imap_talk *talk)
{
	if (talk->can_idle)
		command(talk, IMAP_IDLE_BEGINS, "IDLE");
	else
		talk->state = IMAP_ASKED;
}

void imap_talk_ask(struct imap_talk *talk)
{
	if (talk->state == IMAP_IDLES) {
		talk->state = IMAP_IDLE_ENDS;
		buf_puts(&talk->out, "DONE\r\n");
	} else if (talk->state == IMAP_ASKED) {
		command(talk, IMAP_ASKING, "NOOP");
	}
}

void imap_talk_leave(struct imap_talk *talk)
{
	if (talk->state == IMAP_IDLES)
		buf_puts(&talk->out, "DONE\r\n");
	buf_printf(&talk->out, "g%u LOGOUT\r\n", ++talk->number);
	talk->state = IMAP_OVER;
}
