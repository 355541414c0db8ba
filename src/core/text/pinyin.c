/* Pinyin.  The table has each character's usual reading and the words that are read
 * otherwise; family names that are read otherwise are listed here, and come first
 * where a family name can stand: at the start of a name of one to four characters. */
#include <string.h>

#include "base/str.h"
#include "core/text/tables.h"
#include "core/text/text_internal.h"

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
	{U'令', U'狐'}, {U'东', U'郭'}, {U'亓', U'官'}, {U'左', U'丘'}, {U'贺', U'兰'}, {U'哥', U'舒'}, {U'第', U'五'},
	{U'百', U'里'}, {U'完', U'颜'}, {U'纳', U'兰'}, {U'仲', U'孙'}, {U'宗', U'政'}, {U'颛', U'孙'}, {U'公', U'羊'},
};

/* In given names these are read otherwise than in running text. */
static const struct {
	uint32_t cp;
	const char *syllable;
} readings[] = {{U'阚', "kan"}, {U'长', "chang"}, {U'厦', "xia"}};

/* What people put behind a name, and in front of a family name. */
static const uint32_t titles[][4] = {
	U"先生", U"女士", U"小姐", U"太太", U"夫人", U"老师", U"师傅", U"经理", U"主任", U"老板", U"医生", U"大夫", U"教授", U"律师",
	U"总监", U"总裁", U"董事", U"校长", U"院长", U"局长", U"处长", U"科长", U"部长", U"厂长", U"店长", U"会长", U"同学", U"同志",
	U"阿姨", U"叔叔", U"奶奶", U"爷爷", U"总", U"董", U"工", U"姐", U"哥", U"叔", U"姨", U"嫂", U"爷", U"老",
};
static const uint32_t forenames[] = {U'老', U'小', U'阿', U'大'};

static const char *usual_syllable(uint32_t cp)
{
	if (cp < TEXT_HAN_FIRST || cp > TEXT_HAN_LAST)
		cp = text_fold_han(cp);
	if (cp < TEXT_HAN_FIRST || cp > TEXT_HAN_LAST)
		return "";
	return text_syllables[text_pinyin_index[cp - TEXT_HAN_FIRST]];
}

/* What is to be read: at most TEXT_READING_MAX characters. */
struct chars {
	uint32_t written[TEXT_READING_MAX], folded[TEXT_READING_MAX];
	bool in_word[TEXT_READING_MAX]; /* read as part of a word, not by itself */
	size_t n;
};

static const char *name_syllable(uint32_t cp, const char *usual)
{
	for (size_t i = 0; i < sizeof readings / sizeof *readings; i++)
		if (readings[i].cp == cp)
			return readings[i].syllable;
	return usual;
}

/* With `n` characters from here to the end of the name: of two, both are no family name. */
static const struct surname *surname_find(const uint32_t *folded, size_t n)
{
	for (size_t i = 0; n > 0 && i < sizeof surnames / sizeof *surnames; i++)
		if (surnames[i].cp[0] == folded[0] && (surnames[i].cp[1] == 0 || (n > 2 && surnames[i].cp[1] == folded[1])))
			return &surnames[i];
	return NULL;
}

static size_t surname_chars(const struct surname *special, const uint32_t *folded, size_t n)
{
	if (special)
		return special->cp[1] ? 2 : 1;
	for (size_t i = 0; n > 2 && i < sizeof double_surnames / sizeof *double_surnames; i++)
		if (double_surnames[i][0] == folded[0] && double_surnames[i][1] == folded[1])
			return 2;
	return 1;
}

/* The longest word here that is read otherwise than its characters; NULL if there is none. */
static const uint16_t *word_at(const uint32_t *folded, size_t n)
{
	size_t low = 0, high = text_n_word_firsts;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (text_word_firsts[mid].cp < folded[0])
			low = mid + 1;
		else
			high = mid;
	}
	if (low == text_n_word_firsts || text_word_firsts[low].cp != folded[0])
		return NULL;
	const uint16_t *word = text_word_pool + text_word_firsts[low].at;
	for (size_t i = 0; i < text_word_firsts[low].n; i++) {
		size_t len = *word & 0xFF, same = 1;
		while (same < len && len <= n && word[same] == folded[same])
			same++;
		if (same == len)
			return word;
		word += len * (*word & TEXT_WORD_OTHER ? 3 : 2);
	}
	return NULL;
}

