/* Inside linkage: what its files share. */
#ifndef GUANXI_LINKAGE_INTERNAL_H
#define GUANXI_LINKAGE_INTERNAL_H

#include <stdlib.h>

#include "base/buf.h"
#include "linkage/intern.h"
#include "linkage/linkage.h"

/* Three bits a field make a pair's pattern. */
enum { LEVELS = 7, EXACT = 6, NOTHING = 7, SIGNS_MAX = 64, TOKENS_MAX = 96, PASSES_MAX = 24, THREADS_MAX = 8 };

/* --- signs ------------------------------------------------------------- */

struct signs {
	uint32_t at[SIGNS_MAX];
	int n;
};

void signs_of(const char *text, size_t len, struct signs *ret);
/* A bit for each sign that occurs: letters, figures, others by 28. */
uint64_t signs_mask(const char *text, size_t len);
double signs_jaro_winkler(const struct signs *a, const struct signs *b);
int signs_edits(const struct signs *a, const struct signs *b, int most);
/* Sounds alike in Latin letters: first letter and three classes of consonants (Soundex, Russell 1918); other scripts: the first signs. */
uint32_t signs_sound(const char *text, size_t len);

static inline uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93U;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93U;
	return x ^ x >> 32;
}

static inline uint64_t mix2(uint64_t a, uint64_t b)
{
	return mix(a * 0x9e3779b97f4a7c15U + b + 0x632be59bd9b4e019U);
}

/* --- fields ------------------------------------------------------------ */

/* A different value of a field, read once. */
struct value {
	size_t text_at;     /* folded, without blanks and marks, in the field's pool */
	uint32_t text_len;
	uint32_t tokens_at; /* in the field's list of tokens, ascending */
	uint16_t n_tokens;
	uint16_t n_codes;   /* tokens with letters and digits, or many digits */
	uint32_t sound;     /* coarse key; 0: none */
	uint64_t mask;      /* which signs are in it */
	float norm;         /* length of its vector of token weights */
	union {
		double number;
		int32_t ymd[3];
		struct {
			uint32_t local_len; /* e-mail: before the @ */
		} mail;
		uint32_t pinyin; /* names: hash of the reading; 0: none */
	} as;
};

struct field {
	size_t column;
	enum linkage_kind kind;
	const char *name;
	struct intern texts;  /* folded texts of values */
	struct value *values; /* by code */
	size_t n_values;
	uint32_t *code;       /* by distinct row; NO_CODE where nothing */
	struct intern vocabulary;
	struct buf tokens;    /* uint32_t each */
	float *idf;           /* by token */
	double average_tokens;
	double filled;        /* share of rows */
	uint32_t *count;      /* by value: how many entities have it */
	double coincidence;   /* chance that two entities have the same value */
	double entities;      /* how many have a value */
	float rare_word;      /* weight of a word in so few rows that it may be a name of its own */
	float *rare;          /* by value: what agreement on it says more than agreement on any (natural logarithm) */
	bool place;           /* where somebody is, not who */
	bool twin;            /* judges the article numbers within the text of another field; shares its values */
	size_t twin_of;
};

struct rows {
	size_t n;             /* distinct rows */
	uint32_t *first;      /* by distinct row: the first row that is so */
	uint32_t *count;      /* how often it stands */
	uint8_t *side;        /* bit 1: in the first table, bit 2: in the second */
	uint32_t *of;         /* by row: its distinct row */
};

/* EM's result for one field. */
struct field_model {
	int parent;           /* field whose agreement it depends on by chance; -1 none */
	double m[LEVELS];
	double u[3][LEVELS];  /* parent disagrees, agrees, has nothing to say */
	double weight[3][LEVELS]; /* natural logarithms, growing with the level */
	double dependence;    /* 0 independent of the parent … 1 */
	double related[LEVELS]; /* weight against those who are related, not the same: log of m over theirs */
	double r[LEVELS];     /* how related ones agree */
	bool shared;          /* related ones mostly agree in it */
};

struct linkage {
	struct ctx *ctx;      /* during linkage_new only */
	const struct linkage_input *in;
	size_t n_columns, n_rows, n_first;
	struct linkage_use *uses;
	struct field *fields;
	size_t n_fields;
	struct rows rows;
	struct field_model model[LINKAGE_FIELDS_MAX];
	double prior;         /* log odds of any pair */
	double n_pairs, expected;
	bool relations;       /* there are many pairs that are related, but not the same (families, papers of one volume) */
	double related_prior; /* log odds of a match among both */
	size_t order[LINKAGE_FIELDS_MAX]; /* what decides soonest, first */
	int swap[2];          /* two names that are written the wrong way round at times; -1 */
	bool frequencies;     /* rare values weigh more: from the second round on */
	bool two;
	uint8_t clean;        /* bit 1, 2: the table has no duplicates of its own, as far as is known */
	uint32_t *best[2];    /* by row: its likeliest partner in the other table, NO_CODE; [1]: the second one. NULL: not known yet */
	uint64_t compared;
	double threshold, progress_at;
	size_t threads;
	struct linkage_pair *pairs;
	size_t n_pairs_out;
	uint64_t left_out;
	uint32_t *cluster;
	size_t n_clusters;
};

