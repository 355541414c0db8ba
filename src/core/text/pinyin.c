/* Pinyin of names.  The table has each character's usual reading; family names
 * that are read otherwise are listed here, and only trusted where a family name
 * can stand: at the start of a name of two to four characters. */
#include <string.h>

#include "core/text/tables.h"
#include "core/text/text_internal.h"

enum { NAME_MAX_CHARS = 4 };

/* A family name whose reading differs from that of its characters. */
struct surname {
	uint32_t cp[2]; /* cp[1] 0: one character */
	const char *first, *second;
};

/* Two-character names stand before a single one with the same start. */
static const struct surname surnames[] = {
	{{U'万', U'俟'}, "mo", "qi"},
	{{U'乐', U'正'}, "yue", "zheng"},
	{{U'乐', 0}, "yue", NULL},
	{{U'乜', 0}, "nie", NULL},
	{{U'仇', 0}, "qiu", NULL},
	{{U'佴', 0}, "nai", NULL},
	{{U'区', 0}, "ou", NULL},
	{{U'单', U'于'}, "chan", "yu"},
	{{U'单', 0}, "shan", NULL},
	{{U'句', 0}, "gou", NULL},
	{{U'召', 0}, "shao", NULL},
	{{U'员', 0}, "yun", NULL},
	{{U'尉', U'迟'}, "yu", "chi"},
	{{U'折', 0}, "she", NULL},
	{{U'拓', U'跋'}, "tuo", "ba"},
	{{U'曾', 0}, "zeng", NULL},
	{{U'朴', 0}, "piao", NULL},
	{{U'查', 0}, "zha", NULL},
	{{U'洗', 0}, "xian", NULL},
	{{U'澹', U'台'}, "tan", "tai"},
	{{U'秘', 0}, "bi", NULL},
	{{U'种', 0}, "chong", NULL},
	{{U'祭', 0}, "zhai", NULL},
	{{U'繁', 0}, "po", NULL},
	{{U'缪', 0}, "miao", NULL},
	{{U'翟', 0}, "zhai", NULL},
	{{U'能', 0}, "nai", NULL},
	{{U'薄', 0}, "bo", NULL},
	{{U'覃', 0}, "qin", NULL},
	{{U'解', 0}, "xie", NULL},
	{{U'郇', 0}, "xun", NULL},
	{{U'都', 0}, "du", NULL},
	{{U'重', 0}, "chong", NULL},
	{{U'长', U'孙'}, "zhang", "sun"},
	{{U'阚', 0}, "kan", NULL},
	{{U'隗', 0}, "wei", NULL},
	{{U'黑', 0}, "he", NULL},
	{{U'盖', 0}, "ge", NULL},
};

/* Two-character family names whose characters are read as usual. */
static const uint32_t double_surnames[][2] = {
	{U'欧', U'阳'}, {U'司', U'马'}, {U'诸', U'葛'}, {U'上', U'官'}, {U'司', U'徒'}, {U'东', U'方'}, {U'皇', U'甫'},
	{U'公', U'孙'}, {U'慕', U'容'}, {U'夏', U'侯'}, {U'独', U'孤'}, {U'南', U'宫'}, {U'轩', U'辕'}, {U'端', U'木'},
	{U'西', U'门'}, {U'宇', U'文'}, {U'呼', U'延'}, {U'赫', U'连'}, {U'钟', U'离'}, {U'太', U'史'}, {U'申', U'屠'},
	{U'公', U'冶'}, {U'淳', U'于'}, {U'闻', U'人'}, {U'司', U'空'}, {U'司', U'寇'}, {U'濮', U'阳'}, {U'鲜', U'于'},
	{U'百', U'里'}, {U'完', U'颜'}, {U'纳', U'兰'}, {U'仲', U'孙'}, {U'宗', U'政'}, {U'颛', U'孙'}, {U'公', U'羊'},
};

/* In given names these are read otherwise than in running text. */
static const struct {
	uint32_t cp;
	const char *syllable;
} readings[] = {{U'晟', "sheng"}, {U'长', "chang"}, {U'阚', "kan"}, {U'拓', "tuo"}, {U'厦', "xia"}};

