/* The customer file: parties, how they are recognised and reached, what was said. */
#ifndef GUANXI_CUSTOMERS_CUSTOMERS_H
#define GUANXI_CUSTOMERS_CUSTOMERS_H

#include "core/entity/entity.h"
#include "core/warehouse/star.h"

extern const struct entity customer_entity, customer_alias_entity, party_role_entity, identifier_entity, address_entity, consent_entity,
	interaction_entity;

/* Whom the id of a customer who was merged into another means now; *ret 0: nobody was. */
enum err customer_alias_of(struct ctx *ctx, int64_t id, int64_t *ret) MUST_CHECK;

/* What one order, or one contact, adds to the figures kept on its customer. */
struct customer_trade {
	int64_t orders;     /* +1, 0 or -1 */
	int64_t base_minor; /* minor units of the base currency */
	int64_t unrated;    /* +1 where that amount is not known: another currency, and no rate */
	int64_t at_ms;      /* when; 0 if it does not move first or last */
};

/* In a write job: adds to the kept figures of one customer. A removal (orders < 0,
 * or at_ms 0 with `recount`) finds first and last order again by index. */
enum err customer_add_trade(struct ctx *ctx, int64_t customer_id, const struct customer_trade *trade, bool recount) MUST_CHECK;

/* Owner, team and branch of a customer, for what is made for them. */
struct customer_belongs {
	int64_t owner_id, team_id, branch_id;
};
enum err customer_belongs(struct ctx *ctx, int64_t customer_id, struct customer_belongs *ret) MUST_CHECK;

/* The record of that entity which an activity is about ("opportunity/461…"); 0: it is about none, or one of another. */
int64_t interaction_about(const struct record *interaction, const char *entity);
/* In a schema step: an activity need not have a customer. */
enum err interaction_loosen_upgrade(struct ctx *ctx, void *arg) MUST_CHECK;

/* Chinese names sort by pinyin, others by their folded letters. */
enum err customer_sort_name(struct ctx *ctx, const char *name, size_t n, const char **ret) MUST_CHECK;
/* In a schema step: names sort by the readings of now. Reads every customer. */
enum err customer_sort_names_upgrade(struct ctx *ctx) MUST_CHECK;
/* An identifier as it stands: a phone (its customer's country, else the firm's) in E.164, an address with a readable host; of other
 * kinds, and what is none, as it was given. */
enum err identifier_form(struct ctx *ctx, const char *kind, const char *text, int64_t customer, const char **ret) MUST_CHECK;
/* In a schema step: the identifiers of before stand so too; what they are compared by is to be made after it. */
enum err identifier_forms_upgrade(struct ctx *ctx) MUST_CHECK;
/* In a schema step: the fields that are kept beside others (days of birthdays) get their values. */
enum err customer_forms_upgrade(struct ctx *ctx) MUST_CHECK;

/* What the warehouse copies and counts of it. */
extern const struct star_table customers_stars[];

#endif
