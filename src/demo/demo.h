/* The sample shop: real orders under made-up names, so that every page has something to show. */
#ifndef GUANXI_DEMO_DEMO_H
#define GUANXI_DEMO_DEMO_H

#include <stdio.h>

#include "base/ctx.h"
#include "core/store/store.h"

/* Staff, places and tags. In a write job; fills `ret`. */
struct demo_house {
	int64_t users[8], teams[3], branches[2], regions[2], tags[6], channel;
};
enum err demo_house_make(struct ctx *ctx, struct demo_house *ret) MUST_CHECK;

/* Copies the order lines with their dates moved by whole days, so that the last
 * order falls on the day before now. */
enum err demo_move_dates(struct ctx *ctx, const char *from, const char *to) MUST_CHECK;

/* Gives every customer without a name of their own a person or firm, an owner, a stage and
 * level from what they bought, addresses, consents, contacts. `house` as made before. */
enum err demo_people(struct ctx *ctx, const struct demo_house *house, FILE *progress) MUST_CHECK;

/* Price books, a promotion, quotes in every state, and the order of the one that was accepted. After demo_people. */
enum err demo_prices(struct ctx *ctx, FILE *progress) MUST_CHECK;

/* Categories for the products, payments and shipments for the orders of the last two months. After demo_people. */
enum err demo_trade(struct ctx *ctx, FILE *progress) MUST_CHECK;

/* What customers brought to the service: topics, promises, standard answers, cases in every state. After demo_trade. */
enum err demo_service(struct ctx *ctx, const struct demo_house *house, FILE *progress) MUST_CHECK;
/* The mails of those cases that came by mail. In a write job, after demo_service. */
enum err demo_mails(struct ctx *ctx, void *arg) MUST_CHECK;
/* Deals in three pipelines with their histories, and what is planned for them. After demo_people. */
enum err demo_deals(struct ctx *ctx, FILE *progress) MUST_CHECK;

/* Some customers a second time, and the search for duplicates queued. After demo_people, last of what makes customers. */
enum err demo_twins(struct ctx *ctx, FILE *progress) MUST_CHECK;

/* What is owed and paid on account, and contracts. After demo_people. */
enum err demo_money(struct ctx *ctx, FILE *progress) MUST_CHECK;

/* Returns in every state, serial numbers with and without warranty, a recall; by demo_service, after demo_trade. */
enum err demo_returns(struct ctx *ctx, FILE *progress) MUST_CHECK;

/* Segments of customers, filled once the program serves, and campaigns over them. In a write job. */
enum err demo_segments(struct ctx *ctx, void *arg) MUST_CHECK;
/* A campaign that is over, with its results, and one that runs; by demo_segments. */
enum err demo_campaigns(struct ctx *ctx) MUST_CHECK;

/* Web forms with what came in by them; by demo_segments. */
enum err demo_webforms(struct ctx *ctx) MUST_CHECK;
/* Approval rules, requests that wait and some that were decided; by demo_segments. */
enum err demo_approvals(struct ctx *ctx) MUST_CHECK;

/* Public pools with customers in them, rules that recall; families, staff and groups of firms. In a write job, after demo_deals. */
enum err demo_pool(struct ctx *ctx, void *arg) MUST_CHECK;

/* Plans of commission, a month that is closed, and what came back of it. In a write job, after demo_trade. */
enum err demo_commission(struct ctx *ctx, void *arg) MUST_CHECK;

#endif
