#include "core/imap/imap_read.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/timeutil.h"

void imap_in_init(struct imap_in *in)
{
	*in = (struct imap_in){0};
	buf_init(&in->buf, (size_t)IMAP_LITERAL_MAX + 2 * (size_t)IMAP_LINE_MAX);
}

void imap_in_release(struct imap_in *in)
{
	buf_release(&in->buf);
}

bool imap_in_add(struct imap_in *in, const void *bytes, size_t n)
{
	if (in->at > 0) { /* what was taken goes */
		size_t left = in->buf.len - in->at;
		memmove(in->buf.data, in->buf.data + in->at, left);
		buf_truncate(&in->buf, left);
		in->seen -= in->at;
		in->at = 0;
		if (left == 0 && in->buf.cap > IMAP_LINE_MAX) { /* a large message is past */
			size_t max = in->buf.max;
			buf_release(&in->buf);
			buf_init(&in->buf, max);
		}
	}
	buf_add(&in->buf, bytes, n);
	return !buf_failed(&in->buf);
}

/* The length of a literal that a line announces at its end: {12}, {12+}, ~{12}. False: none. */
static bool literal_at_end(const char *line, size_t n, uint64_t *ret)
{
	size_t at = n;
	uint64_t value = 0;
	if (n < 3 || line[n - 1] != '}')
		return false;
	at--;
	if (at > 0 && line[at - 1] == '+')
		at--;
	size_t end = at;
	while (at > 0 && line[at - 1] >= '0' && line[at - 1] <= '9')
		at--;
	if (at == end || end - at > 12 || at == 0 || line[at - 1] != '{')
		return false;
	for (; at < end; at++)
		value = value * 10 + (uint64_t)(line[at] - '0');
	*ret = value;
	return true;
}

static size_t word_length(const char *text, size_t n)
{
	size_t at = 0;
	while (at < n && text[at] != ' ' && text[at] != '\r' && text[at] != '\n')
		at++;
	return at;
}

/* A word in capitals; what is too long is cut, and so is none that is known. */
static void keep_word(char out[IMAP_WORD_MAX], const char *text, size_t n, bool capitals)
{
	size_t kept = n < IMAP_WORD_MAX - 1 ? n : IMAP_WORD_MAX - 1;
	for (size_t i = 0; i < kept; i++)
		out[i] = capitals ? (char)toupper((unsigned char)text[i]) : text[i];
	out[kept] = '\0';
}

static bool number_of(const char *text, size_t n, uint32_t *ret)
{
	uint64_t value = 0;
	if (n == 0 || n > 10)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	*ret = (uint32_t)value;
	return value <= UINT32_MAX;
}

/* Takes a word and the blank behind it. */
static size_t take(const char **text, size_t *n)
{
	size_t len = word_length(*text, *n), skip = len < *n && (*text)[len] == ' ' ? len + 1 : len;
	*text += skip;
	*n -= skip;
	return len;
}

static bool split(const char *line, size_t n, struct imap_answer *ret)
{
	const char *word = line;
	size_t len;
	*ret = (struct imap_answer){0};
	if (n > 0 && line[0] == '+') {
		ret->kind = IMAP_CONTINUE;
		ret->rest = line + 1;
		ret->n = n - 1;
		return true;
	}
	len = take(&line, &n);
	if (len == 0)
		return false;
	ret->kind = len == 1 && word[0] == '*' ? IMAP_UNTAGGED : IMAP_TAGGED;
	if (ret->kind == IMAP_TAGGED)
		keep_word(ret->tag, word, len, false);
	word = line;
	len = take(&line, &n);
	if (ret->kind == IMAP_UNTAGGED && number_of(word, len, &ret->number)) {
		ret->numbered = true;
		word = line;
		len = take(&line, &n);
	}
	keep_word(ret->word, word, len, true);
	ret->rest = line;
	ret->n = n;
	return ret->word[0] != '\0';
}

