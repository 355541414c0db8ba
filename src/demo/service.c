/* What customers brought: topics, promises, standard answers, and forty cases in every state, in both languages. */
#include "base/str.h"
#include "base/timeutil.h"
#include "core/entity/entity.h"
#include "demo/demo.h"

enum { MINUTE_MS = 60 * 1000, CASES = 40, TOPICS = 6 };

struct matter {
	bool chinese;
	const char *subject, *kind, *channel, *ask, *answer, *again;
	int topic;
};

static const struct matter matters[] = {
	{true, "快递三天没动了", "question", "wechat", "我的包裹停在杭州转运中心三天了，能帮我催一下吗？孩子生日要用。", "您好，已联系快递加急，预计明天送达，送到后我再跟您确认。", "还是没有更新，今天都第四天了。", 0},
	{false, "Parcel says delivered, nothing here", "question", "email", "Tracking says delivered yesterday but there is nothing at my door and my neighbours have not seen it.", "I am sorry about that. I have opened an enquiry with the carrier and will write again by tomorrow noon.", "Still nothing. What happens now?", 0},
	{true, "杯子碎了两个", "complaint", "chat", "收到一箱马克杯碎了两个，包装太差了，气死人，赶紧给我处理！", "非常抱歉！麻烦您拍一张照片，我们今天补发两个，不需要您退回。", NULL, 1},
	{false, "Lights stopped working after a week", "complaint", "email", "The string lights stopped working after one week. Very disappointed, I want my money back.", NULL, NULL, 1},
	{true, "想开增值税专用发票", "request", "phone", "上周的订单要开专票，抬头和税号我发您邮箱了。", "收到，发票今天开出，电子版发到您邮箱。", "谢谢，已经收到了。", 2},
	{false, "VAT invoice for order", "request", "form", "Could you send me a VAT invoice with our company name on it? Our accountant needs it by Friday.", "Of course, here it is as a PDF. Let me know if anything is missing.", "Perfect, thank you for the quick reply.", 2},
	{true, "退款什么时候到账", "question", "wechat", "退货你们上周就签收了，退款怎么还没到？", "退款已于周一提交，支付宝一般三个工作日到账，我帮您盯着。", NULL, 3},
	{false, "Refund shows a lower amount", "complaint", "email", "You refunded less than I paid. Nobody told me about a restocking fee. This is unacceptable.", "I have checked your order and the fee was charged by mistake. The difference is on its way.", NULL, 3},
	{true, "尺寸和页面不一样", "return", "chat", "收纳盒页面写30厘米，实际只有25，放不进去，想退掉。", NULL, NULL, 4},
	{false, "Wrong colour in the box", "return", "chat", "I ordered the red cake tins and got blue ones. Can you exchange them?", "Sorry for the mix-up! A label for the return is in your inbox, the red ones leave today.", NULL, 4},
	{true, "批量采购能便宜吗", "question", "phone", "公司年会想订两百份礼盒，能给什么价？能印logo吗？", "可以的，两百份九折，印logo另加每份两元，报价单已发您。", "好的，我跟领导确认后回复。", 5},
	{false, "Wholesale price for 50 lamps", "question", "email", "We run a small shop in Leeds and would like to order 50 lamps. Is there a trade price?", NULL, NULL, 5},
	{true, "客服态度太差", "complaint", "phone", "昨天打电话问退款，客服爱理不理还挂我电话，你们就这样做生意？要投诉！", NULL, NULL, 3},
	{true, "蜡烛味道很好，想再买", "question", "wechat", "上次买的桂花蜡烛很喜欢，什么时候补货？", "谢谢喜欢！下周三补货，到货我通知您。", "太好了，谢谢！", 5},
	{false, "How do I clean the enamel mug?", "question", "form", "Can the enamel mugs go in the dishwasher?", "Yes, but hand washing keeps the rim nicer for longer.", "Thanks, very helpful!", 5},
	{true, "少发了一件", "complaint", "chat", "订单里三件只收到两件，缺了贺卡，麻烦补发。", "已查到仓库漏装，今天顺丰补发，单号稍后给您。", NULL, 1},
};
enum { MATTERS = sizeof(matters) / sizeof(matters[0]) };

