/* Who works with which registry.
 *
 * Holding is one addition: `current` has the newest one's slot in its upper bits and below how often it was taken; giving back is
 * one subtraction at the registry itself.  While it is the newest its own number is therefore only what was given back; when it is
 * followed, what was taken is added, and whoever brings the number to nothing after that frees it (split reference counts, as in
 * A. Williams, C++ Concurrency in Action, 2012, §7.2.4).  The first one is not counted: it lives as long as all. */
#include <stdlib.h>

#include "core/entity/entity_internal.h"

static const int SLOT_SHIFT = 48;
static const uint64_t TAKEN_MASK = (UINT64_C(1) << 48) - 1;

void registry_hold_first(struct registry_root *root, struct registry *first)
{
	root->first = root->slots[0] = first;
	first->number = root->numbers = 1;
	atomic_init(&root->current, 0);
}

struct registry *registry_hold(struct registry *any)
{
	if (!any)
		return NULL;
	struct registry_root *root = any->root;
	uint64_t seen = atomic_fetch_add_explicit(&root->current, 1, memory_order_acq_rel);
	return root->slots[seen >> SLOT_SHIFT];
}

static void end(struct registry *registry)
{
	struct registry_root *root = registry->root;
	pthread_mutex_lock(&root->following);
	root->slots[registry->slot] = NULL;
	pthread_mutex_unlock(&root->following);
	registry_dispose(registry);
}

void registry_release(struct registry *registry)
{
	if (registry && registry != registry->root->first && atomic_fetch_sub_explicit(&registry->refs, 1, memory_order_acq_rel) == 1)
		end(registry);
}

static bool free_slot(struct registry_root *root, size_t *ret)
{
	for (size_t i = 0; i < REGISTRY_SLOTS; i++)
		if (!root->slots[i]) {
			*ret = i;
			return true;
		}
	return false;
}

/* Puts it in its slot and makes it the newest; the one before is then held by those alone who took it. */
static bool put(struct registry_root *root, struct registry *next)
{
	pthread_mutex_lock(&root->following);
	bool room = free_slot(root, &next->slot);
	if (room) {
		next->number = ++root->numbers;
		root->slots[next->slot] = next;
	}
	pthread_mutex_unlock(&root->following);
	if (!room)
		return false;
	uint64_t before = atomic_exchange_explicit(&root->current, (uint64_t)next->slot << SLOT_SHIFT, memory_order_acq_rel);
	struct registry *last = root->slots[before >> SLOT_SHIFT];
	int64_t taken = (int64_t)(before & TAKEN_MASK);
	if (last != root->first && atomic_fetch_add_explicit(&last->refs, taken, memory_order_acq_rel) + taken == 0)
		end(last);
	return true;
}

enum err registry_follow(struct ctx *ctx, struct registry *any, const struct entity *const *list, size_t n, void *keep, void (*drop)(void *keep))
{
	struct registry *next = NULL;
	enum err err = registry_make(ctx, any->root, list, n, &next);
	if (err) {
		drop(keep);
		return err;
	}
	next->keep = keep;
	next->drop = drop;
	if (put(any->root, next))
		return OK;
	registry_dispose(next);
	return fail(ctx, ERR_RETRY, "", "registry_busy");
}

enum err registry_try_new(struct ctx *ctx, struct registry *any, const struct entity *const *list, size_t n, struct registry **ret)
{
	return registry_make(ctx, any->root, list, n, ret);
}

void registry_try_end(struct registry *tried)
{
	if (tried)
		registry_dispose(tried);
}

void registry_hold_end(struct registry_root *root)
{
	for (size_t i = 0; i < REGISTRY_SLOTS; i++)
		if (root->slots[i])
			registry_dispose(root->slots[i]);
}

uint64_t registry_number(const struct registry *registry)
{
	return registry->number;
}

uint64_t registry_oldest(struct registry *any)
{
	struct registry_root *root = any->root;
	uint64_t oldest = UINT64_MAX;
	pthread_mutex_lock(&root->following);
	for (size_t i = 0; i < REGISTRY_SLOTS; i++) {
		const struct registry *one = root->slots[i];
		bool idle = one == root->first && root->numbers > 1; /* only for those who live as long as all */
		if (one && !idle && one->number < oldest)
			oldest = one->number;
	}
	pthread_mutex_unlock(&root->following);
	return oldest;
}

const struct registry *registry_first(const struct registry *any)
{
	return any->root->first;
}