enum imap_got imap_in_next(struct imap_in *in, struct imap_answer *ret)
{
	const char *all = buf_text(&in->buf);
	for (;;) {
		const char *nl = in->seen < in->buf.len ? memchr(all + in->seen, '\n', in->buf.len - in->seen) : NULL;
		size_t start = in->seen, end = nl != NULL ? (size_t)(nl - all) : in->buf.len;
		uint64_t literal = 0;
		if (in->line + (end - start) > IMAP_LINE_MAX)
			return IMAP_BROKEN;
		if (nl == NULL)
			return IMAP_MORE;
		size_t text = end > start && all[end - 1] == '\r' ? end - 1 : end;
		if (literal_at_end(all + start, text - start, &literal)) {
			if (literal > IMAP_LITERAL_MAX)
				return IMAP_BROKEN;
			if (in->buf.len - (end + 1) < literal)
				return IMAP_MORE; /* `seen` stays: the announcement is read again */
			in->line += end + 1 - start;
			in->seen = end + 1 + (size_t)literal;
			continue;
		}
		size_t from = in->at;
		in->at = in->seen = end + 1;
		in->line = 0;
		if (text == from) /* an empty line is no answer, and does no harm */
			continue;
		return split(all + from, text - from, ret) ? IMAP_ANSWER : IMAP_BROKEN;
	}
}

/* --- what stands in an answer ---------------------------------------------------- */

struct cursor {
	const char *at, *end;
};

enum piece_kind { PIECE_NONE, PIECE_OPEN, PIECE_CLOSE, PIECE_ATOM, PIECE_TEXT };

struct piece {
	enum piece_kind kind;
	const char *text;
	size_t n;
};

/* "…": `text` is what stands between, escapes left in. */
static bool quoted(struct cursor *c, struct piece *ret)
{
	const char *from = ++c->at;
	while (c->at < c->end && *c->at != '"')
		c->at += *c->at == '\\' && c->at + 1 < c->end ? 2 : 1;
	if (c->at >= c->end)
		return false;
	*ret = (struct piece){PIECE_TEXT, from, (size_t)(c->at - from)};
	c->at++;
	return true;
}

static bool literal(struct cursor *c, struct piece *ret)
{
	const char *nl = memchr(c->at, '\n', (size_t)(c->end - c->at));
	uint64_t n = 0;
	if (nl == NULL)
		return false;
	size_t line = (size_t)(nl - c->at);
	if (line > 0 && c->at[line - 1] == '\r')
		line--;
	if (!literal_at_end(c->at, line, &n) || n > (uint64_t)(c->end - (nl + 1)))
		return false;
	*ret = (struct piece){PIECE_TEXT, nl + 1, (size_t)n};
	c->at = nl + 1 + n;
	return true;
}

/* An atom; what stands in [ ] belongs to it: BODY[HEADER.FIELDS (FROM)]<0>. */
static void atom(struct cursor *c, struct piece *ret)
{
	const char *from = c->at;
	bool inside = false;
	for (; c->at < c->end; c->at++) {
		if (!inside && (*c->at == ' ' || *c->at == '(' || *c->at == ')' || *c->at == '\r' || *c->at == '\n'))
			break;
		inside = *c->at == '[' ? true : *c->at == ']' ? false : inside;
	}
	*ret = (struct piece){PIECE_ATOM, from, (size_t)(c->at - from)};
}

/* The next piece; false: what stands there is none. */
static bool next(struct cursor *c, struct piece *ret)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\r' || *c->at == '\n'))
		c->at++;
	*ret = (struct piece){0};
	if (c->at == c->end)
		return true;
	if (*c->at == '(' || *c->at == ')') {
		*ret = (struct piece){*c->at == '(' ? PIECE_OPEN : PIECE_CLOSE, c->at, 1};
		c->at++;
		return true;
	}
	if (*c->at == '"')
		return quoted(c, ret);
	if (*c->at == '{' || (*c->at == '~' && c->at + 1 < c->end && c->at[1] == '{'))
		return literal(c, ret);
	atom(c, ret);
	return ret->n > 0;
}

/* A value that nobody asks for, with all that is inside it. */
static bool skip_list(struct cursor *c)
{
	struct piece piece;
	for (size_t depth = 1; depth > 0;) {
		if (!next(c, &piece) || piece.kind == PIECE_NONE)
			return false;
		if (piece.kind == PIECE_OPEN && ++depth > IMAP_DEPTH_MAX)
			return false;
		depth -= piece.kind == PIECE_CLOSE;
	}
	return true;
}

static int month_of(const char *text)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	for (int i = 0; i < 12; i++)
		if (strncasecmp(names + (size_t)i * 3, text, 3) == 0)
			return i + 1;
	return 0;
}

