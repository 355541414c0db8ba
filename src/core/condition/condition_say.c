/* A condition in plain words, in the reader's language. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/condition/condition_say.h"
#include "core/entity/field_type.h"
#include "core/settings/settings.h"
#include "core/text/text.h"

enum { WORDS_MAX = 64 * 1024, LIST_SHOWN = 8 };

static const struct text2 w_and = {" and ", "且"}, w_or = {" or ", "或"}, w_everybody = {"all records", "全部记录"}, w_not = {"not ", "不满足"},
			  w_open = {"(", "（"}, w_close = {")", "）"}, w_comma = {", ", "、"}, w_yes = {"yes", "是"}, w_no = {"no", "否"}, w_more = {" and more", "等"},
			  w_nothing = {"nothing", "无"};

/* A label of a descriptor. */
static const char *word(struct say *s, const struct text2 *text)
{
	return settings_label(s->ctx, text);
}

/* Words of this file: no descriptor has them, so their Traditional Chinese is made here. */
static void put(struct say *s, const struct text2 *text)
{
	const char *shown = s->ctx->locale == LOCALE_EN ? text->en : text->zh;
	struct faults before = s->ctx->faults;
	if (s->ctx->locale == LOCALE_ZH_HANT && text_to_hant(s->ctx, text->zh, &shown) != OK) {
		s->ctx->faults = before;
		shown = text->zh;
	}
	buf_puts(&s->out, shown);
}

static bool zh(const struct say *s)
{
	return s->ctx->locale != LOCALE_EN;
}

/* --- values ---------------------------------------------------------------------------- */

/* The name of a record that a value points to; its id where the reader may not see it. */
static void put_title(struct say *s, const struct entity_info *target, int64_t id)
{
	struct record *record;
	struct ctx *ctx = s->ctx;
	struct faults before = ctx->faults;
	bool name_only = entity_scope(ctx->actor, target, ACTION_READ) == SCOPE_NONE && (target->entity->flags & E_SYSTEM) != 0;
	enum err err = name_only ? record_load(ctx, target, id, &record) : record_get(ctx, target, id, ACTION_READ, &record);
	const char *title = !err && target->title >= 0 && record->values[target->title].kind == VALUE_TEXT ? record->values[target->title].t.p : NULL;
	ctx->faults = before;
	if (title)
		buf_puts(&s->out, title);
	else
		buf_put_i64(&s->out, id);
}

static const char *option_label(struct say *s, const struct field *field, const char *value)
{
	for (const struct option *o = field->options; o && o->value; o++)
		if (str_equal(o->value, value))
			return word(s, &o->label);
	return value;
}

static void put_list(struct say *s, const struct entity_info *target, const struct value *value)
{
	if (value->l.n == 0)
		put(s, &w_nothing);
	for (size_t i = 0; i < value->l.n && i < LIST_SHOWN; i++) {
		if (i)
			put(s, &w_comma);
		put_title(s, target, value->l.ids[i]);
	}
	if (value->l.n > LIST_SHOWN)
		put(s, &w_more);
}

void condition_say_value(struct say *s, const struct entity_info *info, int at, const struct value *value)
{
	const struct field *field = at >= 0 ? info->fields[at] : NULL;
	const struct entity_info *target = field ? entity_link(info, at) : NULL;
	if (value->kind == VALUE_NULL)
		put(s, &w_nothing);
	else if (!field)
		buf_put_i64(&s->out, value->i);
	else if (value->kind == VALUE_LIST && target)
		put_list(s, target, value);
	else if (target && value->kind == VALUE_INT)
		put_title(s, target, value->i);
	else if (field->type == FIELD_ENUM)
		buf_puts(&s->out, option_label(s, field, value->t.p));
	else if (field->type == FIELD_BOOL)
		put(s, value->i ? &w_yes : &w_no);
	else
		field_write_text(s->ctx->registry, field, value, NULL, &s->out);
}

/* --- moments ------------------------------------------------------------------------------ */

static void put_amount(struct say *s, int n, const struct text2 *one, const struct text2 *many)
{
	buf_put_i64(&s->out, n);
	buf_puts(&s->out, zh(s) ? "" : " ");
	put(s, n == 1 ? one : many);
}

