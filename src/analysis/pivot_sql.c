/* The statements of a pivot table. Names in them are the descriptors', values are bound or whole numbers of ours. */
#include <stdio.h>
#include <string.h>

#include "analysis/pivot.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/calendar/calendar.h"
#include "core/settings/settings.h"
#include "core/text/text.h"

enum { SQL_MAX = 256 * 1024, AGE_BAND = 10 };

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err take(struct ctx *ctx, struct buf *buf, enum err err, const char **ret)
{
	*ret = err || buf_failed(buf) ? NULL : arena_strndup(ctx->arena, buf_text(buf), buf->len);
	buf_release(buf);
	return err ? err : *ret ? OK : no_memory(ctx);
}

/* --- days ------------------------------------------------------------------------------------ */

static bool has_days(const struct pivot *p)
{
	return p->from != INT64_MIN || p->to != INT64_MAX;
}

static int64_t year_before(int64_t day)
{
	char text[11];
	int32_t then;
	calendar_date_write((int32_t)day, text);
	int year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0' - 1;
	char moved[16];
	snprintf(moved, sizeof(moved), "%04d%s", year % 10000, text + 4);
	if (date_days(moved, &then))
		return then;
	/* there was no 29 February */
	snprintf(moved, sizeof(moved), "%04d-02-28", year % 10000);
	return date_days(moved, &then) ? then : day - 365;
}

void pivot_earlier(const struct pivot *p, int64_t *ret_from, int64_t *ret_to)
{
	if (p->compare == COMPARE_YEAR) {
		*ret_from = year_before(p->from);
		*ret_to = year_before(p->to);
	} else {
		*ret_to = p->from - 1;
		*ret_from = p->from - (p->to - p->from + 1);
	}
}

/* " AND the day is asked for": of both periods where they are compared. */
static void put_period(const struct pivot *p, struct buf *buf)
{
	int64_t from, to;
	if (!has_days(p))
		return;
	if (p->compare == COMPARE_NONE) {
		if (p->from != INT64_MIN)
			buf_printf(buf, " AND \"t0\".\"%s:day\" >= %lld", p->table->moment, (long long)p->from);
		if (p->to != INT64_MAX)
			buf_printf(buf, " AND \"t0\".\"%s:day\" <= %lld", p->table->moment, (long long)p->to);
		return;
	}
	pivot_earlier(p, &from, &to);
	buf_printf(buf, " AND (\"t0\".\"%s:day\" BETWEEN %lld AND %lld OR \"t0\".\"%s:day\" BETWEEN %lld AND %lld)", p->table->moment, (long long)p->from,
	           (long long)p->to, p->table->moment, (long long)from, (long long)to);
}

/* Days of the earlier period fall on those that they are compared with. */
static void put_moved_day(const struct pivot *p, const char *day, struct buf *buf)
{
	if (p->compare == COMPARE_BEFORE)
		buf_printf(buf, "CASE WHEN \"t0\".\"%s:day\" < %lld THEN %s + %lld ELSE %s END", p->table->moment, (long long)p->from, day,
		           (long long)(p->to - p->from + 1), day);
	else
		buf_printf(buf, "CASE WHEN \"t0\".\"%s:day\" < %lld THEN CAST(date_diff('day', DATE '1970-01-01', CAST(DATE '1970-01-01' + %s + INTERVAL 1 YEAR AS DATE))"
		                " AS INTEGER) ELSE %s END", p->table->moment, (long long)p->from, day, day);
}

/* --- the facts ----------------------------------------------------------------------------------- */

static const char *const date_columns[BY_COUNT] = {
	[BY_YEAR] = "year", [BY_QUARTER] = "quarter", [BY_MONTH] = "month", [BY_WEEK] = "week", [BY_WEEKDAY] = "weekday", [BY_KIND] = "kind",
	[BY_HOLIDAY] = "holiday",
};

enum err pivot_today(struct ctx *ctx, int64_t *ret)
{
	const char *name;
	struct text_zone *zone = NULL;
	int64_t now = ctx_now(ctx);
	enum err err = setting_text(ctx, &firm_settings[FIRM_TIME_ZONE], &name);
	if (!err && !str_empty(name) && text_zone_new(name, &zone)) {
		now += INT64_C(1000) * text_zone_seconds(zone, now);
		text_zone_free(zone);
	}
	*ret = now / DAY_MS;
	return err;
}

