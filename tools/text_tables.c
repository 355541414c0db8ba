/* Makes the tables of core/text from ICU and OpenCC, at build time:
 *
 *     text_tables OUT.c DICTIONARY WORDS VARIANTS
 *
 * fold:   what each code point becomes when texts are compared (NFKC case fold,
 *         variants of Japan, Hong Kong and Taiwan and Traditional to Simplified, VARIANTS for those that
 *         OpenCC does not know, accents off Latin letters, white space and
 *         control characters to a space), as two-stage table of UTF-8 pieces.
 * pinyin: toneless syllable of each Chinese character of the BMP, and words that are read otherwise
 *         (DICTIONARY: pinyin_simp.dict.yaml of Debian's rime-data-pinyin-simp; WORDS: what it lacks).
 * common: how usual a Chinese character is, to tell encodings apart.
 *
 * The transliterator takes 100 us a character, so it cannot be asked at start. */
#include <opencc/opencc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>

#include "text_words.h"

enum { VARIANTS_MAX = 512, TO_TRADITIONAL = 3, PIECE_MAX = 128, POOL_MAX = 1 << 17, WIDE_MAX = 1 << 14 };

/* Entries: 0 the code point itself; 1 needs the slow path; else ENTRY_PIECE | length << 20 | offset. */
#define ENTRY_SLOW 1u
#define ENTRY_PIECE 0x80000000u

struct variant {
	char from[8], to[8];
};

struct tool {
	const UNormalizer2 *nfkc_cf, *nfd;
	opencc_t to_simple[4]; /* Japan's, Hong Kong's and Taiwan's forms, then Traditional */
	struct variant variants[VARIANTS_MAX];
	size_t n_variants;
	UTransliterator *latin;
	char pool[POOL_MAX];
	size_t pool_len;
	uint32_t bmp[0x10000];
	struct {
		uint32_t cp, entry;
	} wide[WIDE_MAX];
	size_t n_wide;
	struct syllables syllables;
	uint16_t pinyin[HAN_LAST - HAN_FIRST + 1];
	uint8_t common[HAN_LAST - UNIFIED_FIRST + 1];
};

/* The characters of every text, and those of every list of customers. */
static const char most_common[] =
	"的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家"
	"种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十"
	"民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯"
	"月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女"
	"变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基"
	"眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今"
	"切院让识候带导争运姓电话址客户邮箱备注订单号价格称码省县街镇村楼室层店铺货款付购买卖销售费税折扣元件包退快递"
	"李刘陈杨黄赵周吴徐孙朱胡郭高林罗郑梁谢宋唐韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶苏魏吕丁沈姚卢姜崔钟谭陆汪范石廖贾夏"
	"韦邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵钱严覃武戴莫孔汤伟芳娜秀英敏静丽磊洋勇艳杰娟涛超兰霞刚桂华玉红春梅"
	"志燕晓云婷雪慧颖佳欣怡轩浩宇博鑫龙飞鹏辉斌波宁琳莉萍俊峰凤荣香珍";

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "text_tables: %s\n", what);
	exit(1);
}

static void check(UErrorCode code, const char *what)
{
	if (U_FAILURE(code))
		die(what);
}

static size_t put_utf8(char *out, size_t at, UChar32 cp)
{
	if (at + 4 >= PIECE_MAX)
		die("a piece is too long");
	uint32_t c = (uint32_t)cp;
	unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const unsigned char lead[] = {0x00, 0xC0, 0xE0, 0xF0};
	out[at++] = (char)(lead[more] | c >> (6 * more));
	while (more-- > 0)
		out[at++] = (char)(0x80 | (c >> (6 * more) & 0x3F));
	return at;
}

static UChar32 next_utf16(const UChar *text, int32_t n, int32_t *at)
{
	UChar c = text[(*at)++];
	if ((c & 0xFC00) != 0xD800 || *at >= n)
		return c;
	return (UChar32)(0x10000 + ((c & 0x3FFu) << 10) + (text[(*at)++] & 0x3FFu));
}

