/* In the helper process: number formats that make more of a number than its digits, and merged cells. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/files/xlsx.h"

/* One piece of a format: a placeholder for a digit, literal text, or what shows nothing. */
struct piece {
	char what;        /* '0' or '#': a digit; 'x': text; '%'; '.': something that no code has; ' ': nothing */
	const char *text; /* of 'x' */
	size_t n;
};

static const char *take_piece(const char *p, struct piece *ret)
{
	const char *end;
	*ret = (struct piece){.what = 'x', .text = p, .n = 1};
	switch (*p) {
	case '"':
		end = strchr(p + 1, '"');
		end = end != NULL ? end : p + strlen(p);
		ret->text = p + 1;
		ret->n = (size_t)(end - p - 1);
		return *end == '"' ? end + 1 : end;
	case '\\':
		ret->text = p + 1;
		ret->n = p[1] != '\0';
		return p + 1 + ret->n;
	case '_':
	case '*':
		ret->what = ' ';
		return p[1] != '\0' ? p + 2 : p + 1;
	case '[':
		ret->what = ' ';
		end = strchr(p, ']');
		return end != NULL ? end + 1 : p + strlen(p);
	case '0':
	case '#':
	case '%':
		ret->what = *p;
		return p + 1;
	default:
		if (strchr("-+() /", *p) == NULL)
			ret->what = '.'; /* "." "," "E" "?" "@" and letters */
		return p + 1;
	}
}

/* Words and signs of money stand beside amounts, not in codes. */
static bool is_money(const char *text, size_t n)
{
	static const char *const words[] = {"RMB", "CNY", "USD", "EUR", "GBP", "JPY", "HKD", "TWD", "KRW", "CHF", "US$", "HK$", "NT$", "R$", "$", "¥", "￥", "€", "£", "₩", "元", "kr", "Rs"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (memmem(text, n, words[i], strlen(words[i])) != NULL)
			return true;
	return false;
}

static bool has_letter(const struct piece *piece)
{
	for (size_t i = 0; i < piece->n; i++) {
		unsigned char c = (unsigned char)piece->text[i];
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0x80)
			return true;
	}
	return false;
}

/* Zeros that pad ("00000"), or a word before the digits ("ID-"0): the number is a code. */
static enum xlsx_look look_of(const char *code)
{
	size_t zeros = 0, digits = 0;
	bool odd = false, word = false, percent = false;
	struct piece piece;
	for (const char *p = code; *p != '\0' && *p != ';';) {
		p = take_piece(p, &piece);
		zeros += piece.what == '0';
		percent |= piece.what == '%';
		odd |= piece.what == '.';
		if (piece.what == 'x' && digits == 0)
			word |= has_letter(&piece) && !is_money(piece.text, piece.n);
		digits += piece.what == '0' || piece.what == '#';
	}
	if (percent && digits > 0)
		return LOOK_PERCENT;
	return digits > 0 && !odd && (zeros >= 2 || word) ? LOOK_CODE : LOOK_PLAIN;
}

/* A zone at the end of a format of times, such as "+08:00" or Z. */
static void take_zone(const char *code, char *out, size_t max)
{
	struct piece piece, last = {.what = ' '};
	for (const char *p = code; *p != '\0' && *p != ';';) {
		p = take_piece(p, &piece);
		if (piece.what != ' ')
			last = piece;
	}
	const char *text = last.text;
	size_t n = last.what == 'x' ? last.n : 0;
	while (n > 0 && *text == ' ')
		text++, n--;
	bool offset = n == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':';
	if ((offset || (n == 1 && text[0] == 'Z')) && n < max) {
		memcpy(out, text, n);
		out[n] = '\0';
	}
}

bool xlsx_format_parse(const char *code, struct xlsx_format *ret)
{
	*ret = (struct xlsx_format){.look = LOOK_PLAIN};
	if (xlsx_date_format(code)) {
		ret->look = LOOK_DATE;
		take_zone(code, ret->code, sizeof(ret->code));
		return true;
	}
	size_t n = strcspn(code, ";");
	ret->look = strcasecmp(code, "General") == 0 ? LOOK_PLAIN : look_of(code);
	if (ret->look == LOOK_CODE && n >= sizeof(ret->code))
		ret->look = LOOK_PLAIN;
	if (ret->look == LOOK_CODE)
		(void)snprintf(ret->code, sizeof(ret->code), "%.*s", (int)n, code);
	return ret->look != LOOK_PLAIN;
}

static size_t count_places(const char *code)
{
	struct piece piece;
	size_t n = 0;
	while (*code != '\0') {
		code = take_piece(code, &piece);
		n += piece.what == '0' || piece.what == '#';
	}
	return n;
}