static void put_offset(struct say *s, const struct condition_word *w)
{
	static const struct text2 hour[] = {{"hour", "小时"}, {"hours", "小时"}}, day[] = {{"day", "天"}, {"days", "天"}}, month[] = {{"month", "个月"}, {"months", "个月"}},
				  year[] = {{"year", "年"}, {"years", "年"}};
	int months = abs(w->months);
	int64_t hours = llabs(w->ms) / 3600000, days = abs(w->days) + (hours % 24 == 0 ? hours / 24 : 0);
	if (months > 0 && months % 12 == 0)
		put_amount(s, months / 12, &year[0], &year[1]);
	else if (months > 0)
		put_amount(s, months, &month[0], &month[1]);
	if (months > 0 && (days > 0 || hours > 0))
		buf_puts(&s->out, " ");
	if (days > 0)
		put_amount(s, (int)days, &day[0], &day[1]);
	else if (hours > 0)
		put_amount(s, (int)hours, &hour[0], &hour[1]);
}

static const struct text2 *base_words(char base)
{
	static const struct text2 now = {"now", "现在"}, today = {"today", "今天"}, week = {"the start of this week", "本周初"}, month = {"the start of this month", "本月初"},
				  quarter = {"the start of this quarter", "本季度初"}, year = {"the start of this year", "今年初"};
	switch (base) {
	case 'n': return &now;
	case 'd': return &today;
	case 'w': return &week;
	case 'm': return &month;
	case 'q': return &quarter;
	default: return &year;
	}
}

/* "90 days ago", "in 2 hours". */
static void put_distance(struct say *s, const struct condition_word *w, bool back)
{
	static const struct text2 ago = {" ago", "前"}, ahead = {"in ", ""}, behind = {"", "后"};
	if (!back)
		put(s, &ahead);
	put_offset(s, w);
	put(s, back ? &ago : &behind);
}

static void put_moment(struct say *s, const struct condition_word *w)
{
	static const struct text2 before = {" before ", "之前"}, after = {" after ", "之后"};
	bool back = w->months < 0 || w->days < 0 || w->ms < 0, whole = w->base != 'n' && w->base != 'd';
	bool bare = w->months == 0 && w->days == 0 && w->ms == 0;
	if (!bare && !whole) {
		put_distance(s, w, back);
		return;
	}
	if (bare || zh(s))
		put(s, base_words(w->base));
	if (bare)
		return;
	if (!zh(s))
		put_offset(s, w);
	put(s, back ? &before : &after);
	if (zh(s))
		put_offset(s, w);
	else
		put(s, base_words(w->base));
}

/* --- comparisons ------------------------------------------------------------------------------ */

enum { BY_TEXT, BY_NUMBER, BY_TIME };

static const struct text2 op_words[][3] = {
	[CONDITION_EQ] = {{" is ", "是"}, {" is ", "等于"}, {" is ", "是"}},
	[CONDITION_NEQ] = {{" is given and is not ", "已填写且不是"}, {" is not ", "不等于"}, {" is given and is not ", "已填写且不是"}},
	[CONDITION_DISTINCT] = {{" is not ", "不是"}, {" is not ", "不等于"}, {" is not ", "不是"}},
	[CONDITION_GT] = {{" comes after ", "排在其后："}, {" is more than ", "大于"}, {" is after ", "晚于"}},
	[CONDITION_GTE] = {{" is or comes after ", "是或排在其后："}, {" is at least ", "不少于"}, {" is not before ", "不早于"}},
	[CONDITION_LT] = {{" comes before ", "排在其前："}, {" is less than ", "小于"}, {" is before ", "早于"}},
	[CONDITION_LTE] = {{" is or comes before ", "是或排在其前："}, {" is at most ", "不多于"}, {" is not after ", "不晚于"}},
	[CONDITION_IN] = {{" is one of ", "是其中之一："}, {" is one of ", "是其中之一："}, {" is one of ", "是其中之一："}},
	[CONDITION_LIKE] = {{" is like ", "形如"}, {" is like ", "形如"}, {" is like ", "形如"}},
	[CONDITION_ILIKE] = {{" is like ", "形如"}, {" is like ", "形如"}, {" is like ", "形如"}},
	[CONDITION_HAS_ALL] = {{" has all of ", "同时含有"}, {"", ""}, {"", ""}},
	[CONDITION_HAS_ONE] = {{" has one of ", "含有其中之一："}, {"", ""}, {"", ""}},
	[CONDITION_HAS_ONLY] = {{" has nothing but ", "只含有"}, {"", ""}, {"", ""}},
	[CONDITION_IS_NULL] = {{" is empty", "为空"}, {" is empty", "为空"}, {" is empty", "为空"}},
	[CONDITION_IS_NOT_NULL] = {{" is given", "已填写"}, {" is given", "已填写"}, {" is given", "已填写"}},
	[CONDITION_IS_TRUE] = {{" is yes", "为“是”"}, {" is yes", "为“是”"}, {" is yes", "为“是”"}},
	[CONDITION_IS_FALSE] = {{" is no", "为“否”"}, {" is no", "为“否”"}, {" is no", "为“否”"}},
};

