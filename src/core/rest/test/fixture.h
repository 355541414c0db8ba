/* A small shop for the tests of this folder: descriptors, a store on either engine,
 * rows, and people with different rights. */
#ifndef GUANXI_CORE_REST_FIXTURE_H
#define GUANXI_CORE_REST_FIXTURE_H

#include "core/entity/entity.h"
#include "core/gate/gate.h"
#include "core/store/store.h"

enum { TEAM_E, USER_E, TAG_E, CUSTOMER_E, ORDER_E, LINE_E, NOTE_E, SHOP_ENTITIES };

enum {
	CUSTOMERS = 40, /* ids 101 … 140 */
	ORDERS = 90,    /* ids 1001 … 1090; of customers 101 to 130, three each */
};

struct shop {
	struct arena arena, request;
	struct ctx ctx;
	struct store *store;
	struct registry *registry;
	struct db *db;
	char dir[64];
};

/* Whether a PostgreSQL server was given (GUANXI_TEST_PG). */
bool shop_has_postgres(void);
void shop_open(struct shop *shop, enum engine engine);
void shop_close(struct shop *shop);
/* Forgets the last request's memory and faults. */
struct ctx *shop_request(struct shop *shop, const struct actor *actor);
const struct entity_info *shop_info(const struct shop *shop, size_t entity);

/* Rights as access would make them; they live as long as the program. */
const struct actor *shop_boss(void);    /* everything */
const struct actor *shop_seller(void);  /* user 12: own customers and orders, phone masked, credit hidden */
const struct actor *shop_leader(void);  /* user 11: team 1 and team 2 below it */
const struct actor *shop_clerk(void);   /* user 13: branch 5; reads customers, not orders */
const struct actor *shop_nobody(void);  /* no rights at all */

#endif
