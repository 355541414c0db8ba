/* Cuts a folded text into what the model looks at. */
#include "feeling/feeling_features.h"

#include <string.h>

#include "base/str.h"

enum { WINDOW = 12, HAN_BACK = 4, LATIN_BACK = 3 };

enum kind { KIND_NONE, KIND_HAN, KIND_LATIN, KIND_MARK };

struct token {
	const char *at;
	size_t n;
	enum kind kind;
	bool joined; /* a Latin word right after another one, Han right after Han */
};

static bool is_han(uint32_t cp)
{
	return (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0x3400 && cp <= 0x4DBF);
}

static bool is_latin(uint32_t cp)
{
	return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') || cp == '\'' || cp == 0x2019 || (cp >= 0xC0 && cp < 0x250);
}

/* The next token; n 0 at the end. Blanks join Latin words, but part Han from what follows no more than in print. */
static struct token next_token(const char *text, size_t n, size_t *at, enum kind before)
{
	struct token t = {.kind = KIND_NONE};
	bool parted = false;
	while (*at < n) {
		size_t start = *at, end = start;
		uint32_t cp = utf8_next(text, n, &end);
		if (cp == ' ' || cp == '\n' || cp == '\t') {
			*at = end;
			continue;
		}
		t.at = text + start;
		if (is_han(cp)) {
			t.kind = KIND_HAN;
		} else if (is_latin(cp)) {
			t.kind = KIND_LATIN;
			for (size_t more = end; more < n; end = more) {
				uint32_t next = utf8_next(text, n, &more);
				if (!is_latin(next) && !(next == '-' && more < n && is_latin((unsigned char)text[more])))
					break;
			}
		} else if (cp == '!' || cp == '?') {
			t.kind = KIND_MARK;
		} else {
			parted = true;
			*at = end;
			continue;
		}
		t.n = end - start;
		t.joined = !parted && before == t.kind;
		*at = end;
		return t;
	}
	return t;
}

static bool same(const struct token *t, const char *word)
{
	return t->n == strlen(word) && memcmp(t->at, word, t->n) == 0;
}

/* 不 that denies nothing: 不但, 不过, 不错 … */
static bool denies_nothing(const struct token *t, const struct token *next)
{
	static const char *const after_bu[] = {"但", "仅", "过", "错", "愧", "断", "只", "论", "管", "少", "时", "同"};
	static const char *const after_mei[] = {"想", "得", "的", "话"};
	static const char *const after_wu[] = {"比", "论", "语", "奈", "聊"};
	const struct {
		const char *word, *const *list;
		size_t n;
	} all[] = {{"不", after_bu, sizeof(after_bu) / sizeof(after_bu[0])}, {"没", after_mei, sizeof(after_mei) / sizeof(after_mei[0])},
	           {"无", after_wu, sizeof(after_wu) / sizeof(after_wu[0])}};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		for (size_t j = 0; same(t, all[i].word) && j < all[i].n; j++) {
			if (same(next, all[i].list[j]))
				return true;
		}
	}
	return false;
}

static bool denies_han(const struct token *t)
{
	return same(t, "不") || same(t, "没") || same(t, "无") || same(t, "未") || same(t, "勿");
}

static bool denies_latin(const struct token *t)
{
	static const char *const words[] = {"not", "no", "never", "without", "hardly", "barely", "cannot", "nothing", "nor", "neither", "isnt", "dont", "didnt", "doesnt", "wasnt", "cant", "wont"};
	if ((t->n > 3 && memcmp(t->at + t->n - 2, "'t", 2) == 0) || (t->n > 5 && memcmp(t->at + t->n - 4, "\xe2\x80\x99t", 4) == 0))
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (same(t, words[i]))
			return true;
	}
	return false;
}

/* The last tokens, the newest at the end; all in one clause. */
struct window {
	struct token list[WINDOW];
	size_t n;
	feature_known_fn known;
	feature_fn fn;
	void *arg;
};

static void push(struct window *w, const struct token *t)
{
	if (w->n == WINDOW)
		memmove(w->list, w->list + 1, (size_t)(--w->n) * sizeof(w->list[0]));
	w->list[w->n++] = *t;
}

/* Whether one of the tokens before `first` denies what follows. */
static bool denied(const struct window *w, size_t first, enum kind kind)
{
	size_t back = kind == KIND_HAN ? HAN_BACK : LATIN_BACK;
	for (size_t i = first; i > 0 && first - i < back; i--) {
		const struct token *t = &w->list[i - 1];
		if (t->kind != kind)
			return false;
		if (kind == KIND_HAN ? denies_han(t) && !denies_nothing(t, &w->list[i]) : denies_latin(t) && !(i < w->n && same(&w->list[i], "only")))
			return true;
	}
	return false;
}

static void emit(const struct window *w, size_t first, enum kind kind)
{
	const struct token *a = &w->list[first], *b = &w->list[w->n - 1];
	struct feature f = {a->at, (size_t)(b->at + b->n - a->at), false};
	if (f.n > FEATURE_BYTES)
		return;
	bool no = denied(w, first, kind);
	f.negated = no && w->known(f.text, f.n, w->arg);
	/* what is denied says nothing by itself: its words say it, and what holds the denial */
	if (f.negated || !no || kind == KIND_LATIN)
		w->fn(&f, w->arg);
}

/* All that end with the newest token. */
static void grams(const struct window *w)
{
	enum kind kind = w->list[w->n - 1].kind;
	size_t longest = kind == KIND_HAN ? FEATURE_WORD_CHARS : 2;
	for (size_t length = 1; length <= longest && length <= w->n; length++) {
		size_t first = w->n - length;
		const struct token *a = &w->list[first], *b = &w->list[w->n - 1];
		if (a->kind != kind)
			return;
		bool wanted = kind == KIND_LATIN || length <= FEATURE_GRAM || w->known(a->at, (size_t)(b->at + b->n - a->at), w->arg);
		if (wanted)
			emit(w, first, kind);
	}
}

void feeling_features(const char *folded, size_t n, feature_known_fn known, feature_fn fn, void *arg)
{
	struct window w = {.n = 0, .known = known, .fn = fn, .arg = arg};
	enum kind before = KIND_NONE;
	size_t at = 0;
	for (;;) {
		struct token t = next_token(folded, n, &at, before);
		if (t.kind == KIND_NONE)
			return;
		if (!t.joined)
			w.n = 0;
		/* what comes after "but" is said without the denial before it */
		if (t.kind == KIND_LATIN && same(&t, "but"))
			w.n = 0;
		before = t.kind;
		push(&w, &t);
		if (t.kind == KIND_MARK) {
			w.fn(&(struct feature){t.at, t.n, false}, arg);
			w.n = 0;
		} else {
			grams(&w);
		}
	}
}

uint32_t feeling_hash(const char *text, size_t n, bool negated)
{
	uint64_t h = str_hash(text, n) ^ (negated ? UINT64_C(0x9E3779B97F4A7C15) : 0);
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 29;
	uint32_t ret = (uint32_t)(h ^ h >> 32);
	return ret != 0 ? ret : 1;
}