static int way_of(const struct condition_compare *c)
{
	static const char ways[FIELD_TYPE_COUNT] = {[FIELD_INT] = BY_NUMBER, [FIELD_DECIMAL] = BY_NUMBER, [FIELD_REAL] = BY_NUMBER, [FIELD_MONEY] = BY_NUMBER,
	                                            [FIELD_DATE] = BY_TIME, [FIELD_TIME] = BY_TIME};
	return c->field < 0 ? BY_NUMBER : ways[c->info->fields[c->named]->type];
}

/* "*tea*" contains tea, "tea*" begins with it. */
static bool put_pattern(struct say *s, const char *text)
{
	static const struct text2 contains = {" contains ", "包含"}, begins = {" begins with ", "开头是"}, ends = {" ends with ", "结尾是"};
	size_t n = strlen(text);
	bool first = n > 0 && (text[0] == '*' || text[0] == '%'), last = n > 1 && (text[n - 1] == '*' || text[n - 1] == '%');
	const char *inner = arena_strndup(s->ctx->arena, text + first, n - (size_t)first - (size_t)last);
	if ((!first && !last) || !inner || strpbrk(inner, "*%_\\") != NULL)
		return false;
	put(s, first && last ? &contains : first ? &ends : &begins);
	buf_puts(&s->out, inner);
	return true;
}

static void put_operand(struct say *s, const struct condition_compare *c, size_t i)
{
	bool pattern = c->op == CONDITION_LIKE || c->op == CONDITION_ILIKE;
	const struct entity_info *target = c->field >= 0 ? entity_link(c->info, c->named) : NULL;
	if (c->words && c->words[i].base)
		put_moment(s, &c->words[i]);
	else if (pattern || c->field != c->named)
		buf_puts(&s->out, c->texts[i]);
	else if (target)
		put_title(s, target, c->values[i].i);
	else
		condition_say_value(s, c->info, c->field, &c->values[i]);
}

void condition_say_compare(struct say *s, const struct condition_compare *c)
{
	bool pattern = c->op == CONDITION_LIKE || c->op == CONDITION_ILIKE;
	if (pattern && put_pattern(s, c->texts[0]))
		return;
	put(s, &op_words[c->op][way_of(c)]);
	for (size_t i = 0; i < c->n && i < LIST_SHOWN; i++) {
		if (i)
			put(s, &w_comma);
		put_operand(s, c, i);
	}
	if (c->n > LIST_SHOWN)
		put(s, &w_more);
}

/* --- nodes ------------------------------------------------------------------------------------ */

static void put_node(struct say *s, const struct condition_node *node, bool inside);

static void put_where(struct say *s, const struct condition_node *node)
{
	static const struct text2 where = {" where ", "（"}, close = {"", "）"};
	if (!node->first || (node->first->kind == CONDITION_ALL && node->first->n == 0))
		return;
	put(s, &where);
	put_node(s, node->first, !zh(s));
	put(s, &close);
}

