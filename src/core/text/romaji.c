/* Kana and Hangul in Latin letters, for names: Hepburn and the Revised Romanization, both as people type them. */
#include <string.h>

#include "base/str.h"
#include "core/text/text_internal.h"

enum { LATIN_MAX = 192, RUNS_MAX = 4, HANGUL_FIRST = 0xAC00, HANGUL_LAST = 0xD7A3, NAME_SYLLABLES = 4 };

/* What is written as people read it. */
struct latin {
	char text[LATIN_MAX], initials[LATIN_MAX / 4];
	size_t n, n_initials;
	size_t n_first; /* bytes of the first run, or of the family name */
};

static void add(struct latin *l, const char *text)
{
	size_t n = strlen(text);
	if (l->n + n > LATIN_MAX)
		return;
	memcpy(l->text + l->n, text, n);
	l->n += n;
}

static void add_initial(struct latin *l, char c)
{
	if (l->n_initials < sizeof l->initials)
		l->initials[l->n_initials++] = c;
}

/* --- kana ---------------------------------------------------------------------- */

/* From U+3041; small ones as themselves, which only stand after others or for long. */
static const char kana[][4] = {
	"a", "a", "i", "i", "u", "u", "e", "e", "o", "o", "ka", "ga", "ki", "gi", "ku", "gu", "ke", "ge", "ko", "go", "sa", "za",
	"shi", "ji", "su", "zu", "se", "ze", "so", "zo", "ta", "da", "chi", "ji", "", "tsu", "zu", "te", "de", "to", "do", "na", "ni",
	"nu", "ne", "no", "ha", "ba", "pa", "hi", "bi", "pi", "fu", "bu", "pu", "he", "be", "pe", "ho", "bo", "po", "ma", "mi", "mu",
	"me", "mo", "ya", "ya", "yu", "yu", "yo", "yo", "ra", "ri", "ru", "re", "ro", "wa", "wa", "i", "e", "o", "n", "vu", "ka", "ke",
};
enum { KANA_FIRST = 0x3041, KANA_N = sizeof kana / sizeof *kana, SMALL_TSU = 0x3063, LONG_MARK = 0x30FC };

/* The hiragana of either; 0: no kana. */
static uint32_t as_hiragana(uint32_t cp)
{
	uint32_t plain = cp >= 0x30A1 && cp <= 0x30F6 ? cp - 0x60 : cp;
	return plain >= KANA_FIRST && plain < KANA_FIRST + KANA_N ? plain : 0;
}

static bool is_kana(uint32_t cp)
{
	return as_hiragana(cp) != 0 || cp == LONG_MARK;
}

/* ゃ ゅ ょ and the small vowels take the vowel of the kana before: kya, sha, fa, ti. */
static bool add_small(struct latin *l, uint32_t small)
{
	static const uint32_t which[] = {0x3083, 0x3085, 0x3087, 0x3041, 0x3043, 0x3045, 0x3047, 0x3049};
	static const char *const vowels[] = {"ya", "yu", "yo", "a", "i", "u", "e", "o"};
	for (size_t i = 0; i < sizeof which / sizeof *which; i++) {
		if (which[i] != small || l->n < 2)
			continue;
		l->n--; /* the vowel */
		bool soft = i < 3 && (l->text[l->n - 1] == 'j' || (l->text[l->n - 1] == 'h' && l->n > 1 && strchr("sc", l->text[l->n - 2])));
		add(l, soft ? vowels[i] + 1 : vowels[i]);
		return true;
	}
	return false;
}

static void add_kana(struct latin *l, uint32_t cp, bool *doubled)
{
	uint32_t plain = as_hiragana(cp);
	if (plain == SMALL_TSU) {
		*doubled = true;
		return;
	}
	if (plain == 0 || add_small(l, plain))
		return;
	const char *text = kana[plain - KANA_FIRST];
	char twice[] = {*text == 'c' ? 't' : *text, 0};
	if (*doubled && !strchr("aiueon", *text))
		add(l, twice);
	*doubled = false;
	add(l, text);
}

/* Long vowels are typed, or not: toukyou, tokyo. */
static void shorten(const struct latin *from, struct latin *to)
{
	*to = (struct latin){.n_initials = 0};
	for (size_t i = 0; i < from->n; i++) {
		char c = from->text[i], last = to->n > 0 ? to->text[to->n - 1] : 0;
		bool lengthens = (c == 'u' && (last == 'o' || last == 'u')) || (c == 'o' && last == 'o');
		if (!lengthens)
			to->text[to->n++] = c;
		if (i + 1 == from->n_first)
			to->n_first = to->n;
	}
}

/* --- Hangul -------------------------------------------------------------------- */

static bool is_hangul(uint32_t cp)
{
	return cp >= HANGUL_FIRST && cp <= HANGUL_LAST;
}