static int digits(const char *text, size_t n)
{
	int value = 0;
	for (size_t i = 0; i < n; i++) {
		if (text[i] == ' ' && i == 0)
			continue;
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/* "17-Jul-1996 02:44:25 -0700"; 0: it is none. */
static int64_t date_of(const char *text, size_t n)
{
	enum { LENGTH = 26 };
	int64_t ms = 0;
	if (n != LENGTH || text[2] != '-' || text[6] != '-' || text[11] != ' ' || text[14] != ':' || text[17] != ':' || text[20] != ' ')
		return 0;
	struct civil c = {.year = digits(text + 7, 4), .month = month_of(text + 3), .day = digits(text, 2), .hour = digits(text + 12, 2),
		.minute = digits(text + 15, 2), .second = digits(text + 18, 2)};
	int zone_hours = digits(text + 22, 2), zone_minutes = digits(text + 24, 2);
	if (zone_hours < 0 || zone_minutes < 0 || (text[21] != '+' && text[21] != '-') || !time_from_civil(&c, &ms))
		return 0;
	int64_t zone = ((int64_t)zone_hours * 60 + zone_minutes) * 60000;
	return text[21] == '+' ? ms - zone : ms + zone;
}

static bool name_is(const struct piece *piece, const char *name)
{
	return piece->n == strlen(name) && strncasecmp(piece->text, name, piece->n) == 0;
}

static void keep_value(const struct piece *name, const struct piece *value, struct imap_message *ret)
{
	uint32_t number = 0;
	bool numeric = value->kind == PIECE_ATOM && number_of(value->text, value->n, &number);
	if (name_is(name, "UID"))
		ret->uid = numeric ? number : 0;
	else if (name_is(name, "RFC822.SIZE"))
		ret->size = numeric ? number : UINT32_MAX; /* what fits no number is too large in any case */
	else if (name_is(name, "INTERNALDATE"))
		ret->at = value->kind == PIECE_TEXT ? date_of(value->text, value->n) : 0;
	else if (name->n >= 5 && strncasecmp(name->text, "BODY[", 5) == 0 && value->kind == PIECE_TEXT) {
		ret->body = value->text;
		ret->n = value->n;
	}
}

bool imap_message_read(const struct imap_answer *answer, struct imap_message *ret)
{
	struct cursor c = {answer->rest, answer->rest + answer->n};
	struct piece name, value;
	*ret = (struct imap_message){0};
	if (!next(&c, &name) || name.kind != PIECE_OPEN)
		return false;
	for (;;) {
		if (!next(&c, &name))
			return false;
		if (name.kind == PIECE_CLOSE)
			return true;
		if (name.kind != PIECE_ATOM || !next(&c, &value) || value.kind == PIECE_NONE || value.kind == PIECE_CLOSE)
			return false;
		if (value.kind == PIECE_OPEN) {
			if (!skip_list(&c))
				return false;
			continue;
		}
		keep_value(&name, &value, ret);
	}
}

bool imap_code_number(const struct imap_answer *answer, const char *name, uint32_t *ret)
{
	size_t n = strlen(name);
	const char *end = answer->n > 0 ? memchr(answer->rest, ']', answer->n) : NULL;
	if (end == NULL || answer->rest[0] != '[' || (size_t)(end - answer->rest) < n + 3)
		return false;
	const char *text = answer->rest + 1;
	return strncasecmp(text, name, n) == 0 && text[n] == ' ' && number_of(text + n + 1, (size_t)(end - text) - n - 1, ret);
}

bool imap_has_word(const char *text, size_t n, const char *word)
{
	size_t len = strlen(word);
	for (size_t at = 0; at < n;) {
		size_t end = at;
		while (end < n && text[end] != ' ' && text[end] != ']' && text[end] != '[')
			end++;
		if (end - at == len && strncasecmp(text + at, word, len) == 0)
			return true;
		at = end + 1;
	}
	return false;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

size_t imap_search_read(const struct imap_answer *answer, uint32_t from, uint32_t *ret, size_t max)
{
	size_t n = 0, most = answer->n / 2 + 1;
	uint32_t *all = malloc(most * sizeof(*all)), number = 0;
	if (all == NULL)
		return 0;
	for (size_t at = 0; at < answer->n;) {
		size_t len = word_length(answer->rest + at, answer->n - at);
		if (n < most && number_of(answer->rest + at, len, &number) && number >= from && number > 0)
			all[n++] = number;
		at += len + 1;
	}
	qsort(all, n, sizeof(*all), by_number);
	size_t kept = 0;
	for (size_t i = 0; i < n && kept < max; i++)
		if (kept == 0 || ret[kept - 1] != all[i])
			ret[kept++] = all[i];
	free(all);
	return kept;
}
