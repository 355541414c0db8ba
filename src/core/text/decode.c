/* Files in other encodings to UTF-8 and back, by ICU's converters. */
#include <stdlib.h>
#include <string.h>
#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>
#include <unicode/ucnv_err.h>

#include "base/str.h"
#include "core/text/text_internal.h"

enum { CHUNK = 4096, NAME_MAX_LENGTH = 40 };

struct text_decoder {
	UConverter *converter; /* NULL: UTF-8, decoded here */
	int64_t errors;
	UChar high;            /* first half of a pair that a chunk cut */
	char rest[4];          /* start of a UTF-8 sequence that a call cut */
	size_t n_rest;
	bool begun;            /* a byte order mark can only stand before */
};

/* Names as files and people give them; where a name is used loosely, the wider set is meant. */
static const char *converter_name(const char *encoding, bool to_unicode)
{
	static const struct {
		const char *name, *decode, *encode;
	} wider[] = {
		{"GB2312", "GB18030", "GB18030"}, {"GBK", "GB18030", "GB18030"},
		{"Big5", "Big5-HKSCS", "windows-950"}, {"EUC-KR", "windows-949", "windows-949"},
		{"ISO-8859-1", "windows-1252", "windows-1252"}, {"US-ASCII", "windows-1252", "windows-1252"},
	};
	UErrorCode code = U_ZERO_ERROR;
	const char *standard = ucnv_getStandardName(encoding, "MIME", &code);
	if (U_FAILURE(code) || !standard)
		standard = encoding;
	for (size_t i = 0; i < sizeof wider / sizeof *wider; i++)
		if (ucnv_compareNames(standard, wider[i].name) == 0)
			return to_unicode ? wider[i].decode : wider[i].encode;
	return encoding;
}

static bool name_ok(const char *encoding)
{
	size_t n = encoding ? strlen(encoding) : 0;
	return n > 0 && n < NAME_MAX_LENGTH &&
	       strspn(encoding, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:") == n;
}

static bool is_utf8(const char *encoding)
{
	return ucnv_compareNames(encoding, "UTF-8") == 0;
}

static enum err open_converter(struct ctx *ctx, const char *encoding, bool to_unicode, UConverter **ret)
{
	UErrorCode code = U_ZERO_ERROR;
	if (!name_ok(encoding))
		return fail(ctx, ERR_INVALID, "encoding", "encoding_unknown");
	*ret = ucnv_open(converter_name(encoding, to_unicode), &code);
	if (code == U_MEMORY_ALLOCATION_ERROR)
		return text_no_memory(ctx);
	return U_SUCCESS(code) ? OK : fail_arg(ctx, ERR_INVALID, "encoding", "encoding_unknown", encoding);
}

static void on_bad_bytes(const void *context, UConverterToUnicodeArgs *args, const char *bytes, int32_t n,
                         UConverterCallbackReason reason, UErrorCode *code)
{
	static const UChar replacement = 0xFFFD;
	(void)bytes;
	(void)n;
	if (reason > UCNV_IRREGULAR)
		return;
	int64_t *errors;
	memcpy(&errors, &context, sizeof errors); /* ICU's interface says const */
	(*errors)++;
	*code = U_ZERO_ERROR;
	ucnv_cbToUWriteUChars(args, &replacement, 1, 0, code);
}

enum err text_decoder_new(struct ctx *ctx, const char *encoding, struct text_decoder **ret)
{
	struct text_decoder *dec = calloc(1, sizeof *dec);
	if (!dec)
		return text_no_memory(ctx);
	if (name_ok(encoding) && is_utf8(encoding)) {
		*ret = dec;
		return OK;
	}
	enum err err = open_converter(ctx, encoding, true, &dec->converter);
	if (err) {
		free(dec);
		return err;
	}
	UErrorCode code = U_ZERO_ERROR;
	ucnv_setToUCallBack(dec->converter, on_bad_bytes, &dec->errors, NULL, NULL, &code);
	if (U_FAILURE(code)) {
		text_decoder_free(dec);
		return text_library_failed(ctx, "icu");
	}
	*ret = dec;
	return OK;
}

void text_decoder_free(struct text_decoder *dec)
{
	if (!dec)
		return;
	if (dec->converter)
		ucnv_close(dec->converter);
	free(dec);
}

int64_t text_decoder_errors(const struct text_decoder *dec)
{
	return dec->errors;
}

static void put_code_point(struct text_decoder *dec, uint32_t cp, struct buf *out)
{
	char bytes[4];
	if (cp == 0xFEFF && !dec->begun) {
		dec->begun = true;
		return;
	}
	/* Some programs write 32-bit characters as pairs of 16-bit ones, every other one zero. */
	if (cp == 0 && dec->converter && ucnv_getMinCharSize(dec->converter) > 1)
		return;
	dec->begun = true;
	buf_add(out, bytes, utf8_encode(cp, bytes));
}

static void put_units(struct text_decoder *dec, const UChar *units, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		UChar unit = units[i];
		if (dec->high) {
			uint32_t high = dec->high;
			dec->high = 0;
			if ((unit & 0xFC00) == 0xDC00) {
				put_code_point(dec, 0x10000 + ((high & 0x3FF) << 10) + (unit & 0x3FFu), out);
				continue;
			}
			dec->errors++;
			put_code_point(dec, 0xFFFD, out);
		}
		if ((unit & 0xFC00) == 0xD800) {
			dec->high = unit;
		} else if ((unit & 0xFC00) == 0xDC00) {
			dec->errors++;
			put_code_point(dec, 0xFFFD, out);
		} else {
			put_code_point(dec, unit, out);
		}
	}
}

