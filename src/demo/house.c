#include "demo/demo.h"

#include "base/timeutil.h"
#include "core/entity/entity.h"
#include "core/settings/settings.h"

struct cell {
	const char *field, *text;
	int64_t link;
};

/* One record from a few cells; `text` is API text, `link` an id. */
static enum err put(struct ctx *ctx, const char *entity, const struct cell *cells, size_t n, int64_t *ret)
{
	const struct entity_info *info = registry_find(ctx->registry, entity);
	struct record *r;
	enum err err = record_new(ctx, info, &r);
	for (size_t i = 0; i < n && err == OK; i++) {
		bool many = entity_field(info, cells[i].field) >= 0 && info->fields[entity_field(info, cells[i].field)]->type == FIELD_LINKS;
		struct value value = many ? (struct value){.kind = VALUE_LIST, .l = {&cells[i].link, 1}} : value_int(cells[i].link);
		if (cells[i].text != NULL)
			err = field_parse(ctx, info, entity_field(info, cells[i].field), cells[i].text, &value);
		if (err == OK && (cells[i].text != NULL || cells[i].link != 0))
			err = record_set(ctx, r, cells[i].field, value);
	}
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	if (err == OK)
		*ret = record_id(r);
	return err;
}

#define PUT(ctx, entity, ret, ...)                                                                                   \
	put(ctx, entity, (const struct cell[]){__VA_ARGS__}, sizeof((const struct cell[]){__VA_ARGS__}) / sizeof(struct cell), ret)

static enum err make_places(struct ctx *ctx, struct demo_house *h)
{
	enum err err = PUT(ctx, "region", &h->regions[0], {"name", "中国区", 0}, {"code", "CN", 0});
	if (err == OK)
		err = PUT(ctx, "region", &h->regions[1], {"name", "Europe", 0}, {"code", "EU", 0});
	if (err == OK)
		err = PUT(ctx, "branch", &h->branches[0], {"name", "杭州分公司", 0}, {"city", "杭州", 0}, {"region_id", NULL, h->regions[0]});
	if (err == OK)
		err = PUT(ctx, "branch", &h->branches[1], {"name", "London office", 0}, {"city", "London", 0}, {"region_id", NULL, h->regions[1]});
	if (err == OK)
		err = PUT(ctx, "team", &h->teams[0], {"name", "线上销售部", 0}, {"branch_id", NULL, h->branches[0]});
	if (err == OK)
		err = PUT(ctx, "team", &h->teams[1], {"name", "客户服务部", 0}, {"branch_id", NULL, h->branches[0]});
	if (err == OK)
		err = PUT(ctx, "team", &h->teams[2], {"name", "UK sales", 0}, {"branch_id", NULL, h->branches[1]});
	return err;
}

/* The shop's name, and when its people work: China by its public holidays, London by a few days of its own. */
static enum err make_hours(struct ctx *ctx, const struct demo_house *h)
{
	static const struct {
		const char *day, *kind, *name, *hours;
	} days[] = {
		{"12-24", "special", "Christmas Eve", "09:00-13:00"},
		{"12-25", "holiday", "Christmas Day", NULL},
		{"12-26", "holiday", "Boxing Day", NULL},
		{"01-01", "holiday", "New Year’s Day", NULL},
	};
	const char *west = "09:00-17:30", *east = "09:00-12:00 13:00-18:00";
	int64_t id, day, london;
	struct civil now;
	enum err err = setting_set(ctx, "firm.name", SETTING_FIRM, 0, "West Lake Gifts 西湖礼品");
	if (err == OK)
		err = setting_set(ctx, "firm.short_name", SETTING_FIRM, 0, "西湖礼品");
	if (err == OK)
		err = PUT(ctx, "calendar", &id, {"name", "杭州工作时间", 0}, {"time_zone", "Asia/Shanghai", 0}, {"country", "cn", 0}, {"mon", east, 0},
		          {"tue", east, 0}, {"wed", east, 0}, {"thu", east, 0}, {"fri", east, 0}, {"is_default", "true", 0});
	if (err == OK)
		err = PUT(ctx, "calendar", &london, {"name", "London office hours", 0}, {"time_zone", "Europe/London", 0}, {"mon", west, 0}, {"tue", west, 0},
		          {"wed", west, 0}, {"thu", west, 0}, {"fri", west, 0}, {"sat", "10:00-14:00", 0}, {"teams", NULL, h->teams[2]});
	time_to_civil(ctx_now(ctx), &now);
	for (int year = now.year; err == OK && year <= now.year + 1; year++)
		for (size_t i = 0; err == OK && i < sizeof(days) / sizeof(days[0]); i++)
			err = PUT(ctx, "calendar_day", &day, {"calendar_id", NULL, london}, {"date", arena_printf(ctx->arena, "%d-%s", year, days[i].day), 0},
			          {"kind", days[i].kind, 0}, {"name", days[i].name, 0}, {"hours", days[i].hours, 0});
	return err;
}

