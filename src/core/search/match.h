/* Whether, and how well, a record's source answers what was typed. */
#ifndef GUANXI_CORE_SEARCH_MATCH_H
#define GUANXI_CORE_SEARCH_MATCH_H

#include "core/gate/gate.h"
#include "core/search/typed.h"

/* Better is larger. */
enum tier {
	TIER_NONE = 0,
	TIER_TYPO = 10,
	TIER_FRAGMENT = 30,
	TIER_START = 50,  /* every word typed starts a word */
	TIER_WORD = 60,   /* every word typed is a word */
	TIER_PREFIX = 80, /* a field starts so */
	TIER_FIRST = 85,  /* a field starts with just these words */
	TIER_SOUND = 90,  /* a name is read so */
	TIER_EXACT = 100, /* a field is just that */
};

/* Fields the actor may not read do not count. */
enum tier match_source(const struct typed *typed, const char *source, const struct actor *actor, size_t entity);
/* Changes of one letter, or swaps of two neighbours, that make one of the other; more than `max` is max + 1. */
size_t match_distance(const char *a, size_t na, const char *b, size_t nb, size_t max);
/* Typing errors allowed in a word of so many letters. */
size_t match_errors_allowed(size_t chars);

#endif