static enum err decode_converter(struct ctx *ctx, struct text_decoder *dec, const char *in, size_t n, bool last,
                                 struct buf *out)
{
	UChar units[CHUNK];
	const char *from = in, *end = in + n;
	UErrorCode code;
	do {
		UChar *to = units;
		code = U_ZERO_ERROR;
		ucnv_toUnicode(dec->converter, &to, units + CHUNK, &from, end, NULL, last, &code);
		put_units(dec, units, (size_t)(to - units), out);
	} while (code == U_BUFFER_OVERFLOW_ERROR && !buf_failed(out));
	if (U_FAILURE(code) && code != U_BUFFER_OVERFLOW_ERROR)
		return text_library_failed(ctx, "icu");
	if (last && dec->high) {
		dec->high = 0;
		dec->errors++;
		put_code_point(dec, 0xFFFD, out);
	}
	return OK;
}

/* Bytes at the end of `in` that may be the start of a sequence the next call completes. */
static size_t unfinished(const char *in, size_t n)
{
	for (size_t back = 1; back <= 3 && back <= n; back++) {
		unsigned char c = (unsigned char)in[n - back];
		if (c < 0x80)
			return 0;
		if (c >= 0xC0)
			return (c >= 0xF0 ? 4u : c >= 0xE0 ? 3u : 2u) > back ? back : 0;
	}
	return 0;
}

static void put_utf8(struct text_decoder *dec, const char *in, size_t n, struct buf *out)
{
	if (dec->begun && utf8_valid(in, n)) {
		buf_add(out, in, n);
		return;
	}
	for (size_t at = 0; at < n && !buf_failed(out);) {
		size_t start = at;
		uint32_t cp = text_next(in, n, &at);
		if (cp == 0xFFFD && !(at - start == 3 && memcmp(in + start, "\xEF\xBF\xBD", 3) == 0))
			dec->errors++;
		put_code_point(dec, cp, out);
	}
}

static void decode_utf8(struct text_decoder *dec, const char *in, size_t n, bool last, struct buf *out)
{
	/* Complete the sequence that the last call left open, byte by byte. */
	while (dec->n_rest > 0 && n > 0) {
		dec->rest[dec->n_rest++] = *in++;
		n--;
		size_t open = unfinished(dec->rest, dec->n_rest);
		if (open == dec->n_rest)
			continue;
		put_utf8(dec, dec->rest, dec->n_rest - open, out);
		memmove(dec->rest, dec->rest + dec->n_rest - open, open);
		dec->n_rest = open;
	}
	size_t open = last ? 0 : unfinished(in, n);
	if (last && dec->n_rest > 0) {
		put_utf8(dec, dec->rest, dec->n_rest, out);
		dec->n_rest = 0;
	}
	/* The first code points one by one, for the mark; the rest at once where it is well-formed. */
	put_utf8(dec, in, n - open, out);
	if (open > 0) {
		memcpy(dec->rest, in + n - open, open);
		dec->n_rest = open;
	}
}

enum err text_decode(struct ctx *ctx, struct text_decoder *dec, const void *in, size_t n, bool last, struct buf *out)
{
	enum err err = OK;
	if (dec->converter)
		err = decode_converter(ctx, dec, in, n, last, out);
	else
		decode_utf8(dec, in, n, last, out);
	if (err)
		return err;
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, "", "text_too_long") : OK;
}

/* --- to another encoding ------------------------------------------------ */

static void on_lost(const void *context, UConverterFromUnicodeArgs *args, const UChar *units, int32_t n, UChar32 cp,
                    UConverterCallbackReason reason, UErrorCode *code)
{
	static const UChar question[] = {'?'};
	const UChar *from = question;
	(void)units;
	(void)n;
	(void)cp;
	if (reason > UCNV_IRREGULAR)
		return;
	int64_t *lost;
	memcpy(&lost, &context, sizeof lost);
	(*lost)++;
	*code = U_ZERO_ERROR;
	ucnv_cbFromUWriteUChars(args, &from, question + 1, 0, code);
}

static enum err encode_units(struct ctx *ctx, UConverter *converter, const UChar *units, int32_t n, struct buf *out)
{
	const UChar *from = units, *end = units + n;
	UErrorCode code;
	do {
		char bytes[CHUNK], *to = bytes;
		code = U_ZERO_ERROR;
		ucnv_fromUnicode(converter, &to, bytes + CHUNK, &from, end, NULL, true, &code);
		buf_add(out, bytes, (size_t)(to - bytes));
		if (buf_failed(out))
			return fail(ctx, ERR_LIMIT, "", "text_too_long");
	} while (code == U_BUFFER_OVERFLOW_ERROR);
	return U_SUCCESS(code) ? OK : text_library_failed(ctx, "icu");
}

enum err text_encode(struct ctx *ctx, const char *encoding, const char *in, size_t n, struct buf *out, int64_t *ret_lost)
{
	*ret_lost = 0;
	if (name_ok(encoding) && is_utf8(encoding)) {
		buf_add(out, in, n);
		return buf_failed(out) ? fail(ctx, ERR_LIMIT, "", "text_too_long") : OK;
	}
	UConverter *converter;
	enum err err = open_converter(ctx, encoding, false, &converter);
	if (err)
		return err;
	UErrorCode code = U_ZERO_ERROR;
	ucnv_setFromUCallBack(converter, on_lost, ret_lost, NULL, NULL, &code);
	ucnv_setFallback(converter, false);
	struct arena_mark mark = arena_mark(ctx->arena);
	UChar *units;
	int32_t n_units;
	err = U_FAILURE(code) ? text_library_failed(ctx, "icu") : text_to_utf16(ctx, in, n, &units, &n_units);
	if (!err)
		err = encode_units(ctx, converter, units, n_units, out);
	if (!err)
		arena_rewind(ctx->arena, mark);
	ucnv_close(converter);
	return err;
}
