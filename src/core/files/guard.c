#include <string.h>

#include "core/files/table.h"

static bool skipped(unsigned char c)
{
	return c == '\'' || c == '"' || c == ' ' || c == '\n';
}

/* Marks that may stand before a formula without stopping it: no-break and
 * ideographic space, byte order mark. Returns the bytes to pass, 0 if none. */
static size_t wide_blank(const char *text, size_t len)
{
	static const char *const blanks[] = {"\xc2\xa0", "\xe3\x80\x80", "\xef\xbb\xbf", "\xe2\x80\x8b"};
	for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++) {
		size_t n = strlen(blanks[i]);
		if (len >= n && memcmp(text, blanks[i], n) == 0)
			return n;
	}
	return 0;
}

/* A number or telephone number: digits and what people set between them. */
static bool harmless_number(const char *text, size_t len)
{
	if (len == 1)
		return true; /* a lone sign: people write "-" for nothing */
	size_t digits = 0;
	for (size_t i = 1; i < len; i++) {
		char c = text[i];
		if (c >= '0' && c <= '9')
			digits++;
		else if (strchr(" .,-()/", c) == NULL || c == '\0')
			return false;
	}
	return digits > 0;
}

static bool wide_sign(const char *text, size_t len)
{
	/* full-width + - = @ are U+FF0B, U+FF0D, U+FF1D, U+FF20 */
	if (len < 3 || memcmp(text, "\xef\xbc", 2) != 0)
		return false;
	unsigned char last = (unsigned char)text[2];
	return last == 0x8b || last == 0x8d || last == 0x9d || last == 0xa0;
}

static bool runs(const char *text, size_t len)
{
	while (len > 0) {
		size_t n = skipped((unsigned char)*text) ? 1 : wide_blank(text, len);
		if (n == 0)
			break;
		text += n;
		len -= n;
	}
	if (len == 0)
		return false;
	switch (*text) {
	case '=':
	case '@':
	case '\t':
	case '\r':
		return true;
	case '+':
	case '-':
		return !harmless_number(text, len);
	default:
		return wide_sign(text, len);
	}
}

/* "#N/A" and its kin: what a spreadsheet writes for a value that it has not. */
bool table_error_word(const char *text, size_t len)
{
	static const char *const words[] = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA", "#BUSY!", "#FIELD!"};
	for (size_t i = 0; len > 3 && text[0] == '#' && i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == len && memcmp(words[i], text, len) == 0)
			return true;
	return false;
}

/* Apostrophes before a number: shops keep long ones text so. 'Ndrangheta begins with one too; a number never does. */
static bool quoted_number(const char *text, size_t len)
{
	size_t at = 0;
	while (at < len && text[at] == '\'')
		at++;
	if (at == 0 || at == len || (text[at] != '+' && (text[at] < '0' || text[at] > '9')))
		return false;
	for (size_t i = at; i < len; i++)
		if (text[i] == '\0' || strchr("0123456789+-.,:/ ()XxEe", text[i]) == NULL)
			return false;
	return true;
}

bool table_guarded(const char *text, size_t len)
{
	return runs(text, len) || quoted_number(text, len) || table_error_word(text, len);
}

void table_unwrap(struct cell *cell)
{
	const char *text = cell->text;
	size_t len = cell->len;
	if (text[0] == '\'') { /* one apostrophe of our own writer's, or of a shop's before a number */
		if (table_guarded(text + 1, len - 1) || quoted_number(text, len)) {
			cell->text++;
			cell->len--;
		}
		return;
	}
	if (table_error_word(text, len)) {
		*cell = (struct cell){"", 0, CELL_EMPTY};
		return;
	}
	/* ="00123" */
	if (len >= 3 && text[0] == '=' && text[1] == '"' && text[len - 1] == '"' && memchr(text + 2, '"', len - 3) == NULL) {
		cell->text += 2;
		cell->len -= 3;
		if (cell->len == 0)
			*cell = (struct cell){"", 0, CELL_EMPTY};
	}
}
