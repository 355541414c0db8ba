/* Articles that fit a case, by topic and by words in common that few articles have; and whether they were taken or helped. */
#include "service/article.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "service/service_internal.h"
#include "service_sql.h"

enum { ARTICLES_MAX = 2000, OFFERED = 5, WORDS_SHOWN = 4, TERMS = 600, QUERY_BYTES = 6000 };

struct term {
	uint64_t hash;
	const char *text;
	size_t n;
	int articles;
};

struct offer {
	int64_t id, topic;
	const char *title;
	double score;
	const struct term *why[WORDS_SHOWN];
	size_t n_why;
	uint8_t has[(TERMS + 7) / 8];
};

struct offers {
	struct term terms[TERMS];
	size_t n_terms, n;
	struct offer *list;
	int64_t topic;
};

static bool is_blank(char c)
{
	return c == ' ';
}

/* What stands in every other text tells nothing. */
static bool is_common(const char *text, size_t n)
{
	static const char *const words[] = {"the", "and", "for", "you", "your", "was", "are", "not", "with", "have", "has", "this", "that", "from", "but", "can", "will", "what", "when",
	                                    "there", "please", "hello", "dear", "would", "about", "我们", "你们", "您好", "你好", "可以", "什么", "怎么", "一个", "没有", "这个", "请问", "还是", "就是", "不是", "现在"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) == n && memcmp(words[i], text, n) == 0)
			return true;
	}
	return n < 3;
}

static void add_term(struct offers *o, const char *text, size_t n)
{
	uint64_t hash = str_hash(text, n);
	if (is_common(text, n))
		return;
	for (size_t i = 0; i < o->n_terms; i++) {
		if (o->terms[i].hash == hash)
			return;
	}
	if (o->n_terms < TERMS)
		o->terms[o->n_terms++] = (struct term){hash, text, n, 0};
}

static void each_term(const char *text, void (*fn)(void *arg, const char *text, size_t n), void *arg)
{
	while (*text != '\0') {
		size_t n = strcspn(text, " ");
		if (n > 0)
			fn(arg, text, n);
		text += n;
		while (is_blank(*text))
			text++;
	}
}

static void take_term(void *arg, const char *text, size_t n)
{
	add_term(arg, text, n);
}

struct matching {
	struct offers *all;
	struct offer *one;
};

static void match_term(void *arg, const char *text, size_t n)
{
	struct matching *m = arg;
	uint64_t hash = str_hash(text, n);
	for (size_t i = 0; i < m->all->n_terms; i++) {
		if (m->all->terms[i].hash != hash || (m->one->has[i / 8] >> i % 8 & 1) != 0)
			continue;
		m->one->has[i / 8] |= (uint8_t)(1U << i % 8);
		m->all->terms[i].articles++;
	}
}

/* Subject and the customer's last words. */
static enum err read_case_words(struct ctx *ctx, const struct record *record, const char **ret)
{
	struct stmt *stmt;
	bool row = false;
	const char *last = NULL;
	enum err err = db_prepare(ctx, ctx->db, &sql_article_case_words, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_id(record));
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row) {
		size_t n = stmt_bytes(stmt, 0);
		const char *text = stmt_text(stmt, 0);
		for (n = n < QUERY_BYTES - 1 ? n : QUERY_BYTES - 1; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80;)
			n--;
		last = arena_strndup(ctx->arena, text, n);
	}
	stmt_done(stmt);
	const char *subject = record_text(record, "subject");
	return err == OK ? article_terms(ctx, subject != NULL ? subject : "", last, ret) : err;
}

static enum err read_articles(struct ctx *ctx, struct offers *o)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_articles_published, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, ARTICLES_MAX);
	while (o->n < ARTICLES_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		struct offer *one = &o->list[o->n++];
		struct matching m = {o, one};
		*one = (struct offer){.id = stmt_i64(stmt, 0), .title = arena_strdup(ctx->arena, stmt_text(stmt, 1)), .topic = stmt_i64(stmt, 3)};
		each_term(stmt_text(stmt, 2), match_term, &m);
	}
	stmt_done(stmt);
	return err;
}

