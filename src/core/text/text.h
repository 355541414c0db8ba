/* Text as people write it: Unicode forms, Chinese variants, pinyin, phones.
 * The only folder that uses ICU, OpenCC and libphonenumber.  All functions are
 * thread-safe once text_open_new has returned. */
#ifndef GUANXI_CORE_TEXT_TEXT_H
#define GUANXI_CORE_TEXT_TEXT_H

#include "base/buf.h"
#include "base/ctx.h"

struct text; /* converters and tables, shared by all threads; process-wide singleton kept by its owner */

enum err text_open(struct ctx *ctx) MUST_CHECK; /* idempotent; first call loads the tables */
void text_close(void);

/* NFC, white space trimmed and runs folded (lines kept if `lines`), control
 * characters and invisible direction marks removed. */
enum err text_clean(struct ctx *ctx, const char *in, size_t n, bool lines, const char **ret, size_t *ret_n) MUST_CHECK;
/* For comparing: NFKC, case-folded, Traditional to Simplified, accents kept out of Latin letters. */
enum err text_fold(struct ctx *ctx, const char *in, size_t n, const char **ret, size_t *ret_n) MUST_CHECK;
/* By which identifiers are compared: one width and compatibility form of each character (NFKC), blanks folded, letters without
 * case unless `cased`. Nothing else goes: accents, scripts and variants keep numbers apart. */
enum err text_form(struct ctx *ctx, const char *in, size_t n, bool cased, const char **ret, size_t *ret_n) MUST_CHECK;
/* Pinyin of the Chinese characters in a name: full ("zhangwei") and initials ("zw"); "" if there are none. */
enum err text_pinyin(struct ctx *ctx, const char *in, size_t n, const char **ret_full, const char **ret_initials) MUST_CHECK;
/* What the search index keeps for a field, as tokens separated by spaces:
 * CJK single characters and pairs, Latin words, digit runs. */
enum text_kind { TEXT_WORDS, TEXT_NAME /* + pinyin */, TEXT_NUMBER /* + digit tails of 4 to 11 */, TEXT_EMAIL };
enum err text_index_tokens(struct ctx *ctx, const char *in, size_t n, enum text_kind kind, struct buf *out) MUST_CHECK;
/* zh-Hans to zh-Hant (Taiwan words) for content shown, not for the built-in labels. */
enum err text_to_hant(struct ctx *ctx, const char *in, const char **ret) MUST_CHECK;

/* E.164 ("+8613800138000") if the number is possible in `region` ("CN" …);
 * otherwise the cleaned input and *ret_valid false. Extension after ";ext=". */
enum err phone_normalise(struct ctx *ctx, const char *in, const char *region, const char **ret, bool *ret_valid) MUST_CHECK;
/* "138 0013 8000" for people of that region, international form for others. */
enum err phone_display(struct ctx *ctx, const char *e164, const char *region, const char **ret) MUST_CHECK;
/* Trimmed, the local part as written, the host in small letters and readable (例子.中国, never xn--…); false if it is no
 * address. Compared by its text_form. */
enum err email_normalise(struct ctx *ctx, const char *in, const char **ret, bool *ret_valid) MUST_CHECK;

/* A person's name of its parts, in the order and with the blanks of their script: 张伟, 김민준, Nguyễn Văn An, Ada Lovelace. */
enum err text_person_name(struct ctx *ctx, const char *given, const char *middle, const char *family, const char **ret) MUST_CHECK;

/* Zones by IANA name ("Asia/Shanghai"), with their summer time. One thread's at a time. */
struct text_zone;
bool text_zone_known(const char *name);
bool text_zone_new(const char *name, struct text_zone **ret) MUST_CHECK;
void text_zone_free(struct text_zone *zone);
/* Minutes east of UTC at a local time (its civil parts as milliseconds). Of an hour that happens
 * twice the first is taken; one that is left out is counted on from before. */
int text_zone_offset(struct text_zone *zone, int64_t local_ms);
/* Seconds east of UTC at a moment. */
int text_zone_seconds(struct text_zone *zone, int64_t utc_ms);
/* The first moment after utc_ms at which the zone changes its rule; false: there is none. */
bool text_zone_next_change(struct text_zone *zone, int64_t utc_ms, int64_t *ret_ms) MUST_CHECK;

/* "138****8000", "王*", "w***@example.com": what a masked field shows. */
enum mask { MASK_TEXT, MASK_NAME, MASK_PHONE, MASK_EMAIL };
enum err text_mask(struct ctx *ctx, const char *in, enum mask mask, const char **ret) MUST_CHECK;

/* Encodings of files: "UTF-8", "UTF-16LE", "UTF-16BE", "GB18030", "Big5", "windows-1252" …
 * Guesses from the first bytes; *ret_bom is the BOM's length. Never fails to name one. */
const char *text_detect_encoding(const void *bytes, size_t n, size_t *ret_bom);
struct text_decoder; /* streaming, to UTF-8 */
enum err text_decoder_new(struct ctx *ctx, const char *encoding, struct text_decoder **ret) MUST_CHECK;
/* Bytes that do not decode become U+FFFD and are counted. */
enum err text_decode(struct ctx *ctx, struct text_decoder *dec, const void *in, size_t n, bool last, struct buf *out) MUST_CHECK;
int64_t text_decoder_errors(const struct text_decoder *dec);
void text_decoder_free(struct text_decoder *dec);
/* UTF-8 to another encoding; what it cannot hold becomes '?', counted in *ret_lost. */
enum err text_encode(struct ctx *ctx, const char *encoding, const char *in, size_t n, struct buf *out, int64_t *ret_lost) MUST_CHECK;

#endif