/* Letters that Unicode does not decompose but people type without the stroke. */
static const char *plain_letter(UChar32 cp)
{
	static const struct {
		UChar32 cp;
		const char *plain;
	} list[] = {{0x00E6, "ae"}, {0x00F0, "d"}, {0x00F8, "o"}, {0x00FE, "th"}, {0x0111, "d"}, {0x0127, "h"},
	            {0x0131, "i"}, {0x0138, "k"}, {0x0142, "l"}, {0x014B, "n"}, {0x0153, "oe"}, {0x0167, "t"},
	            {0x0180, "b"}, {0x019A, "l"}, {0x01B6, "z"}, {0x01E5, "g"}, {0x0259, "e"}, {0x0268, "i"}};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (list[i].cp == cp)
			return list[i].plain;
	return NULL;
}

/* Base of an accented Latin letter; the code point itself if it is none. */
static UChar32 latin_base(struct tool *tool, UChar32 cp)
{
	UErrorCode code = U_ZERO_ERROR;
	UChar parts[32];
	int32_t n = unorm2_getDecomposition(tool->nfd, cp, parts, 32, &code);
	check(code, "decomposition");
	if (n < 1)
		return cp;
	int32_t i = 0;
	UChar32 base = next_utf16(parts, n, &i);
	if (uscript_getScript(base, &code) != USCRIPT_LATIN)
		return cp;
	while (i < n)
		if (u_charType(next_utf16(parts, n, &i)) != U_NON_SPACING_MARK)
			return cp;
	return base;
}

static const char *variant_of(const struct tool *tool, const char *one)
{
	for (size_t i = 0; i < tool->n_variants; i++)
		if (strcmp(tool->variants[i].from, one) == 0)
			return tool->variants[i].to;
	return NULL;
}

static void convert(opencc_t converter, char one[8])
{
	char *converted = opencc_convert_utf8(converter, one, strlen(one));
	if (!converted || strlen(converted) >= 8)
		die("OpenCC cannot convert");
	memcpy(one, converted, strlen(converted) + 1);
	opencc_convert_utf8_free(converted);
}

/* Converted until it rests: a few simplified forms are themselves traditional forms of others. */
static size_t put_simplified(struct tool *tool, char *out, size_t at, UChar32 cp)
{
	char one[8] = {0}, before[8];
	(void)put_utf8(one, 0, cp);
	int round = 0;
	do {
		memcpy(before, one, sizeof one);
		const char *usual = variant_of(tool, one);
		bool own = usual && strcmp(usual, one) == 0;
		if (usual)
			memcpy(one, usual, strlen(usual) + 1);
		for (size_t i = own ? TO_TRADITIONAL : 0; i <= TO_TRADITIONAL; i++)
			convert(tool->to_simple[i], one);
	} while (strcmp(before, one) != 0 && ++round < 4);
	size_t n = strlen(one);
	if (at + n >= PIECE_MAX)
		die("a piece is too long");
	memcpy(out + at, one, n);
	return at + n;
}

static void read_variants(struct tool *tool, const char *path)
{
	char line[256];
	FILE *in = fopen(path, "r");
	if (!in)
		die("the variants cannot be read");
	while (fgets(line, sizeof line, in)) {
		struct variant *v = &tool->variants[tool->n_variants];
		if (line[0] == '#' || sscanf(line, "%7s %7s", v->from, v->to) != 2)
			continue;
		if (++tool->n_variants == VARIANTS_MAX)
			die("too many variants");
	}
	fclose(in);
}

static void open_converters(struct tool *tool)
{
	static const char *const names[] = {"jp2t.json", "hk2t.json", "tw2t.json", "t2s.json"};
	for (size_t i = 0; i <= TO_TRADITIONAL; i++) {
		tool->to_simple[i] = opencc_open(names[i]);
		if (tool->to_simple[i] == (opencc_t)-1)
			die(names[i]);
	}
}