static const char *usual_syllable(uint32_t cp)
{
	if (cp < TEXT_HAN_FIRST || cp > TEXT_HAN_LAST)
		return "";
	return text_syllables[text_pinyin_index[cp - TEXT_HAN_FIRST]];
}

static const char *name_syllable(uint32_t cp)
{
	for (size_t i = 0; i < sizeof readings / sizeof *readings; i++)
		if (readings[i].cp == cp)
			return readings[i].syllable;
	return usual_syllable(cp);
}

static const struct surname *surname_find(const uint32_t first[2], size_t n)
{
	for (size_t i = 0; i < sizeof surnames / sizeof *surnames; i++)
		if (surnames[i].cp[0] == first[0] && (surnames[i].cp[1] == 0 || (surnames[i].cp[1] == first[1] && n > 2)))
			return &surnames[i];
	return NULL;
}

static bool is_double_surname(const uint32_t first[2])
{
	for (size_t i = 0; i < sizeof double_surnames / sizeof *double_surnames; i++)
		if (double_surnames[i][0] == first[0] && double_surnames[i][1] == first[1])
			return true;
	return false;
}

static void read_plain(const uint32_t *chars, size_t n, struct text_reading *ret)
{
	*ret = (struct text_reading){0};
	for (size_t i = 0; i < n && ret->n < TEXT_READING_MAX; i++) {
		const char *syllable = usual_syllable(chars[i]);
		if (*syllable)
			ret->syllable[ret->n++] = syllable;
	}
}

/* Some family names are read in two ways, and "单车" is no Mr Shan: then both readings are given. */
void text_read(const uint32_t *chars, size_t n, bool alone, struct text_reading *ret, struct text_reading *ret_other)
{
	read_plain(chars, n, ret_other);
	*ret = *ret_other;
	if (!alone || n < 2 || n > NAME_MAX_CHARS || ret->n != n) {
		ret_other->n = 0;
		return;
	}
	const uint32_t first[2] = {text_fold_han(chars[0]), text_fold_han(chars[1])};
	const struct surname *surname = surname_find(first, n);
	ret->n_surname = (surname && surname->cp[1]) || (n > 2 && is_double_surname(first)) ? 2 : 1;
	ret_other->n_surname = 1;
	for (size_t i = ret->n_surname; i < n; i++)
		ret->syllable[i] = ret_other->syllable[i] = name_syllable(chars[i]);
	if (!surname) {
		ret_other->n = 0;
		return;
	}
	ret->syllable[0] = surname->first;
	if (surname->second)
		ret->syllable[1] = surname->second;
}

enum err text_pinyin(struct ctx *ctx, const char *in, size_t n, const char **ret_full, const char **ret_initials)
{
	*ret_full = *ret_initials = "";
	if (text_is_ascii(in, n))
		return OK;
	uint32_t chars[TEXT_READING_MAX];
	size_t count = 0;
	bool alone = true;
	for (size_t at = 0; at < n && count < TEXT_READING_MAX;) {
		uint32_t cp = text_next(in, n, &at);
		if (text_is_han(cp))
			chars[count++] = cp;
		else if (text_is_word(cp))
			alone = false;
	}
	if (count == 0)
		return OK;
	struct text_reading reading, other;
	text_read(chars, count, alone, &reading, &other);
	char *full = arena_alloc(ctx->arena, reading.n * 8 + 1);
	char *initials = arena_alloc(ctx->arena, reading.n + 1);
	if (!full || !initials)
		return text_no_memory(ctx);
	size_t len = 0;
	for (size_t i = 0; i < reading.n; i++) {
		const char *syllable = reading.syllable[i];
		size_t n_syllable = strlen(syllable);
		memcpy(full + len, syllable, n_syllable);
		len += n_syllable;
		initials[i] = syllable[0];
	}
	*ret_full = full;
	*ret_initials = initials;
	return OK;
}