/* The digits of one place of so many; the first takes all that the others leave. */
static size_t digits_of(const struct piece *piece, size_t place, size_t places, const char *digits, size_t n, const char **ret)
{
	size_t before = place == 0 ? 0 : n > places ? n - places + place : n + place >= places ? n + place - places : 0;
	size_t take = place == 0 && n > places ? n - places + 1 : places - place <= n ? 1 : 0;
	*ret = take > 0 ? digits + before : "0";
	return take > 0 ? take : piece->what == '0';
}

size_t xlsx_code_text(double value, const char *code, char *out, size_t max)
{
	char digits[24];
	size_t places = count_places(code), place = 0, used = 0;
	struct piece piece;
	if (value < 0 || value >= 1e15 || value != floor(value))
		return 0;
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%.0f", value);
	while (*code != '\0') {
		code = take_piece(code, &piece);
		const char *text = piece.text;
		size_t len = piece.what == 'x' ? piece.n : 0;
		if (piece.what == '0' || piece.what == '#')
			len = digits_of(&piece, place++, places, digits, n, &text);
		if (used + len >= max)
			return 0;
		memcpy(out + used, text, len);
		used += len;
	}
	out[used] = '\0';
	return used;
}

/* --- merged cells ------------------------------------------------------- */

/* "B2:C9": column and rows of its first column. */
static bool range_of(const char *text, size_t n, struct xlsx_merge *ret)
{
	char ref[40], c1[4], c2[4];
	unsigned r1, r2;
	if (n >= sizeof(ref))
		return false;
	memcpy(ref, text, n);
	ref[n] = '\0';
	if (sscanf(ref, "%3[A-Z]%7u:%3[A-Z]%7u", c1, &r1, c2, &r2) != 4 || r2 <= r1 || r2 > XLSX_ROWS_MAX)
		return false;
	size_t column = 0;
	for (const char *p = c1; *p != '\0'; p++)
		column = column * 26 + (size_t)(*p - 'A' + 1);
	*ret = (struct xlsx_merge){.first = r1, .last = r2, .column = column - 1};
	return column >= 1 && column <= TABLE_COLUMNS_MAX;
}

static int by_first(const void *a, const void *b)
{
	const struct xlsx_merge *x = a, *y = b;
	return (x->first > y->first) - (x->first < y->first);
}

struct merges {
	struct xlsx_merge *list;
	size_t n;
};

/* Every "<mergeCell ref=…" whose end is within the text; how far it was looked at. */
static size_t scan(const char *text, size_t n, struct merges *found)
{
	size_t at = 0;
	const char *p;
	while ((p = memmem(text + at, n - at, "mergeCell ", 10)) != NULL) {
		const char *end = memchr(p, '>', n - (size_t)(p - text));
		if (end == NULL)
			return (size_t)(p - text);
		at = (size_t)(end - text);
		const char *ref = memmem(p, (size_t)(end - p), "ref=", 4);
		const char *close = ref != NULL && ref + 5 < end ? memchr(ref + 5, ref[4], (size_t)(end - ref - 5)) : NULL;
		if (close != NULL && found->n < XLSX_MERGES_MAX && range_of(ref + 5, (size_t)(close - ref - 5), &found->list[found->n]))
			found->n++;
	}
	return n > 16 ? n - 16 : 0; /* the word may be cut */
}

struct xlsx_merge *xlsx_find_merges(struct xlsx_book *book, const char *path, size_t *ret_n)
{
	enum { CARRY = 512 };
	zip_stat_t st;
	bool plausible = zip_stat(book->zip, path, ZIP_FL_NOCASE, &st) == 0 && st.size <= XLSX_PART_MAX && st.size / (st.comp_size + 1) <= XLSX_RATIO_MAX;
	zip_file_t *file = plausible ? zip_fopen(book->zip, path, ZIP_FL_NOCASE) : NULL; /* what is not is refused when it is read */
	char *text = malloc(FILE_CHUNK + CARRY);
	struct merges found = {malloc(XLSX_MERGES_MAX * sizeof(*found.list)), 0};
	size_t kept = 0;
	uint64_t total = 0;
	zip_int64_t n;
	*ret_n = 0;
	/* They stand behind the rows that they are needed for: the part is looked through before it is read. */
	while (file != NULL && text != NULL && found.list != NULL && total < st.size && (n = zip_fread(file, text + kept, FILE_CHUNK)) > 0) {
		total += (uint64_t)n;
		kept += (size_t)n;
		size_t done = scan(text, kept, &found);
		if (kept - done > CARRY)
			done = kept - CARRY;
		memmove(text, text + done, kept - done);
		kept -= done;
	}
	free(text);
	if (file != NULL)
		(void)zip_fclose(file);
	if (found.n == 0) {
		free(found.list);
		return NULL;
	}
	qsort(found.list, found.n, sizeof(*found.list), by_first);
	*ret_n = found.n;
	return found.list;
}
