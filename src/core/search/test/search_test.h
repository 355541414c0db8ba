/* What the files of this test share. */
#ifndef GUANXI_CORE_SEARCH_TEST_H
#define GUANXI_CORE_SEARCH_TEST_H

#include "core/store/test/world.h"

#include "core/search/search.h"

enum { CUSTOMER = 2, ORDER = 5, NOTE = 7, PRODUCT = 9, ENTITIES = 12 };
enum { NAME = 7, PHONE = 10, EMAIL = 11, TEXT = 12 };

extern struct world w;

/* A store of the engine with an empty index, the system as actor. */
void open_index(enum engine engine);
void close_index(void);

/* Within one job: the record with these fields (NULL: none), owned by owner, team, branch. */
struct put {
	size_t entity;
	int64_t id;
	const char *name, *phone, *email, *text;
	int64_t owner, team, branch;
	int rank;
};
void put_all(const struct put *list, size_t n);
void put_name(size_t entity, int64_t id, const char *name);
void remove_id(int64_t id);

/* Ids found, in order, as "3 1 2"; over all entities, at most ten each. */
const char *found(const char *typed);
const char *found_in(size_t entity, const char *typed, size_t max);
/* Rows of customers the list condition gives, as sorted ids. */
const char *listed(size_t entity, const char *typed);
void assert_whole(void);

int run_unit_tests(void);
int run_find_tests(enum engine engine);
int run_keep_tests(enum engine engine);
int run_same_tests(enum engine engine);

#endif
