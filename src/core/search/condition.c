/* Lists narrowed by what is typed ("?q=").
 *
 * The matches are looked up here and bound as a list of ids, all of them, so that
 * pages, counts and exports are complete.  When there are very many, the list is
 * read in its own order instead, each row asked whether its source contains the
 * words; since many match, a page is full soon. */
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/search/find.h"
#include "core/search/source.h"

enum { LIST_MAX = 5000, FRAGMENT_CHARS = 3 };

/* --- ids --------------------------------------------------------------------- */

static enum err ids_condition(struct ctx *ctx, const struct finder *f, const char *alias, int param, struct buf *bind,
                              const char **ret_sql)
{
	bool lite = search_is_lite(ctx);
	buf_putc(bind, lite ? '[' : '{');
	for (size_t i = 0; i < f->n; i++) {
		if (i > 0)
			buf_putc(bind, ',');
		buf_put_i64(bind, f->hits[i].record_id);
	}
	buf_putc(bind, lite ? ']' : '}');
	*ret_sql = lite ? arena_printf(ctx->arena, "\"%s\".id IN (SELECT value FROM json_each(?%d))", alias, param)
	                : arena_printf(ctx->arena, "\"%s\".id = ANY (?%d::text::bigint[])", alias, param);
	return *ret_sql ? OK : search_no_memory(ctx);
}

/* --- asking each row ----------------------------------------------------------- */

/* What is written without spaces is looked for over those that stand in the source. */
static void put_contains(const struct ctx *ctx, struct buf *sql, int param, size_t at, bool unspaced)
{
	const char *source = unspaced ? "replace(s.source, ' ', '')" : "s.source";
	if (db_engine(ctx->db) == ENGINE_SQLITE)
		buf_printf(sql, "instr(%s, json_extract(?%d, '$[%zu]')) > 0", source, param, at);
	else
		buf_printf(sql, "strpos(%s, (?%d::jsonb)->>%zu) > 0", source, param, at);
}

/* Short words only where a word or a reading starts; tokens stand after a space. */
static void put_word(const struct ctx *ctx, struct jsonw *texts, struct buf *sql, int param, size_t *at, const struct word *w)
{
	static const char *const starts[] = {" ", " *", ","};
	bool anywhere = w->kind == WORD_UNSPACED || w->kind == WORD_EMAIL || w->chars >= FRAGMENT_CHARS;
	buf_putc(sql, '(');
	for (size_t i = 0; i < (anywhere ? 1u : 3u); i++) {
		char text[TYPED_MAX * 4 + 4];
		size_t n = 0;
		if (!anywhere) {
			n = strlen(starts[i]);
			memcpy(text, starts[i], n);
		}
		memcpy(text + n, w->text, w->n);
		jsonw_textn(texts, text, n + w->n);
		if (i > 0)
			buf_puts(sql, " OR ");
		put_contains(ctx, sql, param, (*at)++, w->kind == WORD_UNSPACED && w->chars > 1);
	}
	buf_putc(sql, ')');
}

static enum err rows_condition(struct ctx *ctx, const struct finder *f, const char *alias, int param, struct buf *bind,
                               const char **ret_sql)
{
	struct jsonw texts;
	struct buf sql;
	size_t at = 0;
	buf_init(&sql, 1 << 16);
	jsonw_init(&texts, bind);
	jsonw_array(&texts);
	buf_printf(&sql, "EXISTS (SELECT 1 FROM search_doc s WHERE s.record_id = \"%s\".id AND ", alias);
	for (size_t i = 0; i < f->typed.n_words; i++) {
		if (i > 0)
			buf_puts(&sql, " AND ");
		put_word(ctx, &texts, &sql, param, &at, &f->typed.words[i]);
	}
	buf_putc(&sql, ')');
	jsonw_end_array(&texts);
	*ret_sql = buf_failed(&sql) ? NULL : arena_strndup(ctx->arena, buf_text(&sql), sql.len);
	buf_release(&sql);
	return *ret_sql ? OK : search_no_memory(ctx);
}

/* --- which of the two ----------------------------------------------------------- */

static bool reads_all_fields(const struct ctx *ctx, size_t entity)
{
	const struct actor *actor = ctx->actor;
	return actor && (actor->kind == ACTOR_SYSTEM || (entity < actor->n_rights && !actor->rights[entity].fields));
}

enum err search_condition(struct ctx *ctx, size_t entity, const char *alias, const char *typed, int first_param,
                          const char **ret_sql, const char **ret_bind, size_t *ret_n_bind)
{
	struct finder f;
	struct buf bind;
	finder_init(&f, ctx);
	buf_init(&bind, 1 << 20);
	f.entities = &entity;
	f.n_entities = 1;
	f.list = true;
	f.want = LIST_MAX;
	enum err err = typed_parse(ctx, typed, &f.typed);
	if (!err && f.typed.n_words > 0)
		err = finder_all(&f);
	/* Who may not read every field gets the newest: a row cannot tell which field has the word. */
	bool many = f.n >= LIST_MAX && reads_all_fields(ctx, entity);
	if (!err)
		err = many ? rows_condition(ctx, &f, alias, first_param, &bind, ret_sql)
		           : ids_condition(ctx, &f, alias, first_param, &bind, ret_sql);
	if (!err && buf_failed(&bind))
		err = search_no_memory(ctx);
	if (!err) {
		*ret_bind = arena_strndup(ctx->arena, buf_text(&bind), bind.len);
		*ret_n_bind = bind.len;
		err = *ret_bind ? OK : search_no_memory(ctx);
	}
	buf_release(&bind);
	finder_release(&f);
	return err;
}
