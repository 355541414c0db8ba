/* What a firm begins with: one pipeline, the usual reasons for losing. Once; it can all be changed. */
#include "base/str.h"
#include "deals/internal.h"
#include "deals_sql.h"

struct cell {
	const char *field, *text;
	int64_t number;
};

static enum err put(struct ctx *ctx, const char *entity, const struct cell *cells, size_t n, int64_t *ret)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, entity), &r);
	for (size_t i = 0; err == OK && i < n; i++) {
		if (cells[i].text != NULL || cells[i].number >= 0)
			err = record_set(ctx, r, cells[i].field, cells[i].text != NULL ? value_text(cells[i].text) : value_int(cells[i].number));
	}
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED | W_NO_SEARCH);
	*ret = err == OK ? record_id(r) : 0;
	return err;
}

static enum err put_stages(struct ctx *ctx, int64_t pipeline)
{
	static const struct {
		const char *name, *name_zh, *category, *forecast, *needs;
		int chance, stuck;
	} stages[] = {
		{"New", "初步接洽", "open", "pipeline", NULL, 10, 14},
		{"Needs known", "需求确认", "open", "pipeline", "[\"amount\",\"close_on\"]", 25, 21},
		{"Proposal sent", "方案报价", "open", "best", NULL, 50, 21},
		{"Negotiation", "商务谈判", "open", "commit", "[\"next_step\"]", 75, 14},
		{"Won", "赢单", "won", "commit", "[\"amount\"]", 100, -1},
		{"Lost", "输单", "lost", "omitted", NULL, 0, -1},
	};
	enum err err = OK;
	for (size_t i = 0; err == OK && i < sizeof(stages) / sizeof(stages[0]); i++) {
		int64_t id;
		const struct cell cells[] = {
			{"pipeline_id", NULL, pipeline}, {"name", stages[i].name, 0}, {"name_zh", stages[i].name_zh, 0}, {"category", stages[i].category, 0},
			{"forecast", stages[i].forecast, 0}, {"probability", NULL, stages[i].chance}, {"days_stuck", NULL, stages[i].stuck},
			{"position", NULL, (int64_t)i}, {"needs", stages[i].needs, -1},
		};
		err = put(ctx, "stage", cells, sizeof(cells) / sizeof(cells[0]), &id);
	}
	return err;
}

static enum err put_reasons(struct ctx *ctx)
{
	static const struct text2 reasons[] = {
		{"Price", "价格"}, {"A competitor fits better", "竞争对手更合适"}, {"No budget", "没有预算"}, {"No decision", "迟迟未决"},
		{"Delivery time", "交期"}, {"Something is missing", "功能或规格不满足"}, {"No contact any more", "失去联系"}, {"Other", "其他"},
	};
	enum err err = OK;
	for (size_t i = 0; err == OK && i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		int64_t id;
		const struct cell cells[] = {{"name", reasons[i].en, 0}, {"name_zh", reasons[i].zh, 0}, {"position", NULL, (int64_t)i}};
		err = put(ctx, "lost_reason", cells, sizeof(cells) / sizeof(cells[0]), &id);
	}
	return err;
}

static enum err begin(struct ctx *ctx, void *arg)
{
	const struct actor *before = ctx->actor;
	int64_t n, pipeline;
	(void)arg;
	ctx->actor = gate_system();
	enum err err = deal_ask(ctx, &sql_pipelines, 0, &n);
	const struct cell cells[] = {{"name", "Sales", 0}, {"name_zh", "销售", 0}, {"is_default", NULL, 1}, {"position", NULL, 0}};
	if (err == OK && n == 0) {
		err = put(ctx, "pipeline", cells, sizeof(cells) / sizeof(cells[0]), &pipeline);
		if (err == OK)
			err = put_stages(ctx, pipeline);
		if (err == OK)
			err = put_reasons(ctx);
	}
	ctx->actor = before;
	return err;
}

const struct migration deals_steps[DEALS_STEPS] = {{1, "a pipeline to begin with, and reasons for losing", NULL, NULL, begin}};