/* What a dimension is in the inner rows: a day, an hour or the value itself. */
static enum err put_inner(struct ctx *ctx, const struct pivot *p, const struct pivot_dim *dim, struct buf *buf)
{
	const struct query_star_field *f = &dim->at;
	int64_t now;
	const char *day = arena_printf(ctx->arena, "%s.\"%s:day\"", f->table, f->name);
	enum err err = dim->by == BY_AGE ? pivot_today(ctx, &now) : OK;
	if (err || !day)
		return err ? err : no_memory(ctx);
	if (dim->by == BY_VALUE)
		buf_puts(buf, f->column);
	else if (dim->by == BY_HOUR)
		buf_printf(buf, "%s.\"%s:hour\"", f->table, f->name);
	else if (dim->by == BY_BAND)
		buf_printf(buf, "CAST(floor(CAST(%s AS DOUBLE) / %lld) * %lld AS BIGINT)", f->column, (long long)dim->band, (long long)dim->band);
	else if (dim->by == BY_AGE)
		buf_printf(buf, "CASE WHEN %s <= %lld THEN CAST(floor((%lld - %s) / 3652.425) * %d AS INTEGER) END", day, (long long)now, (long long)now, day, AGE_BAND);
	else if (dim->moment && p->compare != COMPARE_NONE)
		put_moved_day(p, day, buf);
	else
		buf_puts(buf, day);
	return OK;
}

/* "order_id.state=draft,cancelled kind=test": rows that are in no count. */
static enum err put_uncounted(struct ctx *ctx, struct pivot *p, struct buf *buf)
{
	for (const char *rest = p->table->uncounted; !str_empty(rest);) {
		size_t n = strcspn(rest, " "), name = strcspn(rest, "=");
		buf_puts(buf, " AND (\"t0\".\"");
		buf_add(buf, rest, name);
		buf_puts(buf, "\" IS NULL OR \"t0\".\"");
		buf_add(buf, rest, name);
		buf_puts(buf, "\" NOT IN (");
		for (const char *value = rest + name + 1; value < rest + n;) {
			size_t len = strcspn(value, ", ");
			const char *text = arena_strndup(ctx->arena, value, len), *mark;
			enum err err = text ? query_star_value(ctx, p->star, value_text(text), &mark) : no_memory(ctx);
			if (err)
				return err;
			buf_printf(buf, "%s%s", value == rest + name + 1 ? "" : ", ", mark);
			value += len + 1;
		}
		buf_puts(buf, "))");
		rest += n + (rest[n] == ' ');
	}
	return OK;
}

/* Each row that counts, with what it is grouped by and what is measured of it. */
static enum err inner_rows(struct ctx *ctx, struct pivot *p, struct buf *buf)
{
	struct buf where;
	const char *from;
	enum err err = OK;
	buf_puts(buf, "(SELECT ");
	for (size_t i = 0; !err && i < p->n_rows + p->n_columns; i++) {
		err = put_inner(ctx, p, &p->dims[i], buf);
		buf_printf(buf, " AS y%zu, ", i);
	}
	if (p->compare != COMPARE_NONE)
		buf_printf(buf, "CASE WHEN \"t0\".\"%s:day\" >= %lld THEN 0 ELSE 1 END AS p, ", p->table->moment, (long long)p->from);
	for (size_t i = 0; i < p->n_bases; i++) {
		if (*p->bases[i].column)
			buf_printf(buf, "%s AS x%zu, ", p->bases[i].column, i);
	}
	buf_puts(buf, "1 AS one");
	buf_init(&where, SQL_MAX);
	put_period(p, &where);
	if (!err)
		err = put_uncounted(ctx, p, &where);
	if (!err)
		err = query_star_from(ctx, p->star, &from);
	if (!err)
		buf_printf(buf, "%s%s)", from, buf_text(&where));
	buf_release(&where);
	return err;
}

