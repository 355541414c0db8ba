/* Makes a shop's order lines of any size, the same for the same seed: see docs/generator.md.
 *
 *   guanxi-generate --customers N --lines M [--seed S] [--chinese 0.7] [--days 1460] [--until 2026-11-01]
 *
 * writes CSV on standard output: one line an order line, orders in the order of time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/decimal.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "demo/person.h"

struct options {
	uint64_t customers, lines, seed, days;
	double chinese;
	int64_t until_ms;
};

struct order {
	int64_t at_ms;
	uint32_t customer;
	uint32_t lines;
};

enum { PRODUCTS = 5000, FLUSH = 1 << 20 };

static const char *const goods_zh[] = {"保温杯", "蓝牙耳机", "羽绒服", "运动鞋", "茶叶礼盒", "护手霜", "台灯", "行李箱", "电饭煲", "儿童积木",
                                       "瑜伽垫", "雨伞", "面膜", "咖啡豆", "充电宝", "床上四件套"};
static const char *const goods_en[] = {"Insulated mug", "Desk lamp", "Canvas bag", "Garden lantern", "Tea towel set", "Wool scarf",
                                       "Picture frame", "Cake stand", "Storage tin", "Hot water bottle", "Alarm clock", "Bird feeder"};
static const char *const styles_zh[] = {"经典款", "轻奢版", "加厚", "便携", "升级版", "限量", "家用", "商务"};
static const char *const styles_en[] = {"red", "blue", "vintage", "large", "small", "travel", "classic", "striped"};
#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

/* Few people wake a shop at four in the morning; most buy after dinner. */
static int64_t time_of_day(struct demo_random *r)
{
	static const uint8_t weight[24] = {6, 3, 1, 1, 1, 2, 4, 7, 11, 14, 16, 15, 17, 15, 14, 14, 14, 13, 14, 18, 22, 24, 19, 11};
	uint32_t total = 0, hour = 0;
	for (int i = 0; i < 24; i++)
		total += weight[i];
	uint32_t at = demo_random_below(r, total);
	while (at >= weight[hour])
		at -= weight[hour++];
	return (int64_t)hour * 3600000 + demo_random_below(r, 3600000);
}

static int by_time(const void *a, const void *b)
{
	const struct order *x = a, *y = b;
	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	return x->customer < y->customer ? -1 : x->customer > y->customer;
}

/* A customer joins at some day, buys at a rate of their own, and falls silent at some
 * point: what BG/NBD assumes (Fader, Hardie and Lee 2005), so that models have something to find. */
static size_t plan(const struct options *o, struct order *orders, size_t max)
{
	size_t n = 0;
	double mean_lines = 3.2, mean_orders = (double)o->lines / (double)o->customers / mean_lines;
	for (uint64_t c = 0; c < o->customers && n < max; c++) {
		struct demo_random r;
		demo_random_init(&r, o->seed * 31 + c);
		/* every customer has at least one order */
		uint32_t count = 1 + demo_random_skewed(&r, fmax(mean_orders - 1.0, 0.05));
		double joined = demo_random_unit(&r) * (double)o->days * 0.95;
		double life = ((double)o->days - joined) * (demo_random_unit(&r) < 0.4 ? demo_random_unit(&r) : 1.0);
		for (uint32_t i = 0; i < count && n < max; i++) {
			double day = i == 0 ? joined : joined + demo_random_unit(&r) * life;
			orders[n++] = (struct order){
				.at_ms = o->until_ms - ((int64_t)((double)o->days - day)) * DAY_MS + time_of_day(&r),
				.customer = (uint32_t)c,
				.lines = 1 + demo_random_skewed(&r, mean_lines - 1.0),
			};
		}
	}
	qsort(orders, n, sizeof(*orders), by_time);
	return n;
}

struct product {
	char sku[16], name[64];
	int64_t price; /* minor units */
};

static void make_products(const struct options *o, struct product *products)
{
	struct demo_random r;
	demo_random_init(&r, o->seed ^ 0x5eed);
	for (uint32_t i = 0; i < PRODUCTS; i++) {
		struct product *p = &products[i];
		snprintf(p->sku, sizeof(p->sku), "SKU%05u", i);
		if (demo_random_unit(&r) < o->chinese)
			snprintf(p->name, sizeof(p->name), "%s %s", goods_zh[demo_random_below(&r, COUNT(goods_zh))],
			         styles_zh[demo_random_below(&r, COUNT(styles_zh))]);
		else
			snprintf(p->name, sizeof(p->name), "%s, %s", goods_en[demo_random_below(&r, COUNT(goods_en))],
			         styles_en[demo_random_below(&r, COUNT(styles_en))]);
		p->price = 199 + (int64_t)(exp(demo_random_unit(&r) * 5.5) * 100.0);
	}
}

