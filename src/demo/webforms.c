/* Two web forms with what came in by them: a tasting that makes leads, and complaints. Their counts of the last three weeks. */
#include <string.h>

#include "base/timeutil.h"
#include "core/entity/entity.h"
#include "demo/demo.h"

static const int64_t hour_ms = 3600000;
enum { DAYS = 21 };

struct pair {
	const char *field;
	struct value value;
};

static enum err put(struct ctx *ctx, const char *entity, const struct pair *pairs, size_t n, int64_t *ret)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, entity), &r);
	for (size_t i = 0; err == OK && i < n; i++)
		err = record_set(ctx, r, pairs[i].field, pairs[i].value);
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	*ret = err == OK ? record_id(r) : 0;
	return err;
}

static enum err count(struct ctx *ctx, int64_t form, const char *day, const char *what, int64_t n)
{
	struct stmt *stmt;
	enum err err = db_prepare_text(ctx, ctx->db, "INSERT INTO web_form_day (form_id, day, what, n) VALUES (?1, ?2, ?3, ?4)", &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, form);
	stmt_bind_text(stmt, 2, day);
	stmt_bind_text(stmt, 3, what);
	stmt_bind_i64(stmt, 4, n);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* More at the weekend, and a few machines. */
static enum err put_counts(struct ctx *ctx, int64_t form)
{
	enum err err = OK;
	for (int back = DAYS; err == OK && back > 0; back--) {
		char day[TIME_TEXT_MAX];
		int64_t n = 3 + (back * 7) % 5 + (back % 7 < 2 ? 4 : 0);
		time_format(ctx_now(ctx) - back * 24 * hour_ms, day);
		day[10] = '\0';
		err = count(ctx, form, day, "shown", n * 6 + back % 4);
		if (err == OK)
			err = count(ctx, form, day, "begun", n + n / 2);
		if (err == OK)
			err = count(ctx, form, day, "sent", n);
		if (err == OK)
			err = count(ctx, form, day, "invalid", n / 2);
		if (err == OK && back % 3 == 0)
			err = count(ctx, form, day, "trap", 1 + back % 5);
		if (err == OK && back % 5 == 0)
			err = count(ctx, form, day, "fast", 2);
	}
	return err;
}

struct guest {
	const char *name, *phone, *city, *note, *source, *campaign;
	int hours; /* ago */
};

static enum err put_lead(struct ctx *ctx, int64_t form, const struct guest *g)
{
	int64_t lead, entry;
	const struct pair who[] = {{"name", value_text(g->name)}, {"phone", value_text(g->phone)}, {"city", value_text(g->city)}, {"interest", value_text(g->note)}, {"source", value_text("web")}};
	enum err err = put(ctx, "lead", who, sizeof(who) / sizeof(who[0]), &lead);
	const char *of = arena_printf(ctx->arena, "lead/%lld", (long long)lead);
	const char *sent = arena_printf(ctx->arena, "{\"values\":{\"name\":\"%s\",\"phone\":\"%s\",\"city\":\"%s\",\"interest\":\"%s\"},\"consents\":[],\"from\":\"203.0.113.7\"}", g->name, g->phone, g->city, g->note);
	if (err != OK || of == NULL || sent == NULL)
		return err != OK ? err : fail(ctx, ERR_LIMIT, "", "memory");
	const struct pair came[] = {{"form_id", value_int(form)}, {"at", value_int(ctx_now(ctx) - g->hours * hour_ms)}, {"state", value_text("done")}, {"record", value_text(of)},
	                            {"language", value_text("zh-Hans")}, {"page", value_text("https://www.example.com/spring")}, {"utm_source", value_text(g->source)},
	                            {"utm_campaign", value_text(g->campaign)}, {"sent", value_text(sent)}};
	return put(ctx, "web_form_entry", came, sizeof(came) / sizeof(came[0]), &entry);
}

static const char tasting_fields[] =
	"[{\"field\":\"name\",\"required\":true,\"label_zh\":\"您的称呼\",\"label_en\":\"Your name\"},{\"field\":\"phone\",\"required\":true,\"help_zh\":\"仅用于联系您领取样品\","
	"\"help_en\":\"To tell you when the samples are ready\"},{\"field\":\"city\"},{\"field\":\"interest\",\"label_zh\":\"想试用的商品\",\"label_en\":\"What you would like to try\"},"
	"{\"field\":\"source\",\"hidden\":true,\"value\":\"web\"}]";
static const char complaint_fields[] =
	"[{\"field\":\"customer.name\",\"required\":true},{\"field\":\"customer.phone\",\"required\":true},{\"field\":\"message.body\",\"required\":true,\"label_zh\":\"发生了什么\",\"label_en\":\"What happened\"},"
	"{\"field\":\"kind\",\"hidden\":true,\"value\":\"complaint\"}]";

static enum err put_tasting(struct ctx *ctx)
{
	static const struct guest guests[] = {
		{"周敏", "+8613900020001", "上海", "灯串", "wechat", "spring-trial", 2},      {"Oliver Grant", "+447700900123", "London", "Mugs", "newsletter", "spring-trial", 5},
		{"许安宁", "+8613900020003", "杭州", "茶具", "wechat", "spring-trial", 9},    {"陈立", "+8613900020004", "南京", "贺卡", "search", "brand", 20},
		{"苏晓彤", "+8613900020005", "苏州", "马克杯", "xiaohongshu", "unboxing", 27}, {"高远", "+8613900020006", "上海", "灯串", "wechat", "spring-trial", 31},
		{"Marie Dubois", "+33612345678", "Lyon", "Cards", "newsletter", "spring-trial", 50}, {"何嘉怡", "+8613900020008", "广州", "礼盒", "xiaohongshu", "unboxing", 71},
	};
	int64_t form;
	const struct pair plan[] = {
		{"name", value_text("新品试用申请 · Try something new")}, {"state", value_text("open")}, {"entity", value_text("lead")}, {"title_zh", value_text("免费试用新品")},
		{"title_en", value_text("Try something new, free")}, {"intro_zh", value_text("每周送出五十份样品。留下联系方式，我们会尽快与您联系。")},
		{"intro_en", value_text("Fifty samples a week. Leave us a way to reach you.")}, {"thanks_zh", value_text("已收到您的申请，样品寄出前会与您确认地址。")},
		{"thanks_en", value_text("We have it. Before the samples go out we ask for your address.")}, {"fields", value_text(tasting_fields)}, {"sites", value_text("https://www.example.com")},
		{"day_limit", value_int(200)},
	};
	enum err err = put(ctx, "web_form", plan, sizeof(plan) / sizeof(plan[0]), &form);
	for (size_t i = 0; err == OK && i < sizeof(guests) / sizeof(guests[0]); i++)
		err = put_lead(ctx, form, &guests[i]);
	return err == OK ? put_counts(ctx, form) : err;
}

enum err demo_webforms(struct ctx *ctx)
{
	int64_t form;
	const struct pair plan[] = {
		{"name", value_text("投诉与建议 · Complaints")}, {"state", value_text("open")}, {"entity", value_text("case")}, {"title_zh", value_text("投诉与建议")}, {"title_en", value_text("Tell us what went wrong")},
		{"intro_zh", value_text("我们会在一个工作日内答复。")}, {"intro_en", value_text("We answer within one working day.")}, {"fields", value_text(complaint_fields)}, {"day_limit", value_int(200)},
	};
	enum err err = put_tasting(ctx);
	return err == OK ? put(ctx, "web_form", plan, sizeof(plan) / sizeof(plan[0]), &form) : err;
}