/* Character by character and word by word; *ret_other has the words' other readings, or is empty. */
static void read_plain(struct chars *chars, struct text_reading *ret, struct text_reading *ret_other)
{
	bool others = false;
	ret->n = ret->n_surname = ret_other->n = ret_other->n_surname = 0;
	for (size_t i = 0; i < chars->n;) {
		const uint16_t *word = word_at(chars->folded + i, chars->n - i);
		size_t len = word ? *word & 0xFF : 1;
		bool two = word && *word & TEXT_WORD_OTHER;
		for (size_t k = 0; k < len; k++) {
			const char *syllable = word ? text_syllables[word[len + k]] : usual_syllable(chars->written[i]);
			chars->in_word[i + k] = word != NULL;
			if (!*syllable)
				continue;
			ret->syllable[ret->n++] = syllable;
			ret_other->syllable[ret_other->n++] = two ? text_syllables[word[2 * len + k]] : syllable;
		}
		others = others || two;
		i += len;
	}
	if (!others)
		ret_other->n = 0;
}

/* Where the name stands in its characters. */
struct core {
	size_t start, n;
};

static size_t title_length(const uint32_t *folded, size_t n)
{
	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
		size_t len = 0, same = 0;
		while (len < 4 && titles[i][len])
			len++;
		while (n > len && same < len && folded[n - len + same] == titles[i][same])
			same++;
		if (same == len)
			return len;
	}
	return 0;
}

/* 老曾, 曾总, 曾国藩先生. One character of title behind two or more is more likely part of the name: 张大哥, 王老. */
static struct core find_core(const struct chars *chars)
{
	size_t n = chars->n, title = n > 1 ? title_length(chars->folded, n) : 0;
	struct core core = {0, n};
	if (title > 0 && n - title <= TEXT_NAME_CHARS && (title > 1 || n == 2))
		core.n -= title;
	for (size_t i = 0; (core.n == 2 || core.n == 3) && i < sizeof forenames / sizeof *forenames; i++) {
		const struct surname *behind = chars->folded[0] == forenames[i] ? surname_find(chars->folded + 1, core.n == 3 ? 3 : 1) : NULL;
		if (behind && core.n == (behind->cp[1] ? 3 : 2))
			return (struct core){1, core.n - 1};
	}
	return core;
}

static void put_surname(const struct surname *surname, size_t n, struct text_reading *reading, size_t at)
{
	if (!surname)
		return;
	reading->syllable[at] = surname->first;
	if (surname->second && n > 1)
		reading->syllable[at + 1] = surname->second;
}

/* 上海单氏木业, 查记: a family name in the midst of others. */
static void read_houses(const struct chars *chars, struct text_reading *reading)
{
	for (size_t i = 0; i + 1 < chars->n; i++)
		if (chars->folded[i + 1] == U'氏' || chars->folded[i + 1] == U'记')
			put_surname(surname_find(chars->folded + i, 1), 1, reading, i);
}

static void copy_reading(struct text_reading *to, const struct text_reading *from)
{
	memcpy(to->syllable, from->syllable, from->n * sizeof *from->syllable);
	to->n = from->n;
	to->n_surname = from->n_surname;
}

static bool same_reading(const struct text_reading *a, const struct text_reading *b)
{
	if (a->n != b->n || (b->n_surname > 0 && a->n_surname != b->n_surname))
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!str_equal(a->syllable[i], b->syllable[i]))
			return false;
	return true;
}

static void add_reading(struct text_reading list[TEXT_READINGS_MAX], size_t *count, const struct text_reading *reading)
{
	for (size_t i = 0; i < *count; i++)
		if (same_reading(&list[i], reading))
			return;
	if (*count < TEXT_READINGS_MAX && reading->n > 0)
		copy_reading(&list[(*count)++], reading);
}

/* Those who have no key for u with two dots type u. */
static bool without_v(struct text_reading *reading)
{
	static const char *const pairs[][2] = {{"lv", "lu"}, {"nv", "nu"}, {"lve", "lue"}, {"nve", "nue"}};
	bool changed = false;
	for (size_t i = 0; i < reading->n; i++)
		for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
			if (str_equal(reading->syllable[i], pairs[k][0])) {
				reading->syllable[i] = pairs[k][1];
				changed = true;
			}
	return changed;
}

/* A person's name: as such, the name in it, and with the family name read as the character is. */
static void read_person(const struct chars *chars, const struct core *core, bool alone, const struct text_reading *plain,
                        struct text_reading list[TEXT_READINGS_MAX], size_t *count)
{
	struct text_reading named, inner = {.n = 0}, other;
	const uint32_t *folded = chars->folded + core->start;
	const struct surname *special = surname_find(folded, core->n);
	size_t surname = surname_chars(special, folded, core->n), n = chars->n;
	copy_reading(&named, plain);
	put_surname(special, core->n, &named, core->start);
	for (size_t i = surname; i < core->n; i++)
		if (!chars->in_word[core->start + i])
			named.syllable[core->start + i] = name_syllable(folded[i], named.syllable[core->start + i]);
	copy_reading(&other, &named);
	for (size_t i = 0; i < surname && core->start + i < n; i++)
		other.syllable[core->start + i] = plain->syllable[core->start + i];
	if (core->start > 0)
		surname = core->start;
	if (core->start + core->n < n) {
		inner.n = core->n;
		memcpy(inner.syllable, named.syllable + core->start, core->n * sizeof *inner.syllable);
		inner.n_surname = alone && core->n > 1 ? surname : 0;
	}
	named.n_surname = other.n_surname = alone && n > 1 && inner.n == 0 ? surname : 0;
	add_reading(list, count, &named);
	add_reading(list, count, &inner);
	add_reading(list, count, &other);
}