static const struct {
	const char *name, *priority, *questions;
	int parent;
} topics[TOPICS + 1] = {
	{"物流 Delivery", "normal", "运单号是多少？\nWhen was it to arrive?", -1}, {"破损缺件 Damaged or missing", "high", "哪件商品？\nIs there a photo?", -1},
	{"发票 Invoice", "low", "抬头和税号？", -1}, {"退款 Refund", "high", "哪个订单？\nHow was it paid?", -1},
	{"退换货 Returns", "normal", "退还是换？\nUnused?", -1}, {"售前 Before buying", "low", NULL, -1}, {"退款少了 Too little refunded", "urgent", NULL, 3},
};

static const struct {
	const char *name, *word, *body, *then;
	int topic;
} answers[] = {
	{"催快递", "kd", "{name}您好，订单 {order} 的包裹我们已联系快递加急处理，有消息马上告诉您。", "waiting_other", 0},
	{"Parcel enquiry", "parcel", "Dear {name}, I have opened an enquiry with the carrier about order {order} and will write again by tomorrow.", "waiting_other", 0},
	{"补发", "bf", "{name}您好，非常抱歉！我们今天补发，不需要您退回。", "waiting_customer", 1},
	{"Replacement", "replace", "Dear {name}, I am very sorry. A replacement leaves today; there is no need to send anything back.", "waiting_customer", 1},
	{"退款进度", "tk", "{name}您好，退款已提交，一般三个工作日原路到账。工单 {case} 我会一直跟进。", "waiting_customer", 3},
	{"Solved?", "done", "Is everything in order now? If so, you need not answer.", "solved", 5},
};

struct made {
	const struct demo_house *house;
	int64_t topics[TOPICS + 1];
	struct {
		int64_t customer, order, placed_at;
		bool chinese;
	} buyers[CASES];
	size_t n_buyers, n_cases;
};

static enum err set_text(struct ctx *ctx, struct record *r, const char *field, const char *text)
{
	return str_empty(text) ? OK : record_set(ctx, r, field, value_text(text));
}

static enum err make_topics(struct ctx *ctx, struct made *m)
{
	enum err err = OK;
	for (int i = 0; i <= TOPICS && err == OK; i++) {
		struct record *r;
		err = record_new(ctx, registry_find(ctx->registry, "case_topic"), &r);
		if (err == OK)
			err = set_text(ctx, r, "name", topics[i].name);
		if (err == OK)
			err = set_text(ctx, r, "priority", topics[i].priority);
		if (err == OK)
			err = set_text(ctx, r, "questions", topics[i].questions);
		if (err == OK)
			err = record_set(ctx, r, "team_id", value_int(m->house->teams[1]));
		if (err == OK)
			err = record_set(ctx, r, "position", value_int(i));
		if (err == OK && topics[i].parent >= 0)
			err = record_set(ctx, r, "parent_id", value_int(m->topics[topics[i].parent]));
		if (err == OK)
			err = record_create(ctx, r, W_TRUSTED);
		m->topics[i] = err == OK ? record_id(r) : 0;
	}
	return err;
}

static enum err make_promises(struct ctx *ctx, const struct made *m)
{
	static const struct {
		const char *name, *kind, *level;
		int first, next, solve, escalate;
	} all[] = {{"贵宾 VIP", NULL, "vip", 30, 60, 480, 30}, {"投诉 Complaints", "complaint", NULL, 60, 120, 960, 60}, {"一般 Everybody", NULL, NULL, 240, 480, 2400, -1}};
	enum err err = OK;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && err == OK; i++) {
		struct record *r;
		err = record_new(ctx, registry_find(ctx->registry, "sla_policy"), &r);
		const struct {
			const char *field;
			int64_t value;
		} numbers[] = {{"position", (int64_t)i}, {"first_minutes", all[i].first}, {"next_minutes", all[i].next}, {"solve_minutes", all[i].solve}};
		if (err == OK)
			err = set_text(ctx, r, "name", all[i].name);
		if (err == OK)
			err = set_text(ctx, r, "when_kind", all[i].kind);
		if (err == OK)
			err = set_text(ctx, r, "when_level", all[i].level);
		for (size_t j = 0; j < 4 && err == OK; j++)
			err = record_set(ctx, r, numbers[j].field, value_int(numbers[j].value));
		if (err == OK && all[i].escalate >= 0)
			err = record_set(ctx, r, "escalate_minutes", value_int(all[i].escalate));
		if (err == OK && all[i].escalate >= 0)
			err = record_set(ctx, r, "escalate_to_id", value_int(m->house->users[0]));
		if (err == OK)
			err = record_create(ctx, r, W_TRUSTED);
	}
	return err;
}

