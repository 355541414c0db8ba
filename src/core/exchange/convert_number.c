#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "core/exchange/convert.h"

enum { NUMBER_TEXT_MAX = 64, SCALE = 9 };

/* -12, 12.50: nothing to do, as nearly always. */
static bool plain(const char *text)
{
	const char *p = text + (*text == '-');
	if (*p < '0' || *p > '9')
		return false;
	while (*p >= '0' && *p <= '9')
		p++;
	if (*p == '.') {
		p++;
		while (*p >= '0' && *p <= '9')
			p++;
	}
	return *p == '\0';
}

struct figures {
	char text[NUMBER_TEXT_MAX]; /* digits, '.' and ',' */
	size_t n;
	int zeros; /* of 万 and its like, put behind */
	bool negative, percent, ended;
};

/* Signs that stand beside an amount, longest first where one begins another. */
static const char *const signs[] = {
	"US$", "HK$", "NT$", "CA$", "AU$", "NZ$", "R$", "A$", "C$", "S$", "CN¥", "$", "¥", "￥", "€", "£", "￡", "₩", "￦", "₹", "₽", "₺", "₫", "₪",
	"฿", "₱", "₦", "₴", "₸", "₡", "＄", "￠", "¢", "元整", "元", "圆", "圓", "円", "块", "塊", "원", "人民币", "人民幣", "美元", "美金", "欧元", "歐元", "港币",
	"港幣", "港元", "日元", "台币", "台幣", "新台币", "新台幣", "英镑", "英鎊", "韩元", "zł", "Zł", "ZŁ", "Kč", "KČ", "kč", "лв.", "лв", "руб.", "руб", "грн", "тг",
	"\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x89", "\xe3\x80\x80", "'", "’", "＇", " ", "\t",
};

/* Words of letters, folded to capitals; a dot behind them is part of them. Codes of ISO 4217 are words too. */
static const char *const words[] = {"KR", "RS", "RE", "FR", "SFR", "HFL", "FT", "RM", "RP", "RMB", "R", "TL", "DH", "DHS", "SR", "KC", "ZL", "LEI", "EURO", "EUROS",
                                    "YUAN", "DOLLAR", "DOLLARS", "YEN", "BHT", "PHP", "LEK", "DIN", "KN", "BS", "US", "CA", "AU", "NTD", "DKR", "SKR", "NKR"};

static size_t letters(const char *p)
{
	size_t n = 0;
	while (isalpha((unsigned char)p[n]))
		n++;
	return n;
}

/* Bytes of a currency's word at `text` with the dot behind it; 0: it is none. */
static size_t currency_word(const char *text)
{
	char word[12];
	size_t n = letters(text);
	if (n == 0 || n >= sizeof(word))
		return 0;
	for (size_t i = 0; i < n; i++)
		word[i] = (char)toupper((unsigned char)text[i]);
	word[n] = '\0';
	bool known = n == 3 && currency_known(word);
	for (size_t i = 0; !known && i < sizeof(words) / sizeof(words[0]); i++)
		known = strcmp(words[i], word) == 0;
	if (!known)
		return 0;
	if (text[n] == '/' && n == 1) /* S/ of Peru */
		n++;
	return n + (text[n] == '.');
}

/* Bytes of a currency sign, blank or other decoration at `text`; 0 if it is none. */
static size_t decoration(const char *text)
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (*text == *signs[i] && str_starts(text, signs[i]))
			return strlen(signs[i]);
	if (str_starts(text, "S/"))
		return text[2] == '.' ? 3 : 2;
	return currency_word(text);
}

