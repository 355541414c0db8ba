#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/access/access_internal.h"

/* Argon2id takes 64 MiB and tens of milliseconds on purpose: two at a time. */
enum { HASH_AT_ONCE = 2, COMMON_MAX = 64, AROUND_MAX = 6 };

/* Of a password nobody has, with the same cost as real ones: what is compared when
 * there is no such user. */
static const char dummy_hash[] =
	"$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/* --- hashing ---------------------------------------------------------------------- */

void access_hash_enter(struct access *access)
{
	pthread_mutex_lock(&access->hash_lock);
	while (access->hash_running >= HASH_AT_ONCE)
		pthread_cond_wait(&access->hash_free, &access->hash_lock);
	access->hash_running++;
	pthread_mutex_unlock(&access->hash_lock);
}

void access_hash_leave(struct access *access)
{
	pthread_mutex_lock(&access->hash_lock);
	access->hash_running--;
	pthread_cond_signal(&access->hash_free);
	pthread_mutex_unlock(&access->hash_lock);
}

enum err access_password_hash(struct ctx *ctx, struct access *access, const char *password, const char **ret)
{
	char *out = arena_alloc(ctx->arena, crypto_pwhash_STRBYTES);
	if (!out)
		return access_no_memory(ctx);
	if (access)
		access_hash_enter(access);
	int failed = crypto_pwhash_str(out, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE);
	if (access)
		access_hash_leave(access);
	*ret = out;
	return failed ? access_no_memory(ctx) : OK;
}

bool access_password_verify(const char *hash, const char *password)
{
	bool none = str_empty(hash);
	bool right = crypto_pwhash_str_verify(none ? dummy_hash : hash, password, strlen(password)) == 0;
	return right && !none;
}

/* --- good enough? -------------------------------------------------------------------- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* Lower case; with `leet`, letters that are written as digits and signs. */
static void normalise(const char *in, bool leet, char out[COMMON_MAX + 1])
{
	static const char from[] = "013457@$!|+", to[] = "oleastasiit";
	size_t n = 0;
	for (; n < COMMON_MAX && in[n]; n++) {
		char c = in[n];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c + ('a' - 'A'));
		const char *at = leet ? strchr(from, c) : NULL;
		out[n] = at ? to[at - from] : c;
	}
	out[n] = '\0';
}

static bool listed(const char *text, size_t n)
{
	for (size_t i = 0; access_common_words[i]; i++)
		if (strlen(access_common_words[i]) == n && memcmp(access_common_words[i], text, n) == 0)
			return true;
	return false;
}

/* "dragon2024!", "P@ssw0rd!": a listed word, perhaps in leet, and little around it
 * that is no letter. */
static bool listed_inside(const char *plain, const char *leet)
{
	size_t n = strlen(plain), first = 0, last = n;
	while (first < last && !is_letter(plain[first]))
		first++;
	while (last > first && !is_letter(plain[last - 1]))
		last--;
	const size_t froms[] = {0, first}, tos[] = {n, last};
	for (size_t i = 0; i < 4; i++) {
		size_t from = froms[i & 1], to = tos[i >> 1];
		if (to < from + 3 || n - (to - from) > AROUND_MAX)
			continue;
		if (listed(plain + from, to - from) || listed(leet + from, to - from))
			return true;
	}
	return false;
}

/* "abcabcabc", "dragondragon" */
static bool repeated(const char *text)
{
	size_t n = strlen(text);
	for (size_t unit = 1; unit <= n / 2; unit++) {
		if (n % unit != 0 || memcmp(text, text + unit, n - unit) != 0)
			continue;
		return unit <= 4 || listed(text, unit);
	}
	return false;
}

/* Next to each other on a keyboard row, in the alphabet, among the digits, or the same. */
static bool follows(char a, char b)
{
	static const char *const rows[] = {"`1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "!@#$%^&*()_+"};
	if (b == a || b == a + 1 || b == a - 1)
		return true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *at = strchr(rows[i], a);
		if (at && (at[1] == b || (at > rows[i] && at[-1] == b)))
			return true;
	}
	return false;
}

static bool runs_only(const char *text)
{
	size_t surprises = 1;
	for (size_t i = 1; text[i]; i++)
		surprises += !follows(text[i - 1], text[i]);
	return surprises <= 3;
}

bool access_password_common(const char *password)
{
	char plain[COMMON_MAX + 1], leet[COMMON_MAX + 1];
	size_t n = strlen(password);
	if (n > COMMON_MAX)
		return false;
	if (n < 12 && strspn(password, "0123456789") == n)
		return true; /* dates, phones, lucky numbers: all of them have been tried */
	normalise(password, false, plain);
	normalise(password, true, leet);
	return listed_inside(plain, leet) || repeated(plain) || repeated(leet) || runs_only(plain);
}

/* Cuts every occurrence of a part out of the text. */
static void cut(char *text, const char *part, size_t n)
{
	if (n < 3)
		return;
	for (char *at = text; *at;) {
		if (strncmp(at, part, n) == 0)
			memmove(at, at + n, strlen(at + n) + 1);
		else
			at++;
	}
}

/* What is left when the person's own names are taken out must still be long enough. */
static bool personal(const char *password, const char *name, const char *email)
{
	char left[COMMON_MAX + 1], part[COMMON_MAX + 1];
	const char *const sources[] = {name, email};
	if (strlen(password) > COMMON_MAX)
		return false;
	normalise(password, false, left);
	size_t before = strlen(left);
	for (size_t i = 0; i < 2; i++) {
		normalise(sources[i] ? sources[i] : "", false, part);
		for (size_t at = 0; part[at];) {
			size_t n = strcspn(part + at, " .@-_+'");
			cut(left, part + at, n);
			at += n + (part[at + n] != '\0');
		}
	}
	return strlen(left) < before && strlen(left) < ACCESS_PASSWORD_MIN;
}

enum err access_password_check(struct ctx *ctx, const char *field, const char *password, const char *name, const char *email)
{
	size_t n = strlen(password);
	char number[16];
	if (!utf8_valid(password, n))
		return fail(ctx, ERR_INVALID, field, "password_not_text");
	if (n > ACCESS_PASSWORD_MAX) {
		snprintf(number, sizeof(number), "%d", ACCESS_PASSWORD_MAX);
		return fail_arg(ctx, ERR_INVALID, field, "password_long", number);
	}
	if (utf8_length(password, n) < ACCESS_PASSWORD_MIN) {
		snprintf(number, sizeof(number), "%d", ACCESS_PASSWORD_MIN);
		return fail_arg(ctx, ERR_INVALID, field, "password_short", number);
	}
	if (access_password_common(password))
		return fail(ctx, ERR_INVALID, field, "password_common");
	if (personal(password, name, email))
		return fail(ctx, ERR_INVALID, field, "password_personal");
	return OK;
}

enum err access_random_password(struct ctx *ctx, const char **ret)
{
	/* Nothing that looks like something else; 18 of 31 signs are 89 bits. */
	static const char signs[] = "abcdefghjkmnpqrstuvwxyz23456789";
	char *out = arena_alloc(ctx->arena, 21);
	if (!out)
		return access_no_memory(ctx);
	for (size_t i = 0; i < 20;) {
		uint8_t byte;
		if (i == 6 || i == 13) {
			out[i++] = '-';
			continue;
		}
		ctx_random(ctx, &byte, 1);
		/* 248 = 8 * 31: above it the first signs would come more often */
		if (byte < 248)
			out[i++] = signs[byte % 31];
	}
	*ret = out;
	return OK;
}