static enum err make_answers(struct ctx *ctx, const struct made *m)
{
	enum err err = OK;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]) && err == OK; i++) {
		struct record *r;
		err = record_new(ctx, registry_find(ctx->registry, "macro"), &r);
		if (err == OK)
			err = set_text(ctx, r, "name", answers[i].name);
		if (err == OK)
			err = set_text(ctx, r, "short", answers[i].word);
		if (err == OK)
			err = set_text(ctx, r, "body", answers[i].body);
		if (err == OK)
			err = set_text(ctx, r, "then_state", answers[i].then);
		if (err == OK)
			err = record_set(ctx, r, "topic_id", value_int(m->topics[answers[i].topic]));
		if (err == OK)
			err = record_create(ctx, r, W_TRUSTED);
	}
	return err;
}

static enum err settle(struct ctx *ctx, void *arg)
{
	struct made *m = arg;
	enum err err = make_topics(ctx, m);
	if (err == OK)
		err = make_promises(ctx, m);
	return err == OK ? make_answers(ctx, m) : err;
}

/* The newest orders of as many customers. */
static enum err read_buyers(struct ctx *ctx, struct made *m)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db,
		"SELECT o.customer_id, max(o.id), max(o.placed_at), max(CASE WHEN c.country = 'CN' THEN 1 ELSE 0 END) FROM \"order\" o JOIN customer c ON c.id = o.customer_id "
		"WHERE o.kind = 'sale' GROUP BY o.customer_id ORDER BY max(o.placed_at) DESC, o.customer_id LIMIT 40", &stmt);
	if (err != OK)
		return err;
	while (m->n_buyers < CASES && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		m->buyers[m->n_buyers].customer = stmt_i64(stmt, 0);
		m->buyers[m->n_buyers].order = stmt_i64(stmt, 1);
		m->buyers[m->n_buyers].placed_at = stmt_i64(stmt, 2);
		m->buyers[m->n_buyers++].chinese = stmt_i64(stmt, 3) != 0;
	}
	stmt_done(stmt);
	return err;
}

static enum err say(struct ctx *ctx, int64_t case_id, const char *kind, const char *channel, const char *body, int64_t at, const char *then)
{
	struct record *r;
	if (body == NULL)
		return OK;
	enum err err = record_new(ctx, registry_find(ctx->registry, "case_message"), &r);
	if (err == OK)
		err = record_set(ctx, r, "case_id", value_int(case_id));
	if (err == OK)
		err = set_text(ctx, r, "kind", kind);
	if (err == OK)
		err = set_text(ctx, r, "channel", channel);
	if (err == OK)
		err = set_text(ctx, r, "body", body);
	if (err == OK)
		err = record_set(ctx, r, "at", value_int(at));
	if (err == OK)
		err = set_text(ctx, r, "then_state", then);
	return err == OK ? record_create(ctx, r, W_TRUSTED) : err;
}

struct cell {
	const char *field, *text; /* as the API reads it; NULL with id 0: left out */
	int64_t id;
};

static enum err set_cells(struct ctx *ctx, struct record *r, const struct cell *cells, size_t n)
{
	enum err err = OK;
	for (size_t i = 0; i < n && err == OK; i++)
		err = cells[i].id != 0 ? record_set(ctx, r, cells[i].field, value_int(cells[i].id)) : set_text(ctx, r, cells[i].field, cells[i].text);
	return err;
}

