/* Reads each different value once: folded, cut into words, numbers and dates understood; and finds the rows that differ at all. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/text/text.h"
#include "linkage/internal.h"

enum { TEXT_READ_MAX = 4000 };

/* Words that say nothing, or are written in several ways. */
static const struct {
	const char *from, *to;
} company_words[] = {
	{"inc", ""}, {"incorporated", ""}, {"ltd", ""}, {"limited", ""}, {"llc", ""}, {"llp", ""}, {"co", ""}, {"corp", ""}, {"corporation", ""},
	{"company", ""}, {"gmbh", ""}, {"ag", ""}, {"kg", ""}, {"sa", ""}, {"plc", ""}, {"bv", ""}, {"pty", ""}, {"the", ""}, {"and", ""}, {NULL, NULL},
}, address_words[] = {
	{"street", "st"}, {"str", "st"}, {"strasse", "st"}, {"road", "rd"}, {"avenue", "ave"}, {"av", "ave"}, {"boulevard", "blvd"}, {"drive", "dr"},
	{"lane", "ln"}, {"court", "ct"}, {"place", "pl"}, {"square", "sq"}, {"highway", "hwy"}, {"parkway", "pkwy"}, {"circuit", "cct"},
	{"crescent", "cres"}, {"terrace", "tce"}, {"north", "n"}, {"south", "s"}, {"east", "e"}, {"west", "w"}, {"apartment", "apt"}, {"suite", "ste"},
	{"first", "1st"}, {"second", "2nd"}, {"third", "3rd"}, {"fourth", "4th"}, {"fifth", "5th"}, {"sixth", "6th"}, {"seventh", "7th"},
	{"eighth", "8th"}, {"ninth", "9th"}, {"tenth", "10th"}, {NULL, NULL},
}, name_words[] = {
	{"mr", ""}, {"mrs", ""}, {"ms", ""}, {"miss", ""}, {"dr", ""}, {"prof", ""}, {"先生", ""}, {"女士", ""}, {"小姐", ""}, {NULL, NULL},
};

static const char *const company_tails[] = {"股份有限公司", "有限责任公司", "集团有限公司", "有限公司", "分公司", "公司", "集团", NULL};

/* One value while it is read. */
struct reading {
	struct linkage *l;
	struct field *f;
	int date_order;
	char text[TEXT_READ_MAX + 8]; /* without blanks and marks */
	size_t len;
	uint32_t token[TOKENS_MAX];
	size_t n_tokens, n_codes;
	struct value value;
};

static bool is_han(uint32_t cp)
{
	return (cp >= 0x3400 && cp <= 0x9FFF) || cp >= 0x20000;
}

/* Marks beyond ASCII. */
static bool is_mark(uint32_t cp)
{
	return (cp >= 0x2000 && cp <= 0x206F) || (cp >= 0x3000 && cp <= 0x303F && cp != 0x3005) || cp == 0xFFFD || (cp >= 0x80 && cp <= 0xBF);
}

static const char *replaced(const struct field *f, const char *word, size_t *len)
{
	size_t n = *len;
	const char *key = word;
	for (size_t i = 0;; i++) {
		const char *from, *to;
		if (f->kind == LINKAGE_COMPANY) {
			from = company_words[i].from;
			to = company_words[i].to;
		} else if (f->kind == LINKAGE_ADDRESS) {
			from = address_words[i].from;
			to = address_words[i].to;
		} else if (f->kind == LINKAGE_NAME) {
			from = name_words[i].from;
			to = name_words[i].to;
		} else {
			return key;
		}
		if (from == NULL)
			return key;
		if (strlen(from) == n && memcmp(from, key, n) == 0) {
			*len = strlen(to);
			return to;
		}
	}
}

static bool is_code(const char *word, size_t len)
{
	size_t figures = 0;
	for (size_t i = 0; i < len; i++)
		figures += isdigit((unsigned char)word[i]) != 0;
	return (figures >= 1 && figures < len && len >= 4) || (figures == len && len >= 5);
}

static bool add_token(struct reading *r, const char *word, size_t len)
{
	if (len == 0 || r->n_tokens == TOKENS_MAX)
		return true;
	uint32_t token = intern_put(&r->f->vocabulary, word, len);
	for (size_t i = 0; i < r->n_tokens; i++) {
		if (r->token[i] == token)
			return true;
	}
	r->token[r->n_tokens++] = token;
	r->n_codes += is_code(word, len);
	return token != NO_CODE;
}

