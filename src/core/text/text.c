#include "core/text/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/ustring.h>

#include "core/text/hant.h"
#include "core/text/text_internal.h"

/* ICU's normalisers live as long as the process and belong to ICU, so this state
 * is only pointers to constant data. */
static struct {
	pthread_mutex_t lock;
	const UNormalizer2 *nfc, *nfkc, *nfkc_casefold;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

enum err text_open(struct ctx *ctx)
{
	UErrorCode code = U_ZERO_ERROR;
	pthread_mutex_lock(&state.lock);
	if (!state.nfc) {
		const UNormalizer2 *folded = unorm2_getNFKCCasefoldInstance(&code);
		const UNormalizer2 *nfkc = unorm2_getNFKCInstance(&code);
		const UNormalizer2 *nfc = unorm2_getNFCInstance(&code);
		if (U_SUCCESS(code)) {
			state.nfkc_casefold = folded;
			state.nfkc = nfkc;
			state.nfc = nfc;
		}
	}
	pthread_mutex_unlock(&state.lock);
	return U_SUCCESS(code) ? OK : text_library_failed(ctx, "icu");
}

void text_close(void)
{
	text_hant_close();
}

const UNormalizer2 *text_nfc(void)
{
	return state.nfc;
}

const UNormalizer2 *text_nfkc(void)
{
	return state.nfkc;
}

const UNormalizer2 *text_nfkc_casefold(void)
{
	return state.nfkc_casefold;
}

enum err text_no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "no_memory");
}

enum err text_library_failed(struct ctx *ctx, const char *what)
{
	return fail_arg(ctx, ERR_BUG, "", "library_failed", what);
}

bool text_is_ascii(const char *in, size_t n)
{
	size_t i = 0;
	for (; i + 8 <= n; i += 8) {
		uint64_t chunk;
		memcpy(&chunk, in + i, 8);
		if (chunk & 0x8080808080808080u)
			return false;
	}
	for (; i < n; i++)
		if (in[i] & 0x80)
			return false;
	return true;
}

/* Number of continuation bytes and the range of the first of them, by lead byte (Unicode table 3-7). */
static unsigned lead_info(unsigned char lead, unsigned char *low, unsigned char *high)
{
	*low = 0x80;
	*high = 0xBF;
	if (lead >= 0xC2 && lead <= 0xDF)
		return 1;
	if (lead >= 0xE0 && lead <= 0xEF) {
		if (lead == 0xE0)
			*low = 0xA0;
		if (lead == 0xED)
			*high = 0x9F;
		return 2;
	}
	if (lead >= 0xF0 && lead <= 0xF4) {
		if (lead == 0xF0)
			*low = 0x90;
		if (lead == 0xF4)
			*high = 0x8F;
		return 3;
	}
	return 0;
}

uint32_t text_next(const char *in, size_t n, size_t *at)
{
	unsigned char lead = (unsigned char)in[(*at)++];
	if (lead < 0x80)
		return lead;
	unsigned char low, high;
	unsigned more = lead_info(lead, &low, &high);
	if (more == 0)
		return 0xFFFD;
	uint32_t cp = lead & (0x3Fu >> more);
	for (unsigned i = 0; i < more; i++) {
		if (*at >= n)
			return 0xFFFD;
		unsigned char next = (unsigned char)in[*at];
		if (next < low || next > high)
			return 0xFFFD;
		low = 0x80;
		high = 0xBF;
		cp = cp << 6 | (next & 0x3Fu);
		(*at)++;
	}
	return cp;
}

bool text_is_unspaced(uint32_t cp)
{
	if (cp < 0x0E00)
		return false;
	return text_is_han(cp) || (cp >= 0x3041 && cp <= 0x30FF && cp != 0x30FB) || (cp >= 0xAC00 && cp <= 0xD7A3) ||
	       (cp >= 0x0E00 && cp <= 0x0EFF) || (cp >= 0x1000 && cp <= 0x109F) || (cp >= 0x1780 && cp <= 0x17FF) ||
	       (cp >= 0x3105 && cp <= 0x312F) || (cp >= 0x31F0 && cp <= 0x31FF);
}

bool text_is_word(uint32_t cp)
{
	if (cp < 0x80)
		return (cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9') || (cp >= 'A' && cp <= 'Z');
	if (cp >= 0x4E00 && cp <= 0x9FFF)
		return true;
	uint32_t mask = U_GET_GC_MASK((int32_t)cp);
	return (mask & (U_GC_L_MASK | U_GC_N_MASK | U_GC_MN_MASK | U_GC_MC_MASK)) != 0;
}

enum err text_to_utf16(struct ctx *ctx, const char *in, size_t n, UChar **ret, int32_t *ret_n)
{
	if (n > INT32_MAX / 4)
		return fail(ctx, ERR_LIMIT, "", "text_too_long");
	UChar *out = arena_array(ctx->arena, n + 1, sizeof *out);
	if (!out)
		return text_no_memory(ctx);
	int32_t len = 0;
	for (size_t at = 0; at < n;) {
		uint32_t cp = text_next(in, n, &at);
		if (cp > 0xFFFF) {
			out[len++] = (UChar)(0xD7C0 + (cp >> 10));
			out[len++] = (UChar)(0xDC00 + (cp & 0x3FF));
		} else {
			out[len++] = (UChar)cp;
		}
	}
	*ret = out;
	*ret_n = len;
	return OK;
}

enum err text_from_utf16(struct ctx *ctx, const UChar *in, int32_t n, char **ret, size_t *ret_n)
{
	char *out = arena_alloc(ctx->arena, (size_t)n * 3 + 1);
	if (!out)
		return text_no_memory(ctx);
	UErrorCode code = U_ZERO_ERROR;
	int32_t len = 0;
	u_strToUTF8WithSub(out, n * 3 + 1, &len, in, n, 0xFFFD, NULL, &code);
	if (U_FAILURE(code))
		return text_library_failed(ctx, "icu");
	*ret = out;
	*ret_n = (size_t)len;
	return OK;
}

enum err text_normalise16(struct ctx *ctx, const UNormalizer2 *form, const UChar *in, int32_t n, UChar **ret,
                          int32_t *ret_n)
{
	UErrorCode code = U_ZERO_ERROR;
	int32_t room = n + n / 4 + 16;
	UChar *out = arena_array(ctx->arena, (size_t)room, sizeof *out);
	if (!out)
		return text_no_memory(ctx);
	int32_t len = unorm2_normalize(form, in, n, out, room, &code);
	if (code == U_BUFFER_OVERFLOW_ERROR) {
		code = U_ZERO_ERROR;
		room = len + 1;
		out = arena_array(ctx->arena, (size_t)room, sizeof *out);
		if (!out)
			return text_no_memory(ctx);
		len = unorm2_normalize(form, in, n, out, room, &code);
	}
	if (U_FAILURE(code))
		return text_library_failed(ctx, "icu");
	*ret = out;
	*ret_n = len;
	return OK;
}