struct staff {
	const char *name, *email, *locale, *role;
	int team, branch;
};

static const struct staff staff[] = {
	{"林晓雯", "lin@example.com", "zh_hans", "manager", 0, 0},  {"陈建国", "chen@example.com", "zh_hans", "sales", 0, 0},
	{"黄嘉欣", "huang@example.com", "zh_hans", "sales", 0, 0},  {"赵敏", "zhao@example.com", "zh_hans", "service", 1, 0},
	{"吳家豪", "wu@example.com", "zh_hant", "service", 1, 0},   {"Helen Ward", "helen@example.com", "en", "manager", 2, 1},
	{"Tom Baker", "tom@example.com", "en", "sales", 2, 1},      {"Priya Patel", "priya@example.com", "en", "analyst", 2, 1},
};

static enum err role_id(struct ctx *ctx, const char *key, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT id FROM \"role\" WHERE key = ?1", &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, key);
	err = stmt_step(ctx, stmt, &row);
	*ret = row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static enum err make_staff(struct ctx *ctx, struct demo_house *h)
{
	const struct entity_info *info = registry_find(ctx->registry, "user");
	for (size_t i = 0; i < sizeof(staff) / sizeof(staff[0]); i++) {
		const struct staff *s = &staff[i];
		struct record *r;
		int64_t *role = arena_alloc(ctx->arena, sizeof(*role));
		if (role == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
		enum err err = role_id(ctx, s->role, role);
		if (err == OK)
			err = record_new(ctx, info, &r);
		if (err == OK)
			err = record_set(ctx, r, "name", value_text(s->name));
		if (err == OK)
			err = record_set(ctx, r, "email", value_text(s->email));
		if (err == OK)
			err = record_set(ctx, r, "locale", value_text(s->locale));
		if (err == OK)
			err = record_set(ctx, r, "team_id", value_int(h->teams[s->team]));
		if (err == OK)
			err = record_set(ctx, r, "branch_id", value_int(h->branches[s->branch]));
		if (err == OK)
			err = record_set(ctx, r, "region_id", value_int(h->regions[s->branch]));
		if (err == OK && *role != 0)
			err = record_set(ctx, r, "roles", (struct value){.kind = VALUE_LIST, .l = {role, 1}});
		if (err == OK)
			err = record_create(ctx, r, W_TRUSTED);
		if (err != OK)
			return err;
		h->users[i] = record_id(r);
	}
	return OK;
}

enum err demo_house_make(struct ctx *ctx, struct demo_house *ret)
{
	static const struct {
		const char *name, *colour, *note;
	} tags[] = {
		{"批发", "info", "按箱采购"}, {"礼品采购", "good", "节日前下单"}, {"价格敏感", "warn", "常问折扣"},
		{"Eco", "good", "asks for plastic-free parcels"}, {"晒单达人", "info", "常分享购物体验"}, {"需要发票", "quiet", "每单开票"},
	};
	enum err err = make_places(ctx, ret);
	if (err == OK)
		err = make_hours(ctx, ret);
	if (err == OK)
		err = make_staff(ctx, ret);
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]) && err == OK; i++)
		err = PUT(ctx, "tag", &ret->tags[i], {"name", tags[i].name, 0}, {"colour", tags[i].colour, 0}, {"note", tags[i].note, 0});
	return err;
}
