/* Which columns of which tables are copied: from the descriptors, and what folders say of them. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/warehouse/warehouse_internal.h"

enum { SELECT_MAX = 64 * 1024, DAY_COLUMN = 1, DAY_DATE = 2, HOUR_COLUMN = 3 };

bool warehouse_named(const char *list, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = list; at != NULL && *at != '\0';) {
		const char *comma = strchr(at, ',');
		size_t len = comma != NULL ? (size_t)(comma - at) : strlen(at);
		if (len == n && memcmp(at, name, n) == 0)
			return true;
		at += len + (comma != NULL);
	}
	return false;
}

/* Types of which each value is one of few, or a number. */
static bool is_counted(enum field_type type)
{
	static const bool counted[FIELD_TYPE_COUNT] = {
		[FIELD_INT] = true, [FIELD_DECIMAL] = true, [FIELD_REAL] = true, [FIELD_MONEY] = true, [FIELD_BOOL] = true,
		[FIELD_DATE] = true, [FIELD_TIME] = true, [FIELD_ENUM] = true, [FIELD_LINK] = true,
	};
	return counted[type];
}

/* What decides on who may see a row is always there. Texts of persons are not, and nothing that needs a consent of its own. */
bool warehouse_copies(const struct star_table *table, const struct entity_info *info, int at)
{
	const struct field *field = info->fields[at];
	if (at == SF_ID || at == info->owner || at == info->team || at == info->branch || at == info->parent)
		return true;
	if (field->flags & (F_SECRET | F_SENSITIVE | F_RETIRED))
		return false;
	if (at < SF_COUNT)
		return at == SF_CREATED_AT || at == SF_CREATED_BY;
	if ((field->flags & F_READONLY) && !warehouse_named(table->kept, field->name))
		return false;
	if (field->type == FIELD_CODE)
		return (field->flags & F_ANY) == 0;
	return field->type == FIELD_TEXT ? warehouse_named(table->texts, field->name) : is_counted(field->type);
}

static enum duck_type type_of(const struct field *field)
{
	if (field->type == FIELD_REAL)
		return DUCK_REAL;
	return field->type == FIELD_ENUM || field->type == FIELD_CODE || field->type == FIELD_TEXT || field->type == FIELD_DATE ? DUCK_TEXT : DUCK_INT;
}

struct making {
	struct ctx *ctx;
	struct warehouse_copy *copy;
	struct buf select;
	int n; /* columns of the statement */
	bool full;
};

static void add_column(struct making *m, const char *prefix, const char *name, const char *suffix, enum duck_type type, int day)
{
	struct warehouse_copy *copy = m->copy;
	if (copy->n == WAREHOUSE_COLUMNS_MAX) {
		m->full = true;
		return;
	}
	struct warehouse_column *column = &copy->columns[copy->n++];
	int n = snprintf(column->name, sizeof(column->name), "%s%s%s", prefix, name, suffix);
	m->full |= n < 0 || (size_t)n >= sizeof(column->name);
	column->type = type;
	column->from = m->n - 1;
	column->day = day;
}

static void add_fields(struct making *m, const struct star_table *star, const struct entity_info *info, const char *prefix, char row)
{
	for (int i = 0; i < (int)info->n_fields; i++) {
		const struct field *field = info->fields[i];
		const char *name = field_column(field);
		if (!warehouse_copies(star, info, i))
			continue;
		buf_printf(&m->select, "%s%c.\"%s\"", m->n ? ", " : "SELECT ", row, name);
		m->n++;
		add_column(m, prefix, name, "", type_of(field), 0);
		if (field->type == FIELD_TIME)
			add_column(m, prefix, name, ":day", DUCK_SMALL, DAY_COLUMN);
		if (field->type == FIELD_DATE)
			add_column(m, prefix, name, ":day", DUCK_SMALL, DAY_DATE);
	}
}

/* "order_id.placed_at" of the row's own moment: its hour too. */
static void add_hour(struct making *m)
{
	const char *moment = m->copy->star->moment;
	for (size_t i = 0; moment != NULL && i < m->copy->n; i++) {
		const struct warehouse_column *column = &m->copy->columns[i];
		if (!str_equal(column->name, moment) || column->type != DUCK_INT)
			continue;
		int before = m->n;
		m->n = column->from + 1;
		add_column(m, "", moment, ":hour", DUCK_SMALL, HOUR_COLUMN);
		m->n = before;
		return;
	}
}

static void add_extras(struct making *m)
{
	for (const struct star_extra *e = m->copy->star->extras; e != NULL && e->name != NULL; e++) {
		buf_printf(&m->select, ", %s", e->sql);
		m->n++;
		add_column(m, "", e->name, "", DUCK_INT, 0);
	}
}

static const struct star_table *table_of(const struct warehouse *w, const char *entity)
{
	for (size_t i = 0; i < w->n_tables; i++) {
		if (str_equal(w->tables[i]->entity, entity))
			return w->tables[i];
	}
	return NULL;
}

const struct star_table *warehouse_table(const struct warehouse *w, const char *entity)
{
	return table_of(w, entity);
}

const struct star_table *warehouse_table_at(const struct warehouse *w, size_t i)
{
	return i < w->n_tables ? w->tables[i] : NULL;
}