static bool add_word(struct reading *r, const char *word, size_t len)
{
	word = replaced(r->f, word, &len);
	if (r->len + len < TEXT_READ_MAX) {
		memcpy(r->text + r->len, word, len);
		r->len += len;
	}
	return add_token(r, word, len);
}

/* KX-TS108W is also KXTS108W: an article number that is written in parts. */
static bool add_joined(struct reading *r, const char *text, size_t len)
{
	char whole[40];
	for (size_t at = 0; at < len; at++) {
		size_t n = 0, parts = 1, start = at;
		for (; at < len && text[at] != ' '; at++) {
			bool word = isalnum((unsigned char)text[at]) != 0;
			if (!word && (strchr("-/.", text[at]) == NULL || at == start))
				break;
			parts += !word;
			if (word && n < sizeof(whole))
				whole[n++] = text[at];
		}
		if (parts > 1 && n < sizeof(whole) && is_code(whole, n) && !add_token(r, whole, n))
			return false;
		while (at < len && text[at] != ' ')
			at++;
	}
	return true;
}

/* Words between blanks and marks; of Chinese text each pair of neighbours. */
static bool cut(struct reading *r, const char *text, size_t len)
{
	size_t start = 0, at = 0, before = SIZE_MAX;
	bool good = true;
	while (at < len && good) {
		size_t here = at;
		uint32_t cp = utf8_next(text, len, &at);
		bool han = is_han(cp), word = cp < 0x80 ? isalnum((int)cp) != 0 : !is_mark(cp);
		if (word && !han) {
			before = SIZE_MAX;
			continue;
		}
		if (here > start)
			good = add_word(r, text + start, here - start);
		start = at;
		if (han) {
			if (r->len + 4 < TEXT_READ_MAX) {
				memcpy(r->text + r->len, text + here, at - here);
				r->len += at - here;
			}
			if (before != SIZE_MAX)
				good = good && add_token(r, text + before, at - before);
			before = here;
		} else {
			before = SIZE_MAX;
		}
	}
	if (good && len > start)
		good = add_word(r, text + start, len - start);
	return good;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* Figures only, without what is dialled before a number. */
static void read_phone(struct reading *r, const char *text, size_t len)
{
	for (size_t i = 0; i < len && r->len < 32; i++) {
		if (isdigit((unsigned char)text[i]))
			r->text[r->len++] = text[i];
		else if (r->len >= 7 && (text[i] == 'x' || text[i] == 'e' || text[i] == ';' || text[i] == '#'))
			break;
	}
	size_t zeros = 0;
	while (zeros < r->len && r->text[zeros] == '0')
		zeros++;
	if (r->len - zeros >= 6) {
		memmove(r->text, r->text + zeros, r->len - zeros);
		r->len -= zeros;
	}
	r->value.sound = r->len >= 7 ? (uint32_t)mix2(strtoull((r->text[r->len] = '\0', r->text + r->len - 7), NULL, 10), 7) | 1 : 0;
}

static void read_mail(struct reading *r, const char *text, size_t len)
{
	for (size_t i = 0; i < len && r->len < 254; i++) {
		if (text[i] == '@' && r->value.as.mail.local_len == 0)
			r->value.as.mail.local_len = (uint32_t)r->len;
		if (text[i] != ' ')
			r->text[r->len++] = text[i];
	}
	if (r->value.as.mail.local_len == 0)
		r->value.as.mail.local_len = (uint32_t)r->len;
	r->value.sound = signs_sound(r->text, r->value.as.mail.local_len);
}

static void read_date(struct reading *r, const char *raw)
{
	int32_t *ymd = r->value.as.ymd;
	if (kinds_date(raw, r->date_order, ymd)) {
		r->len = (size_t)snprintf(r->text, sizeof(r->text), "%04d%02d%02d", ymd[0] % 10000, ymd[1] % 100, ymd[2] % 100);
		r->value.sound = (uint32_t)mix2((uint64_t)ymd[1] * 100 + (uint64_t)ymd[2], 3) | 1;
		return;
	}
	ymd[0] = ymd[1] = ymd[2] = -1;
	for (; *raw != '\0' && r->len < 32; raw++) {
		if (isalnum((unsigned char)*raw))
			r->text[r->len++] = *raw;
	}
}

/* The reading of a Chinese name, or a Latin name as if it were one, so that 张伟 meets Zhang Wei. */
static enum err read_sounds(struct reading *r, const char *text, size_t len)
{
	const char *full = "", *initials;
	if (len == 0 || len > 60)
		return OK;
	enum err err = text_pinyin(r->l->ctx, text, len, &full, &initials);
	if (err == OK && *full != '\0') {
		r->value.as.pinyin = (uint32_t)mix2(str_hash(full, strlen(full)), 1) | 1;
		r->value.sound = signs_sound(full, strlen(full));
	} else {
		r->value.as.pinyin = (uint32_t)mix2(str_hash(r->text, r->len), 1) | 1;
	}
	return err;
}

static void strip_tails(const struct field *f, const char *text, size_t *len)
{
	for (size_t i = 0; f->kind == LINKAGE_COMPANY && company_tails[i] != NULL; i++) {
		size_t n = strlen(company_tails[i]);
		if (*len > n + 3 && memcmp(text + *len - n, company_tails[i], n) == 0)
			*len -= n;
	}
}

static bool read_words(struct reading *r, const char *text, size_t len)
{
	strip_tails(r->f, text, &len);
	if (!cut(r, text, len) || (r->f->kind == LINKAGE_TEXT && !add_joined(r, text, len)))
		return false;
	if (r->len == 0 && len > 0 && (r->f->kind == LINKAGE_COMPANY || r->f->kind == LINKAGE_NAME)) {
		/* it was nothing but such words */
		enum linkage_kind kind = r->f->kind;
		r->f->kind = LINKAGE_TEXT;
		bool good = cut(r, text, len);
		r->f->kind = kind;
		return good;
	}
	return true;
}

static enum err read_folded(struct reading *r, const char *raw, const char *text, size_t len)
{
	enum err err = OK;
	enum linkage_kind kind = r->f->kind;
	if (kind == LINKAGE_PHONE)
		read_phone(r, text, len);
	else if (kind == LINKAGE_EMAIL)
		read_mail(r, text, len);
	else if (kind == LINKAGE_DATE)
		read_date(r, raw);
	if (kind == LINKAGE_PHONE || kind == LINKAGE_EMAIL || kind == LINKAGE_DATE)
		return OK;
	if (!read_words(r, text, len))
		return linkage_no_memory(r->l);
	if (r->f->kind == LINKAGE_NUMBER) {
		if (!kinds_number(text, &r->value.as.number))
			r->value.as.number = NAN;
		return OK;
	}
	size_t end = r->len;
	if (r->f->kind == LINKAGE_CODE)
		r->value.sound = r->len >= 4 ? (uint32_t)mix2(str_hash(r->text, (r->len + 1) / 2), 5) | 1 : 0;
	else
		r->value.sound = signs_sound(r->text, end);
	if (r->f->kind == LINKAGE_NAME || r->f->kind == LINKAGE_COMPANY)
		err = read_sounds(r, text, len);
	return err;
}

static bool nothing_said(const char *text)
{
	static const char *const words[] = {"", "na", "n/a", "#n/a", "null", "nan", "none", "nil", "-", "--", "?", "unknown", "未知", "无", NULL};
	for (size_t i = 0; words[i] != NULL; i++) {
		if (str_equal_nocase(words[i], text))
			return true;
	}
	return false;
}

/* The value's number in the field, NO_CODE if it says nothing. */
static enum err read_value(struct reading *r, const char *raw, struct buf *values, uint32_t *ret)
{
	struct ctx *ctx = r->l->ctx;
	struct field *f = r->f;
	const char *text;
	size_t len, raw_len = strnlen(raw, TEXT_READ_MAX);
	struct arena_mark mark = arena_mark(ctx->arena);
	*ret = NO_CODE;
	if (nothing_said(raw))
		return OK;
	while (raw_len == TEXT_READ_MAX && raw_len > 0 && ((unsigned char)raw[raw_len] & 0xC0) == 0x80)
		raw_len--;
	r->len = r->n_tokens = r->n_codes = 0;
	r->value = (struct value){0};
	enum err err = text_fold(ctx, raw, raw_len, &text, &len);
	if (err == OK)
		err = read_folded(r, raw, text, len);
	arena_rewind(ctx->arena, mark);
	if (err != OK || r->len == 0)
		return err;
	*ret = intern_put(&f->texts, r->text, r->len);
	if (*ret == NO_CODE)
		return linkage_no_memory(r->l);
	if (*ret < values->len / sizeof(struct value))
		return OK;
	qsort(r->token, r->n_tokens, sizeof(r->token[0]), by_number);
	r->value.tokens_at = (uint32_t)(f->tokens.len / sizeof(uint32_t));
	r->value.n_tokens = (uint16_t)r->n_tokens;
	r->value.n_codes = (uint16_t)r->n_codes;
	r->value.text_len = (uint32_t)r->len;
	r->value.mask = signs_mask(r->text, r->len);
	buf_add(&f->tokens, r->token, r->n_tokens * sizeof(r->token[0]));
	buf_add(values, &r->value, sizeof(r->value));
	return buf_failed(values) || buf_failed(&f->tokens) ? linkage_no_memory(r->l) : OK;
}

static void place_texts(struct field *f)
{
	const size_t *offsets = (const size_t *)(const void *)f->texts.offsets.data;
	for (size_t i = 0; i < f->n_values; i++)
		f->values[i].text_at = offsets[i];
}

/* By row first; by distinct row once those are known. */
static enum err read_field(struct linkage *l, struct field *f)
{
	const struct linkage_column *c = &l->in->columns[f->column];
	struct reading *r = malloc(sizeof(*r));
	uint32_t *known = malloc((c->n_texts + 1) * sizeof(*known));
	struct buf values;
	buf_init(&values, (size_t)16 << 30);
	f->code = malloc((l->n_rows + 1) * sizeof(*f->code));
	enum err err = r != NULL && known != NULL && f->code != NULL ? OK : linkage_no_memory(l);
	if (err == OK) {
		r->l = l;
		r->f = f;
		r->date_order = f->kind == LINKAGE_DATE ? kinds_date_order(c) : 0;
	}
	for (size_t i = 0; err == OK && i < c->n_texts; i++) {
		err = read_value(r, c->texts[i], &values, &known[i]);
		if (err == OK && i % 65536 == 65535)
			err = linkage_step(l, l->progress_at);
	}
	for (size_t i = 0; err == OK && i < l->n_rows; i++)
		f->code[i] = c->code[i] == LINKAGE_MISSING ? NO_CODE : known[c->code[i]];
	f->n_values = values.len / sizeof(struct value);
	f->values = (struct value *)(void *)buf_take_new(&values);
	if (err == OK && f->n_values > 0)
		place_texts(f);
	buf_release(&values);
	free(known);
	free(r);
	return err;
}

/* --- distinct rows ------------------------------------------------------- */

static bool same_row(const struct linkage *l, size_t a, size_t b)
{
	for (size_t j = 0; j < l->n_fields; j++) {
		if (l->fields[j].code[a] != l->fields[j].code[b])
			return false;
	}
	return true;
}

static uint64_t row_hash(const struct linkage *l, size_t row)
{
	uint64_t h = 0;
	for (size_t j = 0; j < l->n_fields; j++)
		h = mix2(h, l->fields[j].code[row]);
	return h;
}

static enum err find_rows(struct linkage *l)
{
	struct rows *rows = &l->rows;
	size_t cap = 64;
	while (cap < l->n_rows * 2)
		cap *= 2;
	uint32_t *slots = malloc(cap * sizeof(*slots));
	rows->first = malloc((l->n_rows + 1) * sizeof(uint32_t));
	rows->count = calloc(l->n_rows + 1, sizeof(uint32_t));
	rows->side = calloc(l->n_rows + 1, 1);
	rows->of = malloc((l->n_rows + 1) * sizeof(uint32_t));
	if (slots == NULL || rows->first == NULL || rows->count == NULL || rows->side == NULL || rows->of == NULL) {
		free(slots);
		return linkage_no_memory(l);
	}
	memset(slots, 0xff, cap * sizeof(*slots));
	for (size_t row = 0; row < l->n_rows; row++) {
		size_t at = row_hash(l, row) & (cap - 1);
		while (slots[at] != NO_CODE && !same_row(l, rows->first[slots[at]], row))
			at = (at + 1) & (cap - 1);
		if (slots[at] == NO_CODE) {
			rows->first[rows->n] = (uint32_t)row;
			slots[at] = (uint32_t)rows->n++;
		}
		rows->of[row] = slots[at];
		rows->count[slots[at]]++;
		rows->side[slots[at]] |= row < l->n_first ? 1 : 2;
	}
	free(slots);
	for (size_t j = 0; j < l->n_fields; j++) {
		struct field *f = &l->fields[j];
		for (size_t i = 0; i < rows->n; i++)
			f->code[i] = f->code[rows->first[i]];
		uint32_t *less = realloc(f->code, (rows->n + 1) * sizeof(uint32_t));
		f->code = less != NULL ? less : f->code;
	}
	return OK;
}

/* --- weights of words ----------------------------------------------------- */

static enum err weigh_words(struct linkage *l, struct field *f)
{
	size_t n = f->vocabulary.n, rows = 0, tokens = 0;
	const uint32_t *token = (const uint32_t *)(const void *)f->tokens.data;
	f->idf = calloc(n + 1, sizeof(float));
	f->count = calloc(f->n_values + 1, sizeof(uint32_t));
	if (f->idf == NULL || f->count == NULL)
		return linkage_no_memory(l);
	for (size_t i = 0; i < l->rows.n; i++) {
		if (f->code[i] == NO_CODE)
			continue;
		rows++;
		f->count[f->code[i]]++;
	}
	for (size_t v = 0; v < f->n_values; v++) {
		tokens += f->values[v].n_tokens * (size_t)f->count[v];
		for (size_t k = 0; k < f->values[v].n_tokens; k++)
			f->idf[token[f->values[v].tokens_at + k]] += (float)f->count[v];
	}
	for (size_t t = 0; t < n; t++)
		f->idf[t] = (float)log(1 + (double)rows / (f->idf[t] > 0 ? f->idf[t] : 1));
	for (size_t v = 0; v < f->n_values; v++) {
		double sum = 0;
		for (size_t k = 0; k < f->values[v].n_tokens; k++)
			sum += pow(f->idf[token[f->values[v].tokens_at + k]], 2);
		f->values[v].norm = (float)sqrt(sum);
	}
	f->rare_word = (float)log(1 + (double)rows / fmax(4, 0.001 * (double)rows));
	f->average_tokens = rows > 0 ? (double)tokens / (double)rows : 0;
	f->filled = (double)rows / (double)(l->rows.n > 0 ? l->rows.n : 1);
	return OK;
}

/* Article numbers within titles are judged by themselves: two products alike in all words but that are two. */
static void add_twins(struct linkage *l)
{
	size_t n = l->n_fields;
	for (size_t j = 0; j < n && l->n_fields < LINKAGE_FIELDS_MAX; j++) {
		struct field *f = &l->fields[j];
		size_t with = 0;
		for (size_t v = 0; v < f->n_values; v++)
			with += f->values[v].n_codes > 0;
		if (f->kind != LINKAGE_TEXT || (double)with < 0.15 * (double)f->n_values)
			continue;
		struct field *twin = &l->fields[l->n_fields++];
		*twin = *f;
		twin->twin = true;
		twin->twin_of = j;
	}
}

/* Given and family name: the first two neighbouring names of one word. */
static void find_swap(struct linkage *l)
{
	int before = -1;
	l->swap[0] = l->swap[1] = -1;
	for (size_t j = 0; j < l->n_fields; j++) {
		const struct field *f = &l->fields[j];
		if (f->kind != LINKAGE_NAME || f->place || f->average_tokens > 1.5)
			continue;
		if (before >= 0 && f->filled > 0.5) {
			l->swap[0] = before;
			l->swap[1] = (int)j;
			return;
		}
		before = f->filled > 0.5 ? (int)j : before;
	}
}

enum err prepare(struct linkage *l)
{
	enum err err = OK;
	l->fields = calloc(LINKAGE_FIELDS_MAX, sizeof(*l->fields));
	if (l->fields == NULL)
		return linkage_no_memory(l);
	for (size_t i = 0; err == OK && i < l->n_columns; i++) {
		if (l->uses[i].why != NULL)
			continue;
		struct field *f = &l->fields[l->n_fields++];
		f->column = i;
		f->kind = l->uses[i].kind;
		f->name = l->in->columns[i].name;
		f->place = kinds_is_place(f->name);
		intern_init(&f->texts);
		intern_init(&f->vocabulary);
		buf_init(&f->tokens, (size_t)16 << 30);
		err = read_field(l, f);
		l->progress_at += 0.25 / (double)l->n_columns;
		if (err == OK)
			err = linkage_step(l, l->progress_at);
	}
	if (err == OK)
		err = find_rows(l);
	for (size_t j = 0; err == OK && j < l->n_fields; j++)
		err = weigh_words(l, &l->fields[j]);
	if (err == OK) {
		add_twins(l);
		find_swap(l);
	}
	return err;
}

void prepare_release(struct linkage *l)
{
	for (size_t j = 0; l->fields != NULL && j < l->n_fields; j++) {
		struct field *f = &l->fields[j];
		if (f->twin)
			continue;
		intern_release(&f->texts);
		intern_release(&f->vocabulary);
		buf_release(&f->tokens);
		free(f->values);
		free(f->code);
		free(f->idf);
		free(f->count);
		free(f->rare);
	}
	free(l->fields);
	free(l->rows.first);
	free(l->rows.count);
	free(l->rows.side);
	free(l->rows.of);
}