void condition_say_measure(struct say *s, const struct condition_node *node)
{
	static const struct text2 measures[] = {[MEASURE_COUNT] = {"number of ", "的数量"}, [MEASURE_SUM] = {"sum of ", "合计"}, [MEASURE_MIN] = {"least ", "最小值"},
	                                        [MEASURE_MAX] = {"greatest ", "最大值"}, [MEASURE_LATEST] = {"latest ", "（最近一条）"}},
				   of = {" of ", ""}, their = {"", "的"};
	const char *many = word(s, node->up ? &node->other->entity->label : &node->other->entity->label_many);
	const char *field = node->of >= 0 ? word(s, &node->other->fields[node->compare.named]->label) : "";
	if (!zh(s)) {
		put(s, &measures[node->measure]);
		buf_puts(&s->out, field);
		if (node->of >= 0)
			put(s, &of);
		buf_puts(&s->out, many);
		put_where(s, node);
		return;
	}
	buf_puts(&s->out, many);
	put_where(s, node);
	if (node->of >= 0)
		put(s, &their);
	buf_puts(&s->out, field);
	put(s, &measures[node->measure]);
}

static void put_related(struct say *s, const struct condition_node *node)
{
	static const struct text2 has = {"has ", "有"};
	if (node->measure != MEASURE_EXISTS) {
		condition_say_measure(s, node);
		condition_say_compare(s, &node->compare);
		return;
	}
	put(s, &has);
	buf_puts(&s->out, word(s, node->up ? &node->other->entity->label : &node->other->entity->label_many));
	put_where(s, node);
}

static void put_quoted(struct say *s, const struct text2 *before, const char *text)
{
	put(s, before);
	buf_printf(&s->out, "“%s”", text ? text : "");
}

static void put_share(struct say *s, const struct condition_node *node)
{
	static const struct text2 begin = {"is in the random ", "属于随机的"};
	put(s, &begin);
	buf_printf(&s->out, "%g%%", (double)node->share * 100 / CONDITION_SHARE_WHOLE);
	if (*node->text)
		put_quoted(s, &(const struct text2){" ", ""}, node->text);
}

static void put_group(struct say *s, const struct condition_node *node, bool inside)
{
	bool bracket = inside && node->n > 1;
	if (node->n == 0)
		put(s, &w_everybody);
	if (bracket)
		put(s, &w_open);
	for (const struct condition_node *inner = node->first; inner; inner = inner->next) {
		if (inner != node->first)
			put(s, node->kind == CONDITION_ALL ? &w_and : &w_or);
		put_node(s, inner, true);
	}
	if (bracket)
		put(s, &w_close);
}

static void put_node(struct say *s, const struct condition_node *node, bool inside)
{
	static const struct text2 segment = {"is in the segment ", "属于分群"}, text = {"is found by ", "全文检索命中"};
	switch (node->kind) {
	case CONDITION_ALL:
	case CONDITION_ANY: put_group(s, node, inside); return;
	case CONDITION_NOT:
		put(s, &w_not);
		put(s, &w_open);
		put_node(s, node->first, false);
		put(s, &w_close);
		return;
	case CONDITION_FIELD:
		buf_puts(&s->out, word(s, &node->info->fields[node->compare.named]->label));
		condition_say_compare(s, &node->compare);
		return;
	case CONDITION_RELATED: put_related(s, node); return;
	case CONDITION_MEMBER: put_quoted(s, &segment, node->segment_name); return;
	case CONDITION_TEXT: put_quoted(s, &text, node->text); return;
	case CONDITION_SHARE: put_share(s, node); return;
	}
}

enum err condition_say_node(struct say *s, const struct condition_node *node, const char **ret)
{
	buf_init(&s->out, WORDS_MAX);
	put_node(s, node, false);
	*ret = buf_failed(&s->out) ? NULL : arena_strndup(s->ctx->arena, buf_text(&s->out), s->out.len);
	buf_release(&s->out);
	return *ret ? OK : fail(s->ctx, ERR_LIMIT, "condition", "memory");
}

enum err condition_say(struct ctx *ctx, const struct condition *condition, const char **ret)
{
	struct say s = {.ctx = ctx};
	return condition_say_node(&s, condition->root, ret);
}