static enum err make_facts(struct ctx *ctx, struct pivot *p, struct buf *buf)
{
	size_t n = p->n_rows + p->n_columns;
	buf_puts(buf, "SELECT ");
	for (size_t i = 0; i < n; i++) {
		const char *part = date_columns[p->dims[i].by];
		if (part)
			buf_printf(buf, "a%zu.%s AS d%zu, ", i, part, i);
		else
			buf_printf(buf, "b.y%zu AS d%zu, ", i, i);
	}
	if (p->compare != COMPARE_NONE)
		buf_puts(buf, "b.p AS p, ");
	for (size_t i = 0; i < p->n_bases; i++) {
		if (*p->bases[i].column)
			buf_printf(buf, "b.x%zu AS x%zu, ", i, i);
	}
	buf_puts(buf, "b.one AS one FROM ");
	enum err err = inner_rows(ctx, p, buf);
	buf_puts(buf, " AS b");
	for (size_t i = 0; i < n; i++) {
		if (date_columns[p->dims[i].by])
			buf_printf(buf, " LEFT JOIN \"date\" AS a%zu ON a%zu.day = b.y%zu", i, i, i);
	}
	return err;
}

enum err pivot_sql_make(struct ctx *ctx, struct pivot *p, struct pivot_sql *ret)
{
	struct buf buf;
	*ret = (struct pivot_sql){.p = p};
	buf_init(&buf, SQL_MAX);
	enum err err = take(ctx, &buf, make_facts(ctx, p, &buf), &ret->facts);
	if (err)
		return err;
	ret->params = query_star_params(p->star, &ret->n_params);
	ret->source = arena_printf(ctx->arena, "(%s)", ret->facts);
	return ret->source ? OK : no_memory(ctx);
}

enum err pivot_sql_plain(struct ctx *ctx, struct pivot *p, const char *columns, const char **ret)
{
	struct buf buf, where;
	const char *from = NULL;
	buf_init(&buf, SQL_MAX);
	buf_init(&where, SQL_MAX);
	put_period(p, &where);
	enum err err = put_uncounted(ctx, p, &where);
	if (!err)
		err = query_star_from(ctx, p->star, &from);
	if (!err)
		buf_printf(&buf, "SELECT %s%s%s", columns, from, buf_text(&where));
	buf_release(&where);
	return take(ctx, &buf, err, ret);
}

/* --- levels ------------------------------------------------------------------------------------------ */

enum err pivot_sql_finest(struct ctx *ctx, struct pivot_sql *sql, const char **ret)
{
	const struct pivot *p = sql->p;
	struct buf buf;
	buf_init(&buf, SQL_MAX);
	buf_puts(&buf, "CREATE OR REPLACE TEMP TABLE f AS SELECT ");
	for (size_t i = 0; i < p->n_rows + p->n_columns; i++)
		buf_printf(&buf, "d%zu, ", i);
	if (p->compare != COMPARE_NONE)
		buf_puts(&buf, "p, ");
	for (size_t i = 0; i < p->n_bases; i++) {
		enum star_measure_kind kind = p->bases[i].measure->kind;
		if (kind == STAR_SUM || kind == STAR_MEAN)
			buf_printf(&buf, "sum(x%zu) AS s%zu, ", i, i);
		if (kind == STAR_MEAN)
			buf_printf(&buf, "count(x%zu) AS n%zu, ", i, i);
		if (kind == STAR_LEAST || kind == STAR_MOST)
			buf_printf(&buf, "%s(x%zu) AS s%zu, ", kind == STAR_LEAST ? "min" : "max", i, i);
	}
	buf_printf(&buf, "count(*) AS n FROM %s AS s GROUP BY ALL", sql->source);
	sql->added = true;
	sql->source = "f";
	return take(ctx, &buf, OK, ret);
}

static void put_added(const struct pivot_base *base, size_t i, const char *some, struct buf *buf)
{
	const char *type = base->real ? "DOUBLE" : "BIGINT";
	switch (base->measure->kind) {
	case STAR_COUNT:
		buf_printf(buf, "CAST(coalesce(sum(n)%s, 0) AS BIGINT)", some);
		break;
	case STAR_SUM:
		buf_printf(buf, "CAST(sum(s%zu)%s AS %s)", i, some, type);
		break;
	case STAR_MEAN:
		buf_printf(buf, "CAST(sum(s%zu)%s AS DOUBLE) / nullif(CAST(sum(n%zu)%s AS DOUBLE), 0)", i, some, i, some);
		break;
	case STAR_LEAST:
	case STAR_MOST:
	case STAR_DIFFERENT:
		buf_printf(buf, "CAST(%s(s%zu)%s AS %s)", base->measure->kind == STAR_LEAST ? "min" : "max", i, some, type);
		break;
	}
}