/* Signs that people type for each other: apostrophes, dashes, the small kana of 霞ヶ関. */
static UChar32 sign_of(UChar32 cp)
{
	static const UChar32 apostrophes[] = {0x02B9, 0x02BB, 0x02BC, 0x02BD, 0x02C8, 0x2018, 0x2019, 0x201B, 0x2032};
	for (size_t i = 0; i < sizeof apostrophes / sizeof *apostrophes; i++)
		if (apostrophes[i] == cp)
			return '\'';
	if (cp == 0x30F5 || cp == 0x30F6)
		return cp == 0x30F5 ? 0x30AB : 0x30B1;
	bool dash = u_charType(cp) == U_DASH_PUNCTUATION && cp != 0x301C && cp != 0x3030 && cp != 0x30A0;
	return dash || cp == 0x2212 || cp == 0x02D7 || cp == 0x2043 ? '-' : cp;
}

static size_t put_folded(struct tool *tool, char *out, size_t at, UChar32 cp)
{
	UErrorCode code = U_ZERO_ERROR;
	if (u_isUWhiteSpace(cp) || u_charType(cp) == U_CONTROL_CHAR)
		return put_utf8(out, at, ' ');
	if (uscript_getScript(cp, &code) == USCRIPT_HAN)
		return put_simplified(tool, out, at, cp);
	cp = latin_base(tool, sign_of(cp));
	const char *plain = plain_letter(cp);
	if (!plain)
		return put_utf8(out, at, cp);
	for (; *plain; plain++)
		at = put_utf8(out, at, *plain);
	return at;
}

static uint32_t fold_entry(struct tool *tool, UChar32 cp)
{
	/* ゛ and ゜ join the kana before, see text_fold. */
	if (!unorm2_hasBoundaryBefore(tool->nfkc_cf, cp) || cp == 0x309B || cp == 0x309C)
		return ENTRY_SLOW;
	UErrorCode code = U_ZERO_ERROR;
	UChar in[2] = {cp == 0x00B4 ? '\'' : (UChar)cp}, folded[64]; /* an acute by itself is an apostrophe */
	int32_t n_in = 1;
	if (cp > 0xFFFF) {
		in[0] = (UChar)(0xD7C0 + (cp >> 10));
		in[1] = (UChar)(0xDC00 + (cp & 0x3FF));
		n_in = 2;
	}
	int32_t n = unorm2_normalize(tool->nfkc_cf, in, n_in, folded, 64, &code);
	check(code, "normalise");
	char piece[PIECE_MAX], same[8];
	size_t len = 0;
	for (int32_t i = 0; i < n;) {
		UChar32 next = next_utf16(folded, n, &i);
		bool accent = len > 0 && piece[len - 1] >= 'a' && piece[len - 1] <= 'z' && u_charType(next) == U_NON_SPACING_MARK;
		if (!accent)
			len = put_folded(tool, piece, len, next);
	}
	if (len == put_utf8(same, 0, cp) && memcmp(piece, same, len) == 0)
		return 0;
	const char *found = len ? memmem(tool->pool, tool->pool_len, piece, len) : tool->pool;
	if (!found) {
		if (tool->pool_len + len > POOL_MAX)
			die("the pool is full");
		memcpy(tool->pool + tool->pool_len, piece, len);
		found = tool->pool + tool->pool_len;
		tool->pool_len += len;
	}
	return ENTRY_PIECE | (uint32_t)len << 20 | (uint32_t)(found - tool->pool);
}