static void put_line(struct buf *out, const struct order *order, uint64_t number, const struct demo_person *p, const struct product *item,
                     uint32_t position, uint32_t quantity)
{
	char when[TIME_TEXT_MAX], price[DECIMAL_TEXT_MAX];
	time_format(order->at_ms, when);
	decimal_format(item->price, 2, price);
	buf_printf(out, "SO%09llu,%u,%s,C%08u,", (unsigned long long)number, position, when, order->customer + 1);
	buf_puts(out, p->name);
	buf_putc(out, ',');
	buf_puts(out, p->phone);
	buf_putc(out, ',');
	buf_puts(out, p->email);
	buf_printf(out, ",%s,%s,%s,%s,\"%s\",%u,%s\n", p->city->country, p->city->province, p->city->city, item->sku, item->name, quantity,
	           price);
}

static int flush(struct buf *out)
{
	bool good = !buf_failed(out) && fwrite(buf_text(out), 1, out->len, stdout) == out->len;
	buf_reset(out);
	return good ? 0 : -1;
}

static int write_lines(const struct options *o, const struct order *orders, size_t n, const struct product *products)
{
	struct buf out;
	struct demo_random r;
	uint64_t written = 0;
	int status = 0;
	buf_init(&out, FLUSH * 2);
	demo_random_init(&r, o->seed + 17);
	buf_puts(&out, "order_no,line_no,placed_at,customer_no,name,phone,email,country,province,city,sku,product,quantity,unit_price\n");
	for (size_t i = 0; i < n && written < o->lines && status == 0; i++) {
		struct demo_person person;
		demo_person_make(o->seed, orders[i].customer, o->chinese, &person);
		for (uint32_t l = 0; l < orders[i].lines && written < o->lines; l++, written++) {
			/* product popularity falls as 1 / rank, roughly */
			uint32_t item = (uint32_t)(exp(demo_random_unit(&r) * log((double)PRODUCTS))) - 1;
			put_line(&out, &orders[i], i + 1, &person, &products[item % PRODUCTS], l + 1, 1 + demo_random_skewed(&r, 0.6));
		}
		if (out.len > FLUSH)
			status = flush(&out);
	}
	status = flush(&out) != 0 ? -1 : status;
	buf_release(&out);
	fprintf(stderr, "%llu lines, %zu orders, %llu customers, seed %llu\n", (unsigned long long)written, n,
	        (unsigned long long)o->customers, (unsigned long long)o->seed);
	return status;
}

static bool read_options(int argc, char **argv, struct options *o)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		const char *name = argv[i], *value = argv[i + 1];
		char *end;
		bool good = false;
		if (str_equal(name, "--customers"))
			good = str_to_u64(value, &o->customers);
		else if (str_equal(name, "--lines"))
			good = str_to_u64(value, &o->lines);
		else if (str_equal(name, "--seed"))
			good = str_to_u64(value, &o->seed);
		else if (str_equal(name, "--days"))
			good = str_to_u64(value, &o->days);
		else if (str_equal(name, "--until"))
			good = time_parse(value, &o->until_ms);
		else if (str_equal(name, "--chinese")) {
			o->chinese = strtod(value, &end);
			good = *end == '\0' && o->chinese >= 0 && o->chinese <= 1;
		}
		if (!good)
			return false;
	}
	return argc % 2 == 1 && o->customers > 0 && o->customers <= UINT32_MAX / 2 && o->lines > 0 && o->lines < (1u << 30) && o->days > 0;
}

int main(int argc, char **argv)
{
	struct options o = {.customers = 10000, .lines = 50000, .seed = 1, .days = 1460, .chinese = 0.7};
	if (!time_parse("2026-11-01", &o.until_ms) || !read_options(argc, argv, &o)) {
		fprintf(stderr, "usage: guanxi-generate [--customers N] [--lines M] [--seed S] [--chinese 0..1] [--days D] [--until DATE]\n");
		return 2;
	}
	size_t max = o.lines + o.customers;
	struct order *orders = malloc(max * sizeof(*orders));
	struct product *products = malloc(PRODUCTS * sizeof(*products));
	int status = -1;
	if (orders != NULL && products != NULL) {
		make_products(&o, products);
		status = write_lines(&o, orders, plan(&o, orders, max), products);
	}
	free(orders);
	free(products);
	return status == 0 && fflush(stdout) == 0 ? 0 : 1;
}
