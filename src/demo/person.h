/* Made-up people and places, the same for the same seed on every machine.  Names are
 * common ones put together by chance; phones lie in ranges that are not given to
 * anybody; mail addresses are under example.com, .org and .net (RFC 2606). */
#ifndef GUANXI_DEMO_PERSON_H
#define GUANXI_DEMO_PERSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SplitMix64 (Steele, Lea, Flood 2014): a stream of numbers for a seed. */
struct demo_random {
	uint64_t state;
};
void demo_random_init(struct demo_random *r, uint64_t seed);
uint64_t demo_random_next(struct demo_random *r);
uint32_t demo_random_below(struct demo_random *r, uint32_t n); /* 0 to n - 1; n > 0 */
double demo_random_unit(struct demo_random *r);                /* 0 to below 1 */
/* Number of events with this mean, geometric: many small, few large. */
uint32_t demo_random_skewed(struct demo_random *r, double mean);

struct demo_city {
	const char *country, *province, *city, *district;
	uint32_t weight; /* roughly by people */
};

struct demo_person {
	bool chinese, female;
	char name[96];
	char phone[24];  /* E.164 */
	char email[96];
	const struct demo_city *city;
	int birth_year, birth_month, birth_day;
	uint64_t number; /* of this person in its stream: makes phone and mail address unique */
};

/* Person number `number` of the stream `seed`: needs no others before it. */
void demo_person_make(uint64_t seed, uint64_t number, double chinese_share, struct demo_person *ret);
/* A made-up firm. */
void demo_company_make(uint64_t seed, uint64_t number, bool chinese, char *out, size_t size);

#endif