/* Characters of input methods, to those they stand for; bytes used, 0: not one of them. */
static size_t narrow(const char *p, char *ret)
{
	static const struct {
		const char *from;
		char to;
	} marks[] = {{"．", '.'}, {"，", ','}, {"－", '-'}, {"−", '-'}, {"–", '-'}, {"‐", '-'}, {"‑", '-'}, {"＋", '+'}, {"（", '('}, {"）", ')'}, {"％", '%'}, {"·", '.'}, {"٫", '.'}, {"٬", ','}};
	unsigned char a = (unsigned char)p[0], b = (unsigned char)p[1];
	if (a == 0xef && b == 0xbc && (unsigned char)p[2] >= 0x90 && (unsigned char)p[2] <= 0x99) {
		*ret = (char)('0' + ((unsigned char)p[2] - 0x90));
		return 3;
	}
	if ((a == 0xd9 && b >= 0xa0 && b <= 0xa9) || (a == 0xdb && b >= 0xb0 && b <= 0xb9)) { /* Arabic, Persian */
		*ret = (char)('0' + (b & 0x0f));
		return 2;
	}
	for (size_t i = 0; a >= 0x80 && i < sizeof(marks) / sizeof(marks[0]); i++)
		if (str_starts(p, marks[i].from)) {
			*ret = marks[i].to;
			return strlen(marks[i].from);
		}
	return 0;
}

/* 3.5万, 2亿, 12k: how many zeros, and the bytes it takes. */
static size_t multiple(const char *p, int *ret_zeros)
{
	static const struct {
		const char *word;
		int zeros;
	} multiples[] = {{"万", 4}, {"萬", 4}, {"亿", 8}, {"億", 8}, {"千", 3}, {"k", 3}, {"K", 3}, {"w", 4}, {"W", 4}, {"만", 4}};
	for (size_t i = 0; i < sizeof(multiples) / sizeof(multiples[0]); i++)
		if (str_starts(p, multiples[i].word)) {
			size_t n = strlen(multiples[i].word);
			if (isalpha((unsigned char)p[0]) && letters(p) != 1)
				return 0;
			*ret_zeros = multiples[i].zeros;
			return n;
		}
	return 0;
}

static bool is_figure(char c)
{
	return (c >= '0' && c <= '9') || c == '.' || c == ',';
}

/* A sign in front or behind; of 12.- it is written for even amounts. */
static bool take_minus(struct figures *f, bool begin, bool end)
{
	if (begin || (end && f->text[f->n - 1] != '.' && f->text[f->n - 1] != ','))
		f->negative = true;
	return begin || end;
}

/* One character of a number; false for what has no place in one. */
static bool take_figure(struct figures *f, char c, bool end, bool *open)
{
	bool begin = f->n == 0;
	if (is_figure(c)) {
		if (f->ended || f->n + 2 >= sizeof(f->text))
			return false;
		f->text[f->n++] = c;
		return true;
	}
	switch (c) {
	case '-': return take_minus(f, begin, end);
	case '+': return begin;
	case '%': f->percent = end; return end;
	case '(': *open |= begin; return begin;
	case ')': f->negative |= *open; return *open;
	default: return false;
	}
}

/* Takes the digits and marks out of the text; false if there is something else in it. */
static bool take_figures(const char *text, struct figures *f)
{
	bool open = false;
	for (const char *p = text; *p != '\0';) {
		char c = *p;
		size_t n = f->n > 0 && !f->ended ? multiple(p, &f->zeros) : 0;
		f->ended |= n > 0;
		if (n == 0)
			n = decoration(p);
		if (n == 0) {
			size_t wide = narrow(p, &c);
			n = wide > 0 ? wide : 1;
			if (!take_figure(f, c, p[n] == '\0', &open))
				return false;
		}
		p += n;
	}
	f->text[f->n] = '\0';
	return f->n > 0;
}

/* Whether a mark stands where groups of digits are separated: 1,234 and 1,234,567 and 1,23,456 (India), never 0,500. */
static bool grouping(const struct figures *f, char mark)
{
	const char *p = strchr(f->text, mark);
	size_t before = p != NULL ? (size_t)(p - f->text) : 0;
	if (p == NULL || before == 0 || before > 3 || f->text[0] == '0')
		return false;
	for (; p != NULL; p = strchr(p + 1, mark)) {
		size_t n = strspn(p + 1, "0123456789");
		bool last = strchr(p + 1, mark) == NULL;
		if (n != 3 && !(n == 2 && !last))
			return false;
	}
	return true;
}