static enum err open_case(struct ctx *ctx, const struct made *m, size_t i, const struct matter *what, int64_t opened, int64_t owner, int64_t *ret)
{
	struct record *r;
	const char *severity = str_equal(what->kind, "complaint") ? (i % 3 == 0 ? "major" : "minor") : NULL;
	const struct cell cells[] = {
		{"subject", what->subject, 0}, {"kind", what->kind, 0}, {"channel", what->channel, 0}, {"severity", severity, 0},
		{"customer_id", NULL, m->buyers[i].customer}, {"order_id", NULL, what->topic != 5 ? m->buyers[i].order : 0},
		{"topic_id", NULL, m->topics[what->topic]}, {"opened_at", NULL, opened},
	};
	enum err err = record_new(ctx, registry_find(ctx->registry, "case"), &r);
	if (err == OK)
		err = set_cells(ctx, r, cells, sizeof(cells) / sizeof(cells[0]));
	if (err == OK)
		err = record_set(ctx, r, "owner_id", owner != 0 ? value_int(owner) : value_null());
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	*ret = err == OK ? record_id(r) : 0;
	return err;
}

/* The next matter in the customer's language. */
static const struct matter *matter_for(const struct made *m, size_t i)
{
	for (size_t k = 0; k < MATTERS; k++) {
		if (matters[(i + k) % MATTERS].chinese == m->buyers[i].chinese)
			return &matters[(i + k) % MATTERS];
	}
	return &matters[i % MATTERS];
}

static enum err talk(struct ctx *ctx, size_t i, const struct matter *what, int64_t id, int64_t opened)
{
	static const char *const ends[] = {NULL, "open", "waiting_customer", "waiting_other", "solved", NULL, "solved", "open"};
	int64_t now = ctx_now(ctx);
	const char *end = ends[i % 8], *answer = what->answer;
	if (answer == NULL)
		answer = what->chinese ? "您好，我们正在核实，今天内答复您。" : "Thank you for writing. We are looking into it and will answer today.";
	enum err err = say(ctx, id, "in", what->channel, what->ask, opened, NULL);
	if (err == OK && end != NULL)
		err = say(ctx, id, "out", what->channel, answer, opened + (now - opened) / 3, end);
	if (err == OK && i % 8 == 3)
		err = say(ctx, id, "note", NULL, what->chinese ? "已致电快递，对方答应明早回电。" : "Called the carrier, they ring back tomorrow morning.", opened + (now - opened) / 2, NULL);
	if (err == OK && i % 8 == 1)
		err = say(ctx, id, "in", what->channel, what->again, opened + (now - opened) / 2, NULL);
	return err;
}

/* One matter each, in the customer's language where there is one; the states go round. */
static enum err make_one(struct ctx *ctx, struct made *m, size_t i)
{
	const struct matter *what = matter_for(m, i);
	int64_t id, clerk = m->house->users[3 + i % 2], opened = ctx_now(ctx) - (int64_t)(20 + i * i * 3) * MINUTE_MS;
	enum err err = open_case(ctx, m, i, what, opened, i % 8 == 0 ? 0 : clerk, &id);
	if (err == OK)
		err = talk(ctx, i, what, id, opened);
	m->n_cases += err == OK;
	return err;
}

static enum err make_cases(struct ctx *ctx, void *arg)
{
	struct made *m = arg;
	enum err err = OK;
	m->n_cases = 0;
	for (size_t i = 0; i < m->n_buyers && err == OK; i++)
		err = make_one(ctx, m, i);
	return err;
}

enum err demo_service(struct ctx *ctx, const struct demo_house *house, FILE *progress)
{
	struct made m = {.house = house};
	enum err err = read_buyers(ctx, &m);
	if (err == OK)
		err = store_write(ctx, ctx->store, settle, &m);
	if (err == OK)
		err = store_write(ctx, ctx->store, make_cases, &m);
	if (err == OK)
		err = store_write(ctx, ctx->store, demo_mails, NULL);
	if (err == OK)
		fprintf(progress, "%zu cases of theirs were opened\n", m.n_cases);
	return err == OK ? demo_returns(ctx, progress) : err;
}
