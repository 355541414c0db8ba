/* Distances of texts: Jaro (1989), JASA 84, with Winkler's prefix (1990); optimal string alignment (Damerau 1964). */
#include <string.h>

#include "base/str.h"
#include "linkage/internal.h"

void signs_of(const char *text, size_t len, struct signs *ret)
{
	size_t at = 0;
	ret->n = 0;
	while (at < len && ret->n < SIGNS_MAX) {
		unsigned char c = (unsigned char)text[at];
		if (c < 0x80) {
			ret->at[ret->n++] = c;
			at++;
		} else {
			ret->at[ret->n++] = utf8_next(text, len, &at);
		}
	}
}

uint64_t signs_mask(const char *text, size_t len)
{
	uint64_t mask = 0;
	for (size_t at = 0; at < len;) {
		unsigned char c = (unsigned char)text[at];
		uint32_t sign = c < 0x80 ? (at++, c) : utf8_next(text, len, &at);
		mask |= (uint64_t)1 << (c >= 'a' && c <= 'z' ? sign - 'a' : c >= '0' && c <= '9' ? sign - '0' + 26 : 36 + sign % 28);
	}
	return mask;
}

/* Signs of `a` that `b` has within reach, each once: a bit for each, of both. */
static int signs_in_common(const struct signs *a, const struct signs *b, uint64_t *ret_a, uint64_t *ret_b)
{
	int longest = a->n > b->n ? a->n : b->n, reach = longest > 3 ? longest / 2 - 1 : 0, common = 0;
	*ret_a = *ret_b = 0;
	for (int i = 0; i < a->n; i++) {
		int from = i > reach ? i - reach : 0, to = i + reach < b->n - 1 ? i + reach : b->n - 1;
		for (int j = from; j <= to; j++) {
			if (b->at[j] != a->at[i] || (*ret_b >> j & 1))
				continue;
			*ret_b |= (uint64_t)1 << j;
			*ret_a |= (uint64_t)1 << i;
			common++;
			break;
		}
	}
	return common;
}

static int signs_prefix(const struct signs *a, const struct signs *b)
{
	int least = a->n < b->n ? a->n : b->n, n = 0;
	while (n < 4 && n < least && a->at[n] == b->at[n])
		n++;
	return n;
}

double signs_jaro_winkler(const struct signs *a, const struct signs *b)
{
	uint64_t matched, taken;
	int half = 0;
	if (a->n == 0 || b->n == 0)
		return a->n == b->n;
	int common = signs_in_common(a, b, &matched, &taken);
	if (common == 0)
		return 0;
	for (; matched != 0; matched &= matched - 1, taken &= taken - 1)
		half += a->at[__builtin_ctzll(matched)] != b->at[__builtin_ctzll(taken)];
	double c = common, jaro = (c / a->n + c / b->n + (c - half / 2.0) / c) / 3;
	return jaro + signs_prefix(a, b) * 0.1 * (1 - jaro);
}

static int least3(int a, int b, int c)
{
	int ab = a < b ? a : b;
	return ab < c ? ab : c;
}

int signs_edits(const struct signs *a, const struct signs *b, int most)
{
	int rows[3][SIGNS_MAX + 1], *before = rows[0], *last = rows[1], *now = rows[2];
	if (abs(a->n - b->n) > most)
		return most + 1;
	for (int j = 0; j <= b->n; j++)
		last[j] = j;
	memcpy(before, last, sizeof(rows[0]));
	for (int i = 1; i <= a->n; i++) {
		int best = now[0] = i;
		for (int j = 1; j <= b->n; j++) {
			bool same = a->at[i - 1] == b->at[j - 1];
			now[j] = least3(last[j] + 1, now[j - 1] + 1, last[j - 1] + !same);
			if (i > 1 && j > 1 && !same && a->at[i - 1] == b->at[j - 2] && a->at[i - 2] == b->at[j - 1] && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
			best = now[j] < best ? now[j] : best;
		}
		if (best > most)
			return most + 1;
		int *free = before;
		before = last;
		last = now;
		now = free;
	}
	return last[b->n] <= most ? last[b->n] : most + 1;
}

/* Its class of sounds; a figure is its own; 0: it is not heard. */
static char sound_class(char c)
{
	/* b f p v; c g j k q s x z; d t; l; m n; r */
	static const char class[] = "01230120022455012623010202";
	if (c >= '0' && c <= '9')
		return c;
	c = c >= 'a' && c <= 'z' ? class[c - 'a'] : '0';
	return c == '0' ? 0 : c;
}

uint32_t signs_sound(const char *text, size_t len)
{
	if (len == 0)
		return 0;
	if ((unsigned char)text[0] >= 0x80) {
		size_t at = 0;
		uint32_t first = utf8_next(text, len, &at), second = at < len ? utf8_next(text, len, &at) : 0;
		return (uint32_t)mix2(first, second) | 1;
	}
	uint32_t key = (uint32_t)(unsigned char)text[0], n = 0;
	char last = sound_class(text[0]);
	for (size_t i = 1; i < len && n < 3; i++) {
		char c = sound_class(text[i]);
		if (c != 0 && c != last) {
			key = key << 8 | (uint32_t)(unsigned char)c;
			n++;
		}
		if (text[i] != 'h' && text[i] != 'w')
			last = c;
	}
	return key;
}

double linkage_jaro_winkler(const char *a, const char *b)
{
	struct signs x, y;
	signs_of(a, strlen(a), &x);
	signs_of(b, strlen(b), &y);
	return signs_jaro_winkler(&x, &y);
}

int linkage_edits(const char *a, const char *b, int most)
{
	struct signs x, y;
	signs_of(a, strlen(a), &x);
	signs_of(b, strlen(b), &y);
	return signs_edits(&x, &y, most);
}