enum err linkage_no_memory(struct linkage *l) MUST_CHECK;
/* Tells how far it is; ERR_LIMIT if it shall stop. */
enum err linkage_step(struct linkage *l, double done) MUST_CHECK;

/* Decides each column's kind, or why it is left out; fills uses. */
enum err kinds_decide(struct linkage *l) MUST_CHECK;
enum { DATE_OF_YMD, DATE_OF_DMY, DATE_OF_MDY };
/* A date in figures: ymd[3]; false if it is none. `order` says what stands first where the year does not. */
bool kinds_date(const char *text, int order, int32_t ymd[3]);
/* Whether a heading says where somebody is. */
bool kinds_is_place(const char *name);
bool kinds_number(const char *text, double *ret);
/* Which order the days and months of a column stand in. */
int kinds_date_order(const struct linkage_column *column);

/* Reads all values; finds the distinct rows. */
enum err prepare(struct linkage *l) MUST_CHECK;
void prepare_release(struct linkage *l);

/* Level of agreement of two values of a field. */
int compare_values(const struct field *f, uint32_t a, uint32_t b);
/* The pattern of a pair of distinct rows. */
uint64_t compare_rows(const struct linkage *l, uint32_t a, uint32_t b);
/* Log odds of a pair of that pattern. */
double score_pattern(const struct linkage *l, uint64_t pattern, uint32_t a, uint32_t b);
/* The weight of one field in it, natural logarithm. */
double score_field(const struct linkage *l, size_t field, uint64_t pattern, uint32_t a);
/* The same against related ones. */
double score_related(const struct linkage *l, size_t field, uint64_t pattern, uint32_t a);
/* Both together: log odds of a match, of the log odds against each. */
double score_both(double other, double related);
/* Log odds of a pair; -INFINITY as soon as it can not reach `least`. */
double score_rows(const struct linkage *l, uint32_t a, uint32_t b, double least);

/* --- candidates -------------------------------------------------------- */

struct passes {
	size_t n;
	uint32_t *keys[PASSES_MAX]; /* by distinct row; 0: in no block */
	uint64_t *listed;           /* pairs found by their words, a << 32 | b, ascending */
	size_t n_listed;
	bool all;                   /* few rows: every pair */
};

enum err passes_choose(struct linkage *l, struct passes *ret) MUST_CHECK;
void passes_release(struct passes *passes);
/* The key of a distinct row in one way of three: the value, its sound, its beginning (for codes its end); 0: none. */
uint64_t passes_key(const struct linkage *l, size_t field, int way, uint32_t row);
/* Part `part` of `parts` of all candidate pairs, each once (those of blocks too large to be compared whole perhaps twice). */
typedef void (*passes_visitor)(void *arg, uint32_t a, uint32_t b);
enum err passes_visit(struct linkage *l, const struct passes *passes, size_t part, size_t parts, passes_visitor visit, void *arg) MUST_CHECK;
/* Pairs by rare words in common, for texts. */
enum err words_find(struct linkage *l, struct passes *passes) MUST_CHECK;

struct scored {
	uint32_t a, b; /* distinct rows */
	float odds;    /* log */
};

/* Patterns of pairs, each with how many pairs are so. */
struct sample {
	uint64_t *pattern;
	double *weight;
	size_t n, n_open; /* the first n_open may be matches; the rest were no candidates */
};

/* Sorts numbers ascending by their high 32 bits; `spare` has room for n. */
void sort_keys(uint64_t *keys, uint64_t *spare, size_t n);
/* A sample of the candidates' patterns, and of pairs that are no candidates. */
enum err passes_sample(struct linkage *l, const struct passes *passes, struct sample *ret) MUST_CHECK;
/* All candidates of at least these log odds, by falling odds; *ret is malloc'd. */
enum err passes_score(struct linkage *l, const struct passes *passes, double least, struct scored **ret, size_t *ret_n) MUST_CHECK;

/* --- model, clusters --------------------------------------------------- */

void sample_release(struct sample *sample);
/* Whether it tells who somebody is, and is not shared by many who belong together. */
bool field_tells_who(const struct field *f);
enum err em_fit(struct linkage *l, const struct sample *sample) MUST_CHECK;
/* Counts values by entity: rows joined by sure pairs count a value once. */
enum err frequencies_count(struct linkage *l, const struct scored *pairs, size_t n) MUST_CHECK;
/* Joins distinct rows: cluster[rows.n], filled. */
enum err clusters_find(struct linkage *l, const struct scored *pairs, size_t n, uint32_t *cluster, float *weakest) MUST_CHECK;
/* Pairs and clusters of rows. `weakest`: by cluster, the lowest average odds that joined it. */
enum err clusters_write(struct linkage *l, const uint32_t *cluster, const float *weakest) MUST_CHECK;
double odds_of(double probability);
double probability_of(double odds);

uint32_t sets_find(uint32_t *set, uint32_t i);

#endif