/* The statement that reads the store. */
static enum err make_select(struct making *m, const struct warehouse *w)
{
	struct warehouse_copy *copy = m->copy;
	const struct star_table *up = NULL;
	if (copy->star->carried != NULL) {
		int link = entity_field(copy->info, copy->star->carried);
		up = link >= 0 && link == copy->info->parent ? table_of(w, copy->info->parent_info->entity->name) : NULL;
		if (up == NULL)
			return fail_arg(m->ctx, ERR_BUG, "", "warehouse_star", copy->star->entity);
		copy->up = copy->info->parent_info;
	}
	add_fields(m, copy->star, copy->info, "", 't');
	if (up != NULL) {
		const char *prefix = arena_printf(m->ctx->arena, "%s.", copy->star->carried);
		if (prefix == NULL)
			return fail(m->ctx, ERR_LIMIT, "", "memory");
		add_fields(m, up, copy->up, prefix, 'p');
	}
	add_hour(m);
	add_extras(m);
	buf_printf(&m->select, " FROM \"%s\" t", copy->info->entity->name);
	if (up != NULL)
		buf_printf(&m->select, " JOIN \"%s\" p ON p.\"id\" = t.\"%s\"", copy->up->entity->name, copy->star->carried);
	return m->full ? fail_arg(m->ctx, ERR_BUG, "", "warehouse_star", copy->star->entity) : OK;
}

/* Rows differ where their columns, the zone and the public days of their days or the statement do. */
static enum err sign(struct making *m, const struct warehouse_clock *clock)
{
	struct buf text;
	buf_init(&text, SELECT_MAX);
	buf_printf(&text, "%d %s %s %d %s %s", WAREHOUSE_FORMAT, clock->name, clock->country, clock->week_start, m->copy->star->follows != NULL ? m->copy->star->follows : "",
	           buf_text(&m->select));
	for (size_t i = 0; i < m->copy->n; i++)
		buf_printf(&text, " %s/%d", m->copy->columns[i].name, (int)m->copy->columns[i].type);
	m->copy->signature = buf_failed(&text) ? NULL : arena_printf(m->ctx->arena, "%016llx", (unsigned long long)str_hash(buf_text(&text), text.len));
	buf_release(&text);
	m->copy->select = buf_failed(&m->select) ? NULL : arena_strndup(m->ctx->arena, buf_text(&m->select), m->select.len);
	return m->copy->signature != NULL && m->copy->select != NULL ? OK : fail(m->ctx, ERR_LIMIT, "", "memory");
}

static enum err make_copy(struct ctx *ctx, const struct warehouse *w, struct warehouse_plan *plan, const struct star_table *star)
{
	const struct entity_info *info = registry_find(ctx->registry, star->entity);
	struct making m = {.ctx = ctx, .copy = arena_alloc(ctx->arena, sizeof(*m.copy))};
	if (info == NULL)
		return fail_arg(ctx, ERR_BUG, "", "warehouse_star", star->entity);
	if (m.copy == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memset(m.copy, 0, sizeof(*m.copy));
	m.copy->star = star;
	m.copy->info = info;
	buf_init(&m.select, SELECT_MAX);
	enum err err = make_select(&m, w);
	if (!err)
		err = sign(&m, &plan->clock);
	buf_release(&m.select);
	plan->copies[plan->n++] = m.copy;
	return err;
}

static enum err open_clock(struct ctx *ctx, struct warehouse_clock *clock)
{
	clock->week_start = (int)setting_int(ctx, &firm_settings[FIRM_WEEK_START]);
	enum err err = setting_text(ctx, &firm_settings[FIRM_TIME_ZONE], &clock->name);
	if (!err)
		err = setting_text(ctx, &firm_settings[FIRM_COUNTRY], &clock->country);
	if (!err && (str_empty(clock->name) || !text_zone_new(clock->name, &clock->zone)))
		clock->zone = NULL;
	return err;
}

int64_t warehouse_local_ms(struct warehouse_clock *clock, int64_t utc_ms)
{
	if (clock->zone == NULL)
		return utc_ms;
	if (utc_ms < clock->from || utc_ms >= clock->until) {
		clock->from = utc_ms;
		clock->offset_ms = INT64_C(1000) * text_zone_seconds(clock->zone, utc_ms);
		if (!text_zone_next_change(clock->zone, utc_ms, &clock->until))
			clock->until = INT64_MAX;
	}
	return utc_ms + clock->offset_ms;
}

enum err warehouse_plan_make(struct ctx *ctx, const struct warehouse *w, struct warehouse_plan **ret)
{
	struct warehouse_plan *plan = arena_alloc(ctx->arena, sizeof(*plan));
	if (plan == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memset(plan, 0, sizeof(*plan));
	enum err err = open_clock(ctx, &plan->clock);
	for (size_t i = 0; !err && i < w->n_tables; i++)
		err = make_copy(ctx, w, plan, w->tables[i]);
	if (err)
		warehouse_plan_done(plan);
	*ret = err ? NULL : plan;
	return err;
}

void warehouse_plan_done(struct warehouse_plan *plan)
{
	if (plan != NULL && plan->clock.zone != NULL)
		text_zone_free(plan->clock.zone);
	if (plan != NULL)
		plan->clock.zone = NULL;
}