static void make_fold(struct tool *tool)
{
	for (UChar32 cp = 0; cp <= 0x10FFFF; cp++) {
		if (cp >= 0xD800 && cp <= 0xDFFF)
			continue;
		if (cp > 0xFFFF && u_charType(cp) == U_UNASSIGNED && !u_hasBinaryProperty(cp, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
			continue;
		uint32_t entry = fold_entry(tool, cp);
		if (cp <= 0xFFFF) {
			tool->bmp[cp] = entry;
		} else if (entry) {
			if (tool->n_wide == WIDE_MAX)
				die("too many wide code points");
			tool->wide[tool->n_wide].cp = (uint32_t)cp;
			tool->wide[tool->n_wide++].entry = entry;
		}
	}
}

/* "lǘ" to "lv": tones go, u with two dots is v as people type it. False if it is no syllable. */
static bool plain_syllable(struct tool *tool, const UChar *in, int32_t n, char out[8])
{
	UErrorCode code = U_ZERO_ERROR;
	UChar parts[64];
	int32_t len = unorm2_normalize(tool->nfd, in, n, parts, 64, &code);
	check(code, "decompose a syllable");
	size_t at = 0;
	for (int32_t i = 0; i < len; i++) {
		if (parts[i] == 0x0308 && at > 0 && out[at - 1] == 'u')
			out[at - 1] = 'v';
		else if (parts[i] >= 'a' && parts[i] <= 'z' && at < 7)
			out[at++] = (char)parts[i];
		else if (u_charType(parts[i]) != U_NON_SPACING_MARK)
			return false;
	}
	out[at] = 0;
	return at > 0;
}

static void make_pinyin(struct tool *tool)
{
	tool->syllables.n = 1; /* 0: none */
	for (UChar32 cp = HAN_FIRST; cp <= HAN_LAST; cp++) {
		UErrorCode code = U_ZERO_ERROR;
		UChar text[64] = {(UChar)cp};
		int32_t len = 1, limit = 1;
		utrans_transUChars(tool->latin, text, &len, 64, 0, &limit, &code);
		check(code, "transliterate");
		char plain[8];
		if (!plain_syllable(tool, text, len, plain))
			continue;
		tool->pinyin[cp - HAN_FIRST] = syllable_number(&tool->syllables, plain);
	}
}

/* As core/text folds it. */
static uint32_t folded_han(void *arg, uint32_t cp)
{
	const struct tool *tool = arg;
	uint32_t entry = tool->bmp[cp], at = entry & 0xFFFFF;
	if (!(entry & ENTRY_PIECE) || (entry >> 20 & 0x7FF) != 3)
		return cp;
	const unsigned char *p = (const unsigned char *)tool->pool + at;
	return (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
}

static void make_words(struct tool *tool, const char *dictionary, const char *own)
{
	struct word_source source = {.dictionary = dictionary, .own = own, .s2t = opencc_open("s2t.json"), .fold = folded_han, .arg = tool};
	if (source.s2t == (opencc_t)-1)
		die("OpenCC's s2t.json cannot be opened");
	words_make(&source, &tool->syllables, tool->pinyin);
	opencc_close(source.s2t);
}

/* 3: of the most common; 2 and 1: level 1 and 2 of GB 2312; 0: the rest. */
static void make_common(struct tool *tool)
{
	UErrorCode code = U_ZERO_ERROR;
	UConverter *gb = ucnv_open("GB18030", &code);
	check(code, "GB18030 cannot be opened");
	for (UChar32 cp = UNIFIED_FIRST; cp <= HAN_LAST; cp++) {
		UChar text = (UChar)cp;
		char bytes[16];
		code = U_ZERO_ERROR;
		int32_t n = ucnv_fromUChars(gb, bytes, sizeof bytes, &text, 1, &code);
		unsigned lead = (unsigned char)bytes[0], trail = (unsigned char)bytes[1];
		if (n != 2 || trail < 0xA1)
			continue;
		if (lead >= 0xB0 && lead <= 0xF7)
			tool->common[cp - UNIFIED_FIRST] = lead <= 0xD7 ? 2 : 1;
	}
	ucnv_close(gb);
	UChar text[2048];
	int32_t n;
	code = U_ZERO_ERROR;
	u_strFromUTF8(text, 2048, &n, most_common, -1, &code);
	check(code, "the common characters");
	for (int32_t i = 0; i < n; i++)
		tool->common[text[i] - UNIFIED_FIRST] = 3;
}

static void write_pages(const struct tool *tool, FILE *out)
{
	unsigned stage1[256], n_pages = 0;
	fprintf(out, "const uint32_t text_fold_pages[][256] = {\n");
	for (unsigned page = 0; page < 256; page++) {
		unsigned same = 0;
		while (same < page && memcmp(tool->bmp + page * 256, tool->bmp + same * 256, 256 * sizeof(uint32_t)) != 0)
			same++;
		if (same < page) {
			stage1[page] = stage1[same];
			continue;
		}
		stage1[page] = n_pages++;
		fprintf(out, "{");
		for (unsigned i = 0; i < 256; i++)
			fprintf(out, "%#x,%s", tool->bmp[page * 256 + i], i % 16 == 15 ? "\n" : "");
		fprintf(out, "},\n");
	}
	fprintf(out, "};\nconst uint8_t text_fold_stage[256] = {");
	for (unsigned page = 0; page < 256; page++)
		fprintf(out, "%u,", stage1[page]);
	fprintf(out, "};\n");
}

static void write_all(const struct tool *tool, FILE *out)
{
	fprintf(out, "/* Generated by tools/text_tables.c from ICU, OpenCC and rime-pinyin-simp. */\n#include \"core/text/tables.h\"\n\n");
	write_pages(tool, out);
	fprintf(out, "const char text_fold_pool[] = {");
	for (size_t i = 0; i < tool->pool_len; i++)
		fprintf(out, "%d,%s", (signed char)tool->pool[i], i % 32 == 31 ? "\n" : "");
	fprintf(out, "0};\nconst struct text_wide text_fold_wide[] = {\n");
	for (size_t i = 0; i < tool->n_wide; i++)
		fprintf(out, "{%#x,%#x},%s", tool->wide[i].cp, tool->wide[i].entry, i % 8 == 7 ? "\n" : "");
	fprintf(out, "};\nconst size_t text_fold_n_wide = %zu;\n", tool->n_wide);
	fprintf(out, "const char text_syllables[][8] = {");
	for (size_t i = 0; i < tool->syllables.n; i++)
		fprintf(out, "\"%s\",%s", tool->syllables.text[i], i % 16 == 15 ? "\n" : "");
	fprintf(out, "};\nconst size_t text_n_syllables = %zu;\n", tool->syllables.n);
	fprintf(out, "const uint16_t text_pinyin_index[] = {\n");
	for (size_t i = 0; i < HAN_LAST - HAN_FIRST + 1; i++)
		fprintf(out, "%u,%s", tool->pinyin[i], i % 32 == 31 ? "\n" : "");
	fprintf(out, "};\n");
	words_write(out);
	fprintf(out, "const uint8_t text_han_common[] = {\n");
	for (size_t i = 0; i < HAN_LAST - UNIFIED_FIRST + 1; i++)
		fprintf(out, "%u,%s", tool->common[i], i % 64 == 63 ? "\n" : "");
	fprintf(out, "};\n");
}

int main(int argc, char **argv)
{
	if (argc != 5)
		die("usage: text_tables OUT.c DICTIONARY WORDS VARIANTS");
	struct tool *tool = calloc(1, sizeof *tool);
	if (!tool)
		die("no memory");
	UErrorCode code = U_ZERO_ERROR;
	UParseError where;
	static const UChar han_latin[] = u"Han-Latin";
	tool->nfkc_cf = unorm2_getNFKCCasefoldInstance(&code);
	tool->nfd = unorm2_getNFDInstance(&code);
	tool->latin = utrans_openU(han_latin, -1, UTRANS_FORWARD, NULL, 0, &where, &code);
	check(code, "ICU's data cannot be opened");
	read_variants(tool, argv[4]);
	open_converters(tool);
	make_fold(tool);
	make_pinyin(tool);
	make_words(tool, argv[2], argv[3]);
	make_common(tool);
	FILE *out = fopen(argv[1], "w");
	if (!out)
		die("cannot write");
	write_all(tool, out);
	if (ferror(out) || fclose(out) != 0)
		die("cannot write");
	for (size_t i = 0; i <= TO_TRADITIONAL; i++)
		opencc_close(tool->to_simple[i]);
	utrans_close(tool->latin);
	free(tool);
	return 0;
}