/* 尉迟 by itself: two characters are a name of one each, or a family name of two. */
static void read_double(const struct chars *chars, const struct text_reading *plain,
                        struct text_reading list[TEXT_READINGS_MAX], size_t *count)
{
	const struct surname *surname = chars->n == 2 ? surname_find(chars->folded, 3) : NULL;
	if (!surname || !surname->cp[1])
		return;
	struct text_reading both;
	copy_reading(&both, plain);
	put_surname(surname, 2, &both, 0);
	add_reading(list, count, &both);
}

/* No name, or too long for one: a family name that it starts with may be read as such all the same. */
static void read_words(const struct chars *chars, const struct text_reading *plain,
                       struct text_reading list[TEXT_READINGS_MAX], size_t *count)
{
	struct text_reading named;
	add_reading(list, count, plain);
	if (plain->n != chars->n)
		return;
	copy_reading(&named, plain);
	put_surname(surname_find(chars->folded, chars->n), chars->n, &named, 0);
	read_houses(chars, &named);
	add_reading(list, count, &named);
}

size_t text_readings(const uint32_t *written, size_t n, bool alone, struct text_reading ret[TEXT_READINGS_MAX])
{
	struct text_reading plain, other;
	struct chars chars;
	size_t count = 0;
	chars.n = n < TEXT_READING_MAX ? n : TEXT_READING_MAX;
	if (n == 0)
		return 0;
	for (size_t i = 0; i < chars.n; i++) {
		chars.written[i] = written[i];
		chars.folded[i] = text_fold_han(written[i]);
	}
	read_plain(&chars, &plain, &other);
	const struct core core = plain.n == chars.n ? find_core(&chars) : (struct core){0, 0};
	if (core.n > 0 && core.n <= TEXT_NAME_CHARS && (alone || core.n > 1 || n == 1)) {
		read_person(&chars, &core, alone, &plain, ret, &count);
		read_double(&chars, &plain, ret, &count);
	} else {
		read_words(&chars, &plain, ret, &count);
	}
	add_reading(ret, &count, &other);
	for (size_t i = 0, all = count; i < all; i++) {
		copy_reading(&other, &ret[i]);
		if (without_v(&other))
			add_reading(ret, &count, &other);
	}
	return count;
}

/* As it is sorted by: the likeliest of those with every character. */
static const struct text_reading *whole_reading(const struct text_reading *list, size_t n)
{
	size_t best = 0;
	for (size_t i = 1; i < n; i++)
		if (list[i].n > list[best].n)
			best = i;
	return &list[best];
}

enum err text_pinyin(struct ctx *ctx, const char *in, size_t n, const char **ret_full, const char **ret_initials)
{
	*ret_full = *ret_initials = "";
	if (text_is_ascii(in, n))
		return OK;
	uint32_t chars[TEXT_READING_MAX];
	struct text_reading list[TEXT_READINGS_MAX];
	size_t count = 0;
	bool alone = true;
	for (size_t at = 0; at < n && count < TEXT_READING_MAX;) {
		uint32_t cp = text_next(in, n, &at);
		if (text_is_han(cp))
			chars[count++] = cp;
		else if (text_is_word(cp))
			alone = false;
	}
	size_t readings_n = text_readings(chars, count, alone, list);
	if (readings_n == 0)
		return OK;
	const struct text_reading *reading = whole_reading(list, readings_n);
	char *full = arena_alloc(ctx->arena, reading->n * 8 + 1);
	char *initials = arena_alloc(ctx->arena, reading->n + 1);
	if (!full || !initials)
		return text_no_memory(ctx);
	size_t len = 0;
	for (size_t i = 0; i < reading->n; i++) {
		const char *syllable = reading->syllable[i];
		size_t n_syllable = strlen(syllable);
		memcpy(full + len, syllable, n_syllable);
		len += n_syllable;
		initials[i] = syllable[0];
	}
	full[len] = 0;
	initials[reading->n] = 0;
	*ret_full = full;
	*ret_initials = initials;
	return OK;
}