static enum number_mark reads(const struct figures *f)
{
	const char *point = strrchr(f->text, '.'), *comma = strrchr(f->text, ',');
	if (point == NULL && comma == NULL)
		return NUMBER_AUTO;
	if (point != NULL && comma != NULL)
		return point > comma ? NUMBER_POINT : NUMBER_COMMA;
	char mark = point != NULL ? '.' : ',';
	bool several = strchr(f->text, mark) != strrchr(f->text, mark);
	enum number_mark decimal = mark == '.' ? NUMBER_POINT : NUMBER_COMMA, other = mark == '.' ? NUMBER_COMMA : NUMBER_POINT;
	if (several)
		return other;
	return grouping(f, mark) ? NUMBER_AUTO : decimal;
}

/* 1.2.3, 03.04.1985 and 1.5,00,3 are no numbers: a mark that stands several times groups. */
static bool orderly(const struct figures *f)
{
	const char *point = strrchr(f->text, '.'), *comma = strrchr(f->text, ',');
	if (point == NULL || comma == NULL) {
		char mark = point != NULL ? '.' : ',';
		bool several = strchr(f->text, mark) != strrchr(f->text, mark);
		return !several || grouping(f, mark);
	}
	char decimal = point > comma ? '.' : ',';
	return strchr(f->text, decimal) == strrchr(f->text, decimal);
}

enum number_mark convert_number_mark(const char *text, bool *ret_open)
{
	struct figures f = {.n = 0};
	*ret_open = false;
	if (!take_figures(text, &f) || !orderly(&f))
		return NUMBER_AUTO;
	enum number_mark mark = reads(&f);
	*ret_open = mark == NUMBER_AUTO && strpbrk(f.text, ".,") != NULL;
	return mark;
}

/* Which of the marks is the decimal one: its position, or n if there is none. */
static size_t decimal_at(const struct figures *f, enum number_mark mark)
{
	const char *point = strrchr(f->text, '.'), *comma = strrchr(f->text, ',');
	enum number_mark own = reads(f);
	/* What the text itself says holds against the column: 1.500,00 among points. */
	if (own != NUMBER_AUTO)
		mark = own;
	if (mark == NUMBER_AUTO) /* 1,234 is grouped, 1.234 has a fraction */
		mark = NUMBER_POINT;
	const char *at = mark == NUMBER_POINT ? point : comma;
	bool several = at != NULL && strchr(f->text, *at) != at;
	return at == NULL || several ? f->n : (size_t)(at - f->text);
}

static const char *exponent(struct ctx *ctx, const char *text)
{
	char *end = NULL;
	if (strlen(text) > 40 || strspn(text, "0123456789.eE+-") != strlen(text) || strpbrk(text, "eE") == NULL)
		return text;
	double value = strtod(text, &end);
	if (*end != '\0' || value > 1e15 || value < -1e15)
		return text;
	char *out = arena_printf(ctx->arena, "%.9f", value);
	if (out == NULL)
		return text;
	for (size_t n = strlen(out); n > 0 && (out[n - 1] == '0' || out[n - 1] == '.'); n--) {
		bool point = out[n - 1] == '.';
		out[n - 1] = '\0';
		if (point)
			break;
	}
	return out;
}

/* The digits with a point where the decimal mark was (further right by the zeros), without the other marks. */
/* The zeros in front of a number go, but for the one before its point. */
static size_t without_zeros(char *out, size_t n)
{
	size_t zeros = 0;
	while (zeros + 1 < n && out[zeros] == '0' && out[zeros + 1] != '.')
		zeros++;
	memmove(out, out + zeros, n - zeros);
	return n - zeros;
}

