/* Which encoding a file has.  Byte order marks and the shape of UTF-8 and UTF-16
 * decide first; the others are decoded by every candidate and the most ordinary
 * text wins, by how usual its characters are. */
#include <string.h>
#include <unicode/ucnv.h>
#include <unicode/ucsdet.h>

#include "core/text/tables.h"
#include "core/text/text_internal.h"

enum { SAMPLE_MAX = 64 * 1024, DECODE_MAX = 16 * 1024 };

static const char *from_bom(const unsigned char *in, size_t n, size_t *ret_bom)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *encoding;
	} marks[] = {
		{"\xEF\xBB\xBF", 3, "UTF-8"},
		{"\xFF\xFE\0\0", 4, "UTF-32LE"},
		{"\0\0\xFE\xFF", 4, "UTF-32BE"},
		{"\xFF\xFE", 2, "UTF-16LE"},
		{"\xFE\xFF", 2, "UTF-16BE"},
		{"\x84\x31\x95\x33", 4, "GB18030"},
	};
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (n >= marks[i].n && memcmp(in, marks[i].bytes, marks[i].n) == 0) {
			*ret_bom = marks[i].n;
			return marks[i].encoding;
		}
	return NULL;
}

/* --- UTF-16 and UTF-32 without a mark ---------------------------------- */

static uint32_t unit_at(const unsigned char *in, size_t width, bool little)
{
	uint32_t unit = 0;
	for (size_t i = 0; i < width; i++)
		unit |= (uint32_t)in[i] << (8 * (little ? i : width - 1 - i));
	return unit;
}

static bool is_plain_ascii(uint32_t unit)
{
	return unit == '\t' || unit == '\n' || unit == '\r' || (unit >= 0x20 && unit < 0x7F);
}

static bool is_plain_wide(uint32_t unit)
{
	return (unit >= 0xA0 && unit < 0x600) || (unit >= 0x2010 && unit < 0x2700) || (unit >= 0x3000 && unit < 0xA000) ||
	       (unit >= 0xAC00 && unit < 0xE000) || (unit >= 0xFF00 && unit < 0xFFF0) || (unit >= 0x1F000 && unit < 0x20000);
}

/* Plausible as code units of that width: nearly all ordinary, and enough ASCII
 * (line ends, commas, digits) with its zero bytes, which 8-bit text has not. */
static bool units_plausible(const unsigned char *in, size_t n, size_t width, bool little)
{
	size_t units = n / width, ascii = 0, wide = 0, high_low = 0;
	if (units == 0)
		return false;
	for (size_t i = 0; i < units; i++) {
		uint32_t unit = unit_at(in + i * width, width, little);
		ascii += is_plain_ascii(unit);
		if (is_plain_wide(unit)) {
			wide++;
			high_low += (unit & 0xFF) >= 0x80;
		}
	}
	if ((ascii + wide) * 100 < units * 98 || ascii == 0)
		return false;
	/* Two ASCII letters look like one Chinese character: then no low byte has its high bit. */
	return width == 4 || ascii * 5 >= units || high_low * 5 >= wide;
}

static const char *from_zeros(const unsigned char *in, size_t n)
{
	static const struct {
		const char *encoding;
		size_t width;
		bool little;
	} list[] = {{"UTF-32LE", 4, true}, {"UTF-32BE", 4, false}, {"UTF-16LE", 2, true}, {"UTF-16BE", 2, false}};
	if (!memchr(in, 0, n))
		return NULL;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (units_plausible(in, n, list[i].width, list[i].little))
			return list[i].encoding;
	return NULL;
}

/* --- UTF-8 and escapes -------------------------------------------------- */

/* UTF-8 if what is not ASCII is nearly all well-formed; the sample may end within a sequence. */
static bool utf8_plausible(const char *in, size_t n)
{
	size_t good = 0, bad = 0, cut = 0;
	for (size_t at = 0; at < n;) {
		size_t start = at;
		uint32_t cp = text_next(in, n, &at);
		if (cp < 0x80)
			continue;
		if (cp != 0xFFFD || (at - start == 3 && memcmp(in + start, "\xEF\xBF\xBD", 3) == 0))
			good++;
		else if (at == n && n - start < 4)
			cut++;
		else
			bad++;
	}
	return bad + cut == 0 || (good > 0 && good >= bad * 20);
}

static const char *from_escapes(const char *in, size_t n)
{
	if (memmem(in, n, "\033$B", 3) || memmem(in, n, "\033$@", 3))
		return "ISO-2022-JP";
	if (memmem(in, n, "\033$)C", 4))
		return "ISO-2022-KR";
	return NULL;
}

/* --- the rest: the most ordinary reading wins --------------------------- */

struct candidate {
	const char *encoding, *converter;
	double han, kana, hangul, prior;
};

static const struct candidate candidates[] = {
	{"GB18030", "GB18030", 1, 0.2, 0, 0.05},
	{"Big5", "Big5-HKSCS", 1, 0.2, 0, 0},
	{"Shift_JIS", "Shift_JIS", 1, 1, 0, 0},
	{"EUC-JP", "EUC-JP", 1, 1.5, 0, -0.3},
	{"EUC-KR", "windows-949", 0.5, 0.2, 1, 0},
};

/* The syllables most of Korean text and names is made of; other bytes read as
 * EUC-KR give syllables too, but not these. */
static double hangul_weight(uint32_t cp)
{
	static const uint32_t common[] =
		U"이다는을가에의고하지도기로사한들를은그나일인자어대서리시해보있만아라여정수제전부동상안장주공경세성구조선원우"
		U"신유소국개과회연면영방비위마물무적스었게생학민모오관행문실교심와요김박최강임윤송황권홍남백류양손배허노님세습니";
	for (size_t i = 0; common[i]; i++)
		if (common[i] == cp)
			return 1.5;
	return 0.2;
}