/* A syllable is (lead * 21 + vowel) * 28 + tail. */
static void add_hangul(struct latin *l, uint32_t cp)
{
	static const char *const leads[] = {"g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h"};
	static const char *const vowels[] = {"a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we",
	                                     "wi", "yu", "eu", "ui", "i"};
	static const char *const tails[] = {"", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p",
	                                    "t", "t", "ng", "t", "t", "k", "t", "p", "t"};
	uint32_t at = cp - HANGUL_FIRST;
	const char *lead = leads[at / 588], *vowel = vowels[at % 588 / 28];
	add(l, *lead == 'r' && l->n > 0 && l->text[l->n - 1] == 'l' ? "l" : lead);
	add(l, vowel);
	add(l, tails[at % 28]);
	add_initial(l, *lead ? *lead : *vowel);
}

/* Family names as most of their bearers spell them. */
static const struct {
	uint32_t cp;
	const char *spelt;
} families[] = {{U'김', "kim"}, {U'이', "lee"}, {U'박', "park"}, {U'최', "choi"}, {U'정', "jung"}, {U'강', "kang"}, {U'조', "cho"},
                {U'윤', "yoon"}, {U'임', "lim"}, {U'신', "shin"}, {U'권', "kwon"}, {U'안', "ahn"}, {U'유', "yoo"}, {U'전', "jeon"},
                {U'고', "ko"}, {U'문', "moon"}, {U'배', "bae"}, {U'백', "baek"}, {U'구', "koo"}, {U'우', "woo"}};

static void spell_family(const struct latin *from, uint32_t family, struct latin *to)
{
	*to = (struct latin){.n_initials = 0};
	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		if (families[i].cp == family) {
			add(to, families[i].spelt);
			to->n_first = to->n;
			for (size_t k = from->n_first; k < from->n && to->n < LATIN_MAX; k++)
				to->text[to->n++] = from->text[k];
			memcpy(to->initials, from->initials, from->n_initials);
			to->n_initials = from->n_initials;
			if (to->n_initials > 0)
				to->initials[0] = families[i].spelt[0];
		}
}

/* --- tokens -------------------------------------------------------------------- */

static void put(const struct latin *l, struct buf *out)
{
	if (l->n < 2)
		return;
	if (out->len > 0 && out->data[out->len - 1] != ' ')
		buf_putc(out, ' ');
	buf_putc(out, '*');
	buf_add(out, l->text, l->n);
	if (l->n_first == 0 || l->n_first >= l->n)
		return;
	buf_putc(out, ',');
	buf_add(out, l->initials, l->n_initials);
	buf_putc(out, ',');
	buf_add(out, l->text + l->n_first, l->n - l->n_first);
}

static void put_kana(const char *folded, size_t n, struct buf *out)
{
	struct latin l = {.n = 0}, other;
	size_t runs = 0;
	bool doubled = false, in_run = false;
	for (size_t at = 0; at < n;) {
		uint32_t cp = text_next(folded, n, &at);
		if (!is_kana(cp)) {
			in_run = doubled = false;
			continue;
		}
		if (!in_run && ++runs > RUNS_MAX)
			break;
		if (!in_run && runs == 2)
			l.n_first = l.n;
		size_t start = l.n;
		add_kana(&l, cp, &doubled);
		if (!in_run && l.n > start)
			add_initial(&l, l.text[start]);
		in_run = true;
	}
	put(&l, out);
	shorten(&l, &other);
	memcpy(other.initials, l.initials, l.n_initials);
	other.n_initials = l.n_initials;
	if (other.n != l.n)
		put(&other, out);
}

static void put_hangul(const char *folded, size_t n, struct buf *out)
{
	struct latin l = {.n = 0}, other;
	uint32_t family = 0;
	size_t syllables = 0;
	bool alone = true;
	for (size_t at = 0; at < n;) {
		uint32_t cp = text_next(folded, n, &at);
		if (!is_hangul(cp)) {
			alone = alone && !text_is_word(cp);
			continue;
		}
		family = family ? family : cp;
		add_hangul(&l, cp);
		if (++syllables == 1)
			l.n_first = l.n;
	}
	if (!alone || syllables < 2 || syllables > NAME_SYLLABLES) {
		l.n_first = 0;
		put(&l, out);
		return;
	}
	put(&l, out);
	spell_family(&l, family, &other);
	put(&other, out);
}

void text_put_romanised(const char *folded, size_t n, struct buf *out)
{
	bool has_kana = false, has_hangul = false;
	for (size_t at = 0; at < n;) {
		uint32_t cp = text_next(folded, n, &at);
		has_kana = has_kana || is_kana(cp);
		has_hangul = has_hangul || is_hangul(cp);
	}
	if (has_kana)
		put_kana(folded, n, out);
	if (has_hangul)
		put_hangul(folded, n, out);
}