static size_t put_figures(const struct figures *f, size_t at, char *out)
{
	size_t n = 0, digits = 0;
	int right = f->zeros;
	for (size_t i = 0; i < f->n; i++) {
		if (i == at && right == 0)
			out[n++] = '.';
		if (!isdigit((unsigned char)f->text[i]))
			continue;
		digits++;
		out[n++] = f->text[i];
		if (i > at && right > 0 && --right == 0)
			out[n++] = '.';
	}
	for (; right > 0 && digits > 0; right--)
		out[n++] = '0';
	if (n > 0 && out[n - 1] == '.')
		n--;
	if (f->zeros > 0)
		n = without_zeros(out, n);
	out[n] = '\0';
	return digits > 0 ? n : 0;
}

const char *convert_number(struct ctx *ctx, const char *text, enum number_mark mark)
{
	struct figures f = {.n = 0};
	char out[NUMBER_TEXT_MAX + 16];
	if (plain(text) && mark != NUMBER_COMMA)
		return text;
	if (!take_figures(text, &f))
		return exponent(ctx, text);
	if (!orderly(&f))
		return text;
	if (put_figures(&f, decimal_at(&f, mark), out) == 0)
		return text;
	const char *number = arena_printf(ctx->arena, "%s%s%s", f.negative ? "-" : "", out[0] == '.' ? "0" : "", out);
	if (number != NULL && f.percent)
		number = convert_times(ctx, number, "0.01");
	return number != NULL ? number : text;
}

const char *convert_integer(struct ctx *ctx, const char *text)
{
	const char *point = strchr(text, '.');
	if (point == NULL || point == text || strspn(point + 1, "0") != strlen(point + 1))
		return text;
	const char *whole = arena_strndup(ctx->arena, text, (size_t)(point - text));
	return whole != NULL ? whole : text;
}

/* Nine places without the zeros at the end. */
static const char *shortest(struct ctx *ctx, int64_t value)
{
	char text[DECIMAL_TEXT_MAX];
	size_t n = decimal_format(value, SCALE, text);
	while (n > 0 && text[n - 1] == '0')
		n--;
	if (n > 0 && text[n - 1] == '.')
		n--;
	return arena_strndup(ctx->arena, text, n);
}

const char *convert_times(struct ctx *ctx, const char *a, const char *b)
{
	int64_t x, y, product;
	if (!decimal_parse(a, SCALE, &x) || !decimal_parse(b, SCALE, &y) || !decimal_mul(x, y, SCALE, &product))
		return NULL;
	return shortest(ctx, product);
}

const char *convert_divide(struct ctx *ctx, const char *a, const char *b)
{
	int64_t x, y;
	if (!decimal_parse(a, SCALE, &x) || !decimal_parse(b, SCALE, &y) || y == 0)
		return NULL;
	/* rounded half away from zero */
	__int128 scaled = (__int128)x * 1000000000, below = y;
	bool negative = (scaled < 0) != (below < 0);
	scaled = scaled < 0 ? -scaled : scaled;
	below = below < 0 ? -below : below;
	__int128 quotient = (scaled + below / 2) / below;
	quotient = negative ? -quotient : quotient;
	if (quotient > INT64_MAX || quotient < INT64_MIN)
		return NULL;
	return shortest(ctx, (int64_t)quotient);
}

const char *convert_round(struct ctx *ctx, const char *text, int scale)
{
	const char *point = strchr(text, '.');
	int64_t value, rounded;
	if (point == NULL || strlen(point + 1) <= (size_t)scale || strlen(point + 1) > SCALE)
		return text;
	if (!decimal_parse(text, SCALE, &value) || !decimal_mul(value, 1, SCALE - scale, &rounded))
		return text;
	char out[DECIMAL_TEXT_MAX];
	(void)decimal_format(rounded, scale, out);
	const char *copy = arena_strdup(ctx->arena, out);
	return copy != NULL ? copy : text;
}