static void put_counted(const struct pivot_base *base, size_t i, const char *some, struct buf *buf)
{
	static const char *const calls[] = {[STAR_SUM] = "sum(x", [STAR_MEAN] = "avg(x", [STAR_LEAST] = "min(x", [STAR_MOST] = "max(x", [STAR_DIFFERENT] = "count(DISTINCT x"};
	const char *type = base->real || base->measure->kind == STAR_MEAN ? "DOUBLE" : "BIGINT";
	if (base->measure->kind == STAR_COUNT)
		buf_printf(buf, "CAST(count(*)%s AS BIGINT)", some);
	else
		buf_printf(buf, "CAST(%s%zu)%s AS %s)", calls[base->measure->kind], i, some, type);
}

static void put_bases(const struct pivot_sql *sql, char name, const char *some, struct buf *buf)
{
	for (size_t i = 0; i < sql->p->n_bases; i++) {
		(sql->added ? put_added : put_counted)(&sql->p->bases[i], i, some, buf);
		buf_printf(buf, " AS %c%zu, ", name, i);
	}
}

static void put_dims(const struct pivot *p, size_t n_rows, bool columns, const char *before, struct buf *buf)
{
	for (size_t i = 0; i < p->n_rows + p->n_columns; i++) {
		if (i < n_rows || (i >= p->n_rows && columns)) {
			buf_printf(buf, "%sd%zu", before, i);
			before = ", ";
		}
	}
}

static void put_only(const struct pivot *p, size_t n_rows, const char *only, struct buf *buf)
{
	if (!only || n_rows == 0 || p->n_rows == 0)
		return;
	buf_printf(buf, " WHERE EXISTS (SELECT 1 FROM %s AS o WHERE 1 = 1", only);
	for (size_t i = 0; i < n_rows; i++)
		buf_printf(buf, " AND o.d%zu IS NOT DISTINCT FROM s.d%zu", i, i);
	buf_puts(buf, ")");
}

enum err pivot_sql_level(struct ctx *ctx, const struct pivot_sql *sql, size_t n_rows, bool columns, const char *only, const char **ret)
{
	const struct pivot *p = sql->p;
	bool two = p->compare != COMPARE_NONE, any = n_rows > 0 || (columns && p->n_columns > 0);
	struct buf buf;
	buf_init(&buf, SQL_MAX);
	buf_puts(&buf, "SELECT ");
	put_dims(p, n_rows, columns, "", &buf);
	for (size_t i = 0; i < p->n_measures; i++) {
		const struct pivot_measure *m = &p->measures[i];
		const char *comma = any || i ? ", " : "";
		if (m->formula)
			buf_printf(&buf, "%s%s AS m%zu", comma, m->formula, i);
		else
			buf_printf(&buf, "%sv%d AS m%zu", comma, m->base, i);
	}
	for (size_t i = 0; two && i < p->n_measures; i++) {
		const struct pivot_measure *m = &p->measures[i];
		if (m->formula)
			buf_printf(&buf, ", %s AS o%zu", m->earlier, i);
		else
			buf_printf(&buf, ", e%d AS o%zu", m->base, i);
	}
	buf_puts(&buf, " FROM (SELECT ");
	put_dims(p, n_rows, columns, "", &buf);
	buf_puts(&buf, any ? ", " : "");
	put_bases(sql, 'v', two ? " FILTER (WHERE p = 0)" : "", &buf);
	if (two)
		put_bases(sql, 'e', " FILTER (WHERE p = 1)", &buf);
	buf_printf(&buf, "count(*) AS c FROM %s AS s", sql->source);
	put_only(p, n_rows, only, &buf);
	if (any) {
		buf_puts(&buf, " GROUP BY ");
		put_dims(p, n_rows, columns, "", &buf);
	}
	buf_puts(&buf, ") AS q");
	return take(ctx, &buf, OK, ret);
}
