/* Dates, numbers, phones and words as files have them.  The first byte says which, the
 * second how (order of day and month, decimal mark), the rest is the text.  What was
 * understood has one form, stays what it is when read again, and is a real value. */
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/exchange/convert.h"
#include "core/text/text.h"
#include "fuzz.h"

/* The program's words; here the English ones do. */
const char *app_label(struct ctx *c, const struct text2 *text);

const char *app_label(struct ctx *c, const struct text2 *text)
{
	(void)c;
	return text->en;
}

static struct arena arena;
static struct ctx ctx;

static void require(bool ok)
{
	if (!ok)
		abort();
}

static bool same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static void check_text(const char *text)
{
	require(text != NULL && utf8_valid(text, strlen(text)));
}

static bool digits_at(const char *text, const char *form)
{
	for (; *form != '\0'; form++, text++)
		if (*form == '0' ? *text < '0' || *text > '9' : *text != *form)
			return false;
	return true;
}

static void try_date(const char *text, uint8_t how)
{
	enum date_order order = (enum date_order)(how % 4);
	const char *date = convert_date(&ctx, text, order), *day = convert_day(&ctx, text, order);
	check_text(date);
	check_text(day);
	require(same(convert_date(&ctx, date, order), date));
	require(same(convert_day(&ctx, day, order), day));
	if (!same(date, text)) {
		char first[11] = "";
		require(digits_at(date, "0000-00-00") && strlen(date) < 40);
		memcpy(first, date, 10);
		require(date_valid(first)); /* no 30 February */
		require(same(day, first));
	}
	static const int offsets[] = {0, 480, -570, 840};
	struct plan_zone zone = {NULL, offsets[how / 4 % 4]};
	if (how / 16 % 2)
		require(text_zone_new(how / 32 % 2 ? "Europe/Paris" : "Australia/Lord_Howe", &zone.zone));
	const char *zoned = convert_zone(&ctx, date, &zone), *word = NULL;
	check_text(zoned);
	require(same(convert_zone(&ctx, zoned, &zone), zoned));
	text_zone_free(zone.zone);
	(void)convert_is_date(text);
	struct date_votes votes = {0};
	convert_date_votes(text, &votes);
	(void)convert_date_decide(&votes);
	/* What is no date says why, unless it has the form of one. */
	if (convert_date_fault(&ctx, text, order, &word) != NULL)
		check_text(word);
	int month = 0, mday = 0;
	if (convert_partial_day(text, order, &month, &mday))
		require(month >= 1 && month <= 12 && mday >= 0 && mday <= 31);
	check_text(convert_past_day(&ctx, text, order, "2026-11-29"));
}

static void try_number(const char *text, uint8_t how)
{
	enum number_mark mark = (enum number_mark)(how % 3);
	const char *number = convert_number(&ctx, text, mark);
	int64_t value;
	check_text(number);
	if (!same(number, text)) {
		const char *p = number + (*number == '-');
		require(*p >= '0' && *p <= '9' && strspn(p, "0123456789.") == strlen(p));
		require(strchr(p, '.') == NULL || strchr(strchr(p, '.') + 1, '.') == NULL);
		require(same(convert_number(&ctx, number, NUMBER_POINT), number));
	}
	check_text(convert_integer(&ctx, number));
	for (int scale = 0; scale <= 4; scale += 2) {
		const char *rounded = convert_round(&ctx, number, scale);
		check_text(rounded);
		if (!same(rounded, number))
			require(decimal_parse(rounded, scale, &value) && same(convert_round(&ctx, rounded, scale), rounded));
	}
	const char *product = convert_times(&ctx, number, "1"), *quotient = convert_divide(&ctx, number, "1");
	if (product != NULL || quotient != NULL)
		require(product != NULL && quotient != NULL && same(product, quotient) && decimal_parse(product, 9, &value));
}

static void try_contact(const char *text, uint8_t how)
{
	struct contact phone, email;
	const char *unwrapped = convert_unwrap(&ctx, text), *name = NULL;
	check_text(unwrapped);
	if (convert_phone(&ctx, text, how % 2 ? "CN" : "US", &phone) == OK) {
		check_text(phone.text);
		require(!phone.valid || phone.text[0] == '+');
		if (phone.rest != NULL)
			check_text(phone.rest);
		(void)convert_phone_tells(phone.text);
	}
	if (convert_email(&ctx, text, &email) == OK) {
		check_text(email.text);
		require(!email.valid || strchr(email.text, '@') != NULL);
	}
	if (text_person_name(&ctx, text, how % 4 == 0 ? "Văn" : "", how % 8 == 0 ? "Nguyễn" : text, &name) == OK)
		check_text(name);
	check_text(convert_currency(text));
}

static void try_phone(const char *text, uint8_t how)
{
	static const char *const regions[] = {"CN", "GB", "US", ""};
	const char *number = NULL, *again = NULL, *shown = NULL;
	bool valid = false, still = false;
	if (phone_normalise(&ctx, text, regions[how % 4], &number, &valid) != OK)
		return;
	check_text(number);
	if (!valid)
		return;
	require(number[0] == '+');
	if (phone_normalise(&ctx, number, "DE", &again, &still) == OK)
		require(still && same(number, again));
	if (phone_display(&ctx, number, regions[how % 4], &shown) == OK)
		check_text(shown);
}

static void try_words(const char *text, uint8_t how)
{
	static const struct option options[] = {{"draft", {"Draft", "草稿"}, NULL}, {"paid", {"Paid", "已付款"}, NULL}, {NULL, {NULL, NULL}, NULL}};
	static const struct field field = {.name = "state", .type = FIELD_ENUM, .options = options, .label = {"State", "状态"}};
	const char *out = text;
	check_text(convert_bool(text));
	if (convert_country(&ctx, text, &out) == OK) {
		check_text(out);
		require(same(out, text) || *out == '\0' || strlen(out) == 2);
	}
	if (convert_option(&ctx, &field, text, &out) == OK)
		check_text(out);
	check_text(convert_html(&ctx, text));
	const char *cut = convert_cut(&ctx, text, how % 16 + 1);
	check_text(cut);
	size_t chars = 0;
	for (const char *p = cut; *p != '\0'; p++)
		chars += ((unsigned char)*p & 0xc0) != 0x80;
	require(chars <= how % 16u + 1 && strncmp(cut, text, strlen(cut)) == 0);
	check_text(convert_case(&ctx, text, how % 2));
	check_text(convert_url(&ctx, text));
	bool valid = false;
	if (email_normalise(&ctx, text, &out, &valid) == OK) {
		const char *again = NULL;
		check_text(out);
		if (valid)
			require(email_normalise(&ctx, out, &again, &valid) == OK && valid && same(again, out));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool open;
	if (!open) {
		arena_init(&arena, 64u << 20);
		ctx_init(&ctx, &arena, clock_system());
		require(text_open(&ctx) == OK);
		open = true;
	}
	if (size < 2 || size > 4096)
		return 0;
	const char *text = arena_strndup(&arena, (const char *)data + 2, size - 2);
	/* the table readers give only such text */
	if (text != NULL && utf8_valid(text, strlen(text))) {
		static void (*const tries[])(const char *, uint8_t) = {try_date, try_number, try_phone, try_words};
		(data[0] == 'c' ? try_contact : tries[data[0] % 4])(text, data[1]);
	}
	faults_clear(&ctx);
	arena_reset(&arena);
	return 0;
}
