/* Blocks as people type them, and in one form. */
#include <string.h>

#include "base/str.h"
#include "core/calendar/calendar_internal.h"

/* Between blocks, and between their ends; wide forms as Chinese keyboards give them. */
static const char *const gaps[] = {" ", ",", ";", "\t", "\n", "\r", "，", "、", "；", "　"};
static const char *const dashes[] = {"-", "–", "—", "~", "～", "至", "－"};

static bool skip_one(const char **p, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_starts(*p, words[i])) {
			*p += strlen(words[i]);
			return true;
		}
	}
	return false;
}

static void skip_gaps(const char **p)
{
	while (skip_one(p, gaps, sizeof(gaps) / sizeof(gaps[0])))
		;
}

/* "9:00", "09:00", "9：00", "24:00" */
static bool read_time(const char **p, int32_t *ret)
{
	int hour = 0, minute, digits = 0;
	for (; digits < 2 && **p >= '0' && **p <= '9'; digits++, (*p)++)
		hour = hour * 10 + (**p - '0');
	if (digits == 0 || !(skip_one(p, (const char *const[]){":", "："}, 2)))
		return false;
	if ((*p)[0] < '0' || (*p)[0] > '5' || (*p)[1] < '0' || (*p)[1] > '9')
		return false;
	minute = ((*p)[0] - '0') * 10 + (*p)[1] - '0';
	*p += 2;
	*ret = hour * 3600 + minute * 60;
	return *ret <= CALENDAR_DAY_S;
}

static bool read_block(const char **p, struct calendar_block *ret)
{
	int32_t from = 0, to = 0;
	if (!read_time(p, &from))
		return false;
	skip_gaps(p);
	if (!skip_one(p, dashes, sizeof(dashes) / sizeof(dashes[0])))
		return false;
	skip_gaps(p);
	if (!read_time(p, &to) || from == CALENDAR_DAY_S || from == to)
		return false;
	*ret = (struct calendar_block){.from = from, .to = to > from ? to : to + CALENDAR_DAY_S};
	return true;
}

enum err calendar_blocks_parse(struct ctx *ctx, const char *text, const char *field, const struct calendar_block **ret, size_t *ret_n)
{
	struct calendar_block *blocks = arena_array(ctx->arena, CALENDAR_BLOCKS_MAX, sizeof(*blocks));
	const char *p = text != NULL ? text : "";
	*ret = blocks;
	*ret_n = 0;
	if (blocks == NULL)
		return calendar_no_memory(ctx);
	for (skip_gaps(&p); *p != '\0'; skip_gaps(&p)) {
		if (*ret_n == CALENDAR_BLOCKS_MAX)
			return fail(ctx, ERR_LIMIT, field, "calendar_blocks_many");
		if (!read_block(&p, &blocks[*ret_n]))
			return fail(ctx, ERR_INVALID, field, "calendar_hours");
		(*ret_n)++;
	}
	return OK;
}

enum err calendar_blocks_write(struct ctx *ctx, const struct calendar_block *blocks, size_t n, const char **ret)
{
	struct buf buf;
	buf_init(&buf, 1024);
	for (size_t i = 0; i < n; i++) {
		int32_t to = blocks[i].to > CALENDAR_DAY_S ? blocks[i].to - CALENDAR_DAY_S : blocks[i].to;
		buf_printf(&buf, "%s%02d:%02d-%02d:%02d", i > 0 ? " " : "", blocks[i].from / 3600, blocks[i].from / 60 % 60, to / 3600, to / 60 % 60);
	}
	*ret = buf_failed(&buf) ? NULL : arena_strdup(ctx->arena, buf_text(&buf));
	buf_release(&buf);
	return *ret != NULL ? OK : calendar_no_memory(ctx);
}
