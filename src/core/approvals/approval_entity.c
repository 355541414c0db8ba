/* The records of what is asked for, and of who decides it; kept by the program alone, shown by routes of their own. */
#include "core/approvals/approvals_internal.h"

static const struct option states[] = {
	{"waiting", {"Waits for approval", "待审批"}, "warn"},
	{"approved", {"Approved and done", "已批准并执行"}, "good"},
	{"rejected", {"Rejected", "已拒绝"}, "bad"},
	{"withdrawn", {"Withdrawn", "已撤回"}, "quiet"},
	{"conflict", {"Changed meanwhile", "期间已被修改"}, "bad"},
	{"failed", {"Could not be done", "未能执行"}, "bad"},
	{"ended", {"Nobody needs it any more", "已失效"}, "quiet"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field fields[] = {
	{.name = "entity", .type = FIELD_CODE, .label = {"Of", "对象"}, .max = 60, .flags = F_REQUIRED | F_READONLY},
	{.name = "record_id", .type = FIELD_INT, .label = {"Record", "记录"}, .flags = F_REQUIRED | F_READONLY, .help = {"0: a new one", "0 表示新建"}},
	{.name = "title", .type = FIELD_TEXT, .label = {"What it is about", "标题"}, .max = 300, .flags = F_READONLY},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = states, .fallback = "waiting", .flags = F_REQUIRED | F_READONLY},
	{.name = "step", .type = FIELD_INT, .label = {"Step", "当前步骤"}, .fallback = "0", .flags = F_REQUIRED | F_READONLY},
	{.name = "asker_id", .type = FIELD_LINK, .label = {"Asked by", "申请人"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_READONLY},
	{.name = "reason", .type = FIELD_NOTE, .label = {"Reason", "理由"}, .max = 2000, .flags = F_READONLY},
	{.name = "change", .type = FIELD_JSON, .label = {"Wanted change", "申请的修改"}, .max = APPROVAL_JSON_MAX, .flags = F_REQUIRED | F_READONLY},
	{.name = "diff", .type = FIELD_JSON, .label = {"Before and after", "修改前后"}, .max = 4 * APPROVAL_JSON_MAX, .flags = F_REQUIRED | F_READONLY},
	{.name = "seen_version", .type = FIELD_INT, .label = {"Version seen", "申请时的版本"}, .flags = F_READONLY},
	{.name = "rules", .type = FIELD_JSON, .label = {"Rules", "规则"}, .max = APPROVAL_JSON_MAX, .flags = F_REQUIRED | F_READONLY},
	{.name = "steps", .type = FIELD_JSON, .label = {"Steps", "步骤"}, .max = APPROVAL_JSON_MAX, .flags = F_REQUIRED | F_READONLY},
	{.name = "outcome", .type = FIELD_NOTE, .label = {"Outcome", "结果说明"}, .max = 2000, .flags = F_READONLY},
	{.name = "ended_at", .type = FIELD_TIME, .label = {"Ended", "结束时间"}, .flags = F_READONLY},
	{.name = "again_of_id", .type = FIELD_LINK, .label = {"Asked again after", "上次申请"}, .link = "approval", .on_delete = DELETE_SET_NULL, .flags = F_READONLY},
};

static const char *const indexes[] = {"entity,record_id,state", "asker_id,state", "again_of_id", NULL};

const struct entity approval_entity = {
	.name = "approval",
	.plural = "approvals",
	.label = {"Approval", "审批"},
	.label_many = {"Approvals", "审批"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.title = "title",
	.sort = "id.desc",
	.flags = E_INTERNAL | E_NO_API_WRITE,
	.indexes = indexes,
};

static const struct option voter_states[] = {
	{"open", {"Is asked", "待处理"}, "warn"}, {"yes", {"Approved", "同意"}, "good"}, {"no", {"Rejected", "拒绝"}, "bad"},
	{"spared", {"Not needed any more", "无需处理"}, "quiet"}, {NULL, {NULL, NULL}, NULL},
};

static const struct field voter_fields[] = {
	{.name = "approval_id", .type = FIELD_LINK, .label = {"Approval", "审批"}, .link = "approval", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_READONLY},
	{.name = "step", .type = FIELD_INT, .label = {"Step", "步骤"}, .flags = F_REQUIRED | F_READONLY},
	{.name = "user_id", .type = FIELD_LINK, .label = {"Who", "审批人"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_READONLY},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = voter_states, .fallback = "open", .flags = F_REQUIRED | F_READONLY},
	{.name = "word", .type = FIELD_NOTE, .label = {"Word", "意见"}, .max = 2000, .flags = F_READONLY},
	{.name = "decided_at", .type = FIELD_TIME, .label = {"Decided", "处理时间"}, .flags = F_READONLY},
};

static const char *const voter_indexes[] = {"approval_id,step,user_id", "user_id,state,approval_id", NULL};

const struct entity approval_voter_entity = {
	.name = "approval_voter",
	.plural = "approval_voters",
	.label = {"Decision", "审批意见"},
	.label_many = {"Decisions", "审批意见"},
	.fields = voter_fields,
	.n_fields = sizeof(voter_fields) / sizeof(voter_fields[0]),
	.title = "state",
	.sort = "id.asc",
	.flags = E_INTERNAL | E_NO_API_WRITE,
	.indexes = voter_indexes,
};
