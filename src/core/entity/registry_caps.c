/* Rights that belong to no entity, by name: core/gate's own, then those that folders name in their manifests. */
#include <string.h>

#include "base/str.h"
#include "core/entity/entity_internal.h"

/* In the order of enum capability. */
static const struct cap_name own[] = {
	{"admin", {"Settings and integrations", "系统设置与集成"}},
	{"users", {"Users, teams and roles", "用户、团队与角色"}},
	{"audit", {"Read the audit trail", "查看审计日志"}},
	{"bulk", {"Change or delete many records at once", "批量修改与删除"}},
	{"assign", {"Hand records to others", "转移负责人"}},
	{"tokens", {"Make API tokens", "创建 API 令牌"}},
};

void registry_caps_begin(struct registry *registry, const struct registry *first)
{
	if (first) {
		memcpy(registry->caps, first->caps, sizeof(registry->caps));
		registry->n_caps = first->n_caps;
		return;
	}
	registry->n_caps = sizeof(own) / sizeof(own[0]);
	for (unsigned i = 0; i < registry->n_caps; i++)
		registry->caps[i] = &own[i];
}

uint32_t registry_cap(const struct registry *registry, const char *name)
{
	for (unsigned i = 0; name && i < registry->n_caps; i++)
		if (str_equal(registry->caps[i]->name, name))
			return UINT32_C(1) << i;
	return 0;
}

uint32_t registry_cap_named(const struct registry *registry)
{
	uint32_t all = registry->n_caps < 32 ? (UINT32_C(1) << registry->n_caps) - 1 : UINT32_MAX;
	return all & ~((UINT32_C(1) << sizeof(own) / sizeof(own[0])) - 1);
}

const struct cap_name *registry_cap_at(const struct registry *registry, unsigned bit)
{
	return bit < registry->n_caps ? registry->caps[bit] : NULL;
}

static enum err wrong(struct ctx *ctx, const char *name, const char *why)
{
	return fail_arg(ctx, ERR_BUG, name, "descriptor", why);
}

/* What descriptors ask for is there. */
static enum err check_asked(struct ctx *ctx, const struct registry *registry, const struct entity_state *state)
{
	for (size_t i = 0; i < state->n_moves; i++)
		for (const struct transition *t = state->info.fields[state->moves[i]]->transitions; t->name; t++)
			if (t->cap && !registry_cap(registry, t->cap))
				return wrong(ctx, t->cap, "no such capability");
	return OK;
}

enum err registry_caps(struct ctx *ctx, struct registry *registry, const struct cap_name *const *tables)
{
	enum err err = OK;
	for (; *tables; tables++)
		for (const struct cap_name *cap = *tables; cap->name; cap++) {
			if (registry_cap(registry, cap->name))
				return wrong(ctx, cap->name, "capability stands twice");
			if (registry->n_caps == REGISTRY_CAPS_MAX)
				return wrong(ctx, cap->name, "too many capabilities");
			if (str_empty(cap->label.en) || str_empty(cap->label.zh))
				return wrong(ctx, cap->name, "missing label");
			registry->caps[registry->n_caps++] = cap;
		}
	for (size_t i = 0; !err && i < registry->n; i++)
		err = check_asked(ctx, registry, &registry->list[i]);
	return err;
}