static double han_weight(uint32_t cp)
{
	static const double weight[] = {-1.5, -0.5, 0.3, 2};
	cp = text_fold_han(cp);
	return cp >= 0x4E00 && cp <= 0x9FFF ? weight[text_han_common[cp - 0x4E00]] : -2;
}

static double character_weight(const struct candidate *c, uint32_t cp)
{
	if (text_is_han(cp)) {
		double weight = han_weight(cp);
		return weight > 0 ? weight * c->han : weight;
	}
	if (cp >= 0x3041 && cp <= 0x30FF)
		return c->kana;
	if (cp >= 0xAC00 && cp <= 0xD7A3)
		return hangul_weight(cp) * c->hangul;
	if ((cp >= 0x3000 && cp <= 0x303F) || (cp >= 0xFF01 && cp <= 0xFF5E))
		return 1;
	if (cp >= 0xFF61 && cp <= 0xFF9F)
		return -0.7; /* half-width kana: what other encodings' bytes become in Shift_JIS */
	if (cp == 0xFFFD)
		return -5;
	if (cp < 0xA0 || (cp >= 0xE000 && cp <= 0xF8FF))
		return -3;
	return -0.5;
}

/* Mean weight of the characters beyond ASCII under one candidate. */
static double reading_score(const struct candidate *c, const char *in, size_t n)
{
	UErrorCode code = U_ZERO_ERROR;
	UConverter *converter = ucnv_open(c->converter, &code);
	if (U_FAILURE(code))
		return -10;
	UChar out[2048];
	const char *from = in, *end = in + n;
	double sum = 0;
	size_t count = 0;
	do {
		UChar *to = out;
		code = U_ZERO_ERROR;
		ucnv_toUnicode(converter, &to, out + 2048, &from, end, NULL, false, &code);
		for (const UChar *p = out; p < to; p++) {
			if (*p < 0x80 || (*p & 0xFC00) == 0xDC00)
				continue;
			sum += (*p & 0xFC00) == 0xD800 ? -1.5 : character_weight(c, *p);
			count++;
		}
	} while (code == U_BUFFER_OVERFLOW_ERROR);
	ucnv_close(converter);
	return count == 0 ? -10 : sum / (double)count + c->prior;
}

/* How much of the high bytes stands alone between ASCII, as accents in Western text do. */
static double isolated_share(const unsigned char *in, size_t n)
{
	size_t high = 0, alone = 0;
	for (size_t i = 0; i < n; i++) {
		if (in[i] < 0x80)
			continue;
		high++;
		alone += (i == 0 || in[i - 1] < 0x80) && (i + 1 >= n || in[i + 1] < 0x80);
	}
	return high == 0 ? 1 : (double)alone / (double)high;
}

/* One-byte encodings, by ICU's statistics; Western European when in doubt. */
static const char *one_byte_encoding(const char *in, size_t n)
{
	static const struct {
		const char *found, *encoding;
	} map[] = {{"ISO-8859-2", "windows-1250"}, {"windows-1250", "windows-1250"}, {"ISO-8859-5", "ISO-8859-5"},
	           {"windows-1251", "windows-1251"}, {"KOI8-R", "KOI8-R"}, {"ISO-8859-7", "windows-1253"},
	           {"windows-1253", "windows-1253"}, {"ISO-8859-9", "windows-1254"}, {"windows-1254", "windows-1254"},
	           {"ISO-8859-8", "windows-1255"}, {"windows-1255", "windows-1255"}, {"windows-1256", "windows-1256"}};
	const char *result = "windows-1252";
	UErrorCode code = U_ZERO_ERROR;
	UCharsetDetector *detector = ucsdet_open(&code);
	if (U_FAILURE(code))
		return result;
	ucsdet_setText(detector, in, (int32_t)n, &code);
	const UCharsetMatch *match = ucsdet_detect(detector, &code);
	const char *name = U_SUCCESS(code) && match ? ucsdet_getName(match, &code) : NULL;
	for (size_t i = 0; name && i < sizeof map / sizeof *map; i++)
		if (strcmp(map[i].found, name) == 0)
			result = map[i].encoding;
	ucsdet_close(detector);
	return result;
}

const char *text_detect_encoding(const void *bytes, size_t n, size_t *ret_bom)
{
	const char *in = bytes;
	*ret_bom = 0;
	const char *found = from_bom(bytes, n, ret_bom);
	if (found)
		return found;
	if (n > SAMPLE_MAX)
		n = SAMPLE_MAX;
	found = from_zeros(bytes, n);
	if (!found && text_is_ascii(in, n))
		found = from_escapes(in, n);
	if (found)
		return found;
	if (utf8_plausible(in, n))
		return "UTF-8";
	/* Score where the text is: a long file may start with pages of ASCII. */
	size_t skip = 0;
	while (skip < n && !(in[skip] & 0x80))
		skip++;
	size_t sample = n - skip < DECODE_MAX ? n - skip : DECODE_MAX;
	const struct candidate *best = NULL;
	double best_score = 0;
	for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
		double score = reading_score(&candidates[i], in + skip, sample);
		if (!best || score > best_score) {
			best = &candidates[i];
			best_score = score;
		}
	}
	double threshold = isolated_share((const unsigned char *)in + skip, sample) > 0.7 ? 1.0 : -0.2;
	return best_score >= threshold ? best->encoding : one_byte_encoding(in + skip, sample);
}