static void weigh(struct offers *o)
{
	for (size_t i = 0; i < o->n; i++) {
		struct offer *one = &o->list[i];
		for (size_t t = 0; t < o->n_terms; t++) {
			if ((one->has[t / 8] >> t % 8 & 1) == 0)
				continue;
			double rare = log(1 + (double)o->n / o->terms[t].articles);
			one->score += rare;
			if (one->n_why < WORDS_SHOWN && o->terms[t].articles <= 1 + (int)o->n / 3)
				one->why[one->n_why++] = &o->terms[t];
		}
		if (o->topic != 0 && one->topic == o->topic)
			one->score = one->score * 1.5 + 2;
	}
}

static int better(const void *a, const void *b)
{
	double x = ((const struct offer *)a)->score, y = ((const struct offer *)b)->score;
	return (x < y) - (x > y);
}

static void put_offer(struct jsonw *w, const struct offer *one, int64_t topic)
{
	jsonw_object(w);
	jsonw_kv_id(w, "id", one->id);
	jsonw_kv_text(w, "title", one->title);
	jsonw_key(w, "score");
	jsonw_real(w, floor(one->score * 100) / 100);
	jsonw_kv_bool(w, "same_topic", topic != 0 && one->topic == topic);
	jsonw_key(w, "words");
	jsonw_array(w);
	for (size_t i = 0; i < one->n_why; i++)
		jsonw_textn(w, one->why[i]->text, one->why[i]->n);
	jsonw_end_array(w);
	jsonw_end_object(w);
}

static enum err suggest(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct offers *o = arena_alloc(ctx->arena, sizeof(*o));
	struct record *record;
	struct jsonw w;
	const char *terms;
	int64_t id;
	if (o == NULL || (o->list = arena_array(ctx->arena, ARTICLES_MAX, sizeof(*o->list))) == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = record_get(ctx, registry_find(ctx->registry, "case"), id, ACTION_READ, &record);
	if (err == OK && entity_scope(ctx->actor, registry_find(ctx->registry, "article"), ACTION_READ) != SCOPE_ALL)
		err = fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "article");
	if (err == OK)
		err = read_case_words(ctx, record, &terms);
	if (err != OK)
		return err;
	o->topic = record_i64(record, "topic_id");
	each_term(terms, take_term, o);
	err = read_articles(ctx, o);
	if (err != OK)
		return err;
	weigh(o);
	qsort(o->list, o->n, sizeof(*o->list), better);
	jsonw_init(&w, http_body(res));
	jsonw_array(&w);
	for (size_t i = 0; i < o->n && i < OFFERED && o->list[i].score >= 2; i++)
		put_offer(&w, &o->list[i], o->topic);
	jsonw_end_array(&w);
	return OK;
}

struct told {
	const char *what;
};

static const struct spec told_specs[] = {
	{"what", SPEC_TEXT, offsetof(struct told, what), true, 20, "taken, passed_over, helpful or unhelpful"},
	{.name = NULL},
};

static enum err tell(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	static const struct {
		const char *what;
		const struct sql *sql;
	} kinds[] = {{"taken", &sql_article_taken}, {"passed_over", &sql_article_passed}, {"helpful", &sql_article_helpful}, {"unhelpful", &sql_article_unhelpful}};
	struct told body = {0};
	struct record *record;
	struct stmt *stmt;
	int64_t id;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK && !id_parse(req->params[0], &id))
		err = fail(ctx, ERR_NOT_FOUND, "", "not_found");
	if (err == OK)
		err = record_get(ctx, registry_find(ctx->registry, "article"), id, ACTION_READ, &record);
	if (err != OK)
		return err;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!str_equal(kinds[i].what, body.what))
			continue;
		err = db_prepare(ctx, ctx->db, kinds[i].sql, &stmt);
		if (err != OK)
			return err;
		stmt_bind_i64(stmt, 1, id);
		err = stmt_run(ctx, stmt, NULL);
		stmt_done(stmt);
		http_status(res, 204);
		return err;
	}
	return fail_arg(ctx, ERR_INVALID, "what", "article_told", body.what);
}

const struct route article_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/case/*/articles", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = suggest,
	 .doc = "Published articles that fit the case, by topic and words, with why"},
	{.method = METHOD_POST, .pattern = "/api/v1/article/*/told", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = tell, .specs = told_specs,
	 .doc = "Counts that an article was taken or passed over, helped or not"},
	{.pattern = NULL},
};
