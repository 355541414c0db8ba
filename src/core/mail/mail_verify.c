/* `guanxi mail verify`: signatures of mails, with keys from a file in place of DNS. */
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/dkim/dkim.h"
#include "core/mail/mail.h"
#include "core/mail/mail_command.h"

enum { ARENA_MAX = 512 << 20, DNS_MAX = 4 << 20, LINE_MAX_BYTES = 1 << 20 };

/* Records as text: "name text", or as in a zone: name [1h] [IN] TXT "one" "two". Up to an empty line. */
struct zone {
	struct arena *arena;
	const char *text;
};

static bool is_word(const char **at, const char *end, const char *word)
{
	size_t n = strlen(word);
	if ((size_t)(end - *at) <= n || strncasecmp(*at, word, n) != 0 || ((*at)[n] != ' ' && (*at)[n] != '\t' && (*at)[n] != '"'))
		return false;
	for (*at += n; *at < end && (**at == ' ' || **at == '\t'); (*at)++)
		;
	return true;
}

/* The strings in quotes, joined; what has none as it stands. */
static const char *strings_of(struct arena *arena, const char *at, const char *end)
{
	struct buf out;
	if (memchr(at, '"', (size_t)(end - at)) == NULL)
		return arena_strndup(arena, at, (size_t)(end - at));
	buf_init(&out, DNS_MAX);
	for (bool in = false; at < end; at++) {
		if (*at == '\\' && in && at + 1 < end)
			buf_putc(&out, *++at);
		else if (*at == '"')
			in = !in;
		else if (in)
			buf_putc(&out, *at);
	}
	const char *text = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return text;
}

static const char *text_of(struct arena *arena, const char *at, const char *end)
{
	const char *start;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	start = at;
	size_t digits = strspn(at, "0123456789");
	if (digits > 0 && at[digits] == ' ') /* how long it holds */
		at += digits + 1;
	(void)is_word(&at, end, "IN");
	if (!is_word(&at, end, "TXT"))
		at = start;
	return strings_of(arena, at, end);
}

static const char *ask(void *arg, const char *name)
{
	const struct zone *zone = arg;
	size_t n = strlen(name);
	for (const char *at = zone->text; *at != '\0' && *at != '\n' && *at != '\r';) {
		size_t len = strcspn(at, "\n"), end = len > 0 && at[len - 1] == '\r' ? len - 1 : len, key = strcspn(at, " \t\n");
		size_t bare = key > 0 && at[key - 1] == '.' ? key - 1 : key;
		if (bare == n && strncasecmp(at, name, n) == 0 && key < end)
			return text_of(zone->arena, at + key, at + end);
		at += len + (at[len] == '\n');
	}
	return NULL;
}

/* What comes behind the records that a file begins with. */
static const char *behind_records(const char *text)
{
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, "\n");
		const char *next = at + len + (at[len] == '\n');
		if (len == 0 || (len == 1 && *at == '\r'))
			return next;
		at = next;
	}
	return text;
}

struct asked {
	const char *dns; /* NULL: each file begins with its own */
	int64_t at_s;
};

static enum err explain(struct ctx *ctx, const char *name, const char *mail, size_t mail_n, struct zone *zone, int64_t at_s,
                        struct buf *out)
{
	struct dkim_result *got;
	struct jsonw w;
	const char *arc, *why;
	size_t n;
	enum err err = dkim_verify(ctx, mail, mail_n, at_s, ask, zone, &got, &n);
	if (err == OK)
		err = dkim_arc_verify(ctx, mail, mail_n, at_s, ask, zone, &arc, &why);
	if (err != OK)
		return err;
	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_kv_text(&w, "file", name);
	jsonw_key(&w, "dkim");
	jsonw_array(&w);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(&w);
		jsonw_kv_text(&w, "domain", got[i].domain);
		jsonw_kv_text(&w, "selector", got[i].selector);
		jsonw_kv_text(&w, "algorithm", got[i].algorithm);
		jsonw_kv_text(&w, "result", got[i].pass ? "pass" : "fail");
		if (!got[i].pass)
			jsonw_kv_text(&w, "why", got[i].why);
		jsonw_end_object(&w);
	}
	jsonw_end_array(&w);
	jsonw_kv_text(&w, "arc", arc);
	if (*why != '\0')
		jsonw_kv_text(&w, "arc_why", why);
	jsonw_end_object(&w);
	buf_putc(out, '\n');
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, "", "memory") : OK;
}

static bool verify_file(struct cli *cli, const char *name, const struct asked *asked)
{
	struct arena arena;
	struct ctx ctx;
	struct buf in, out;
	arena_init(&arena, ARENA_MAX);
	ctx_init(&ctx, &arena, cli->ctx->clock);
	buf_init(&in, MAIL_BYTES_MAX);
	buf_init(&out, LINE_MAX_BYTES);
	bool good = command_read_file(cli, name, &in);
	if (good) {
		const char *text = buf_text(&in);
		struct zone zone = {&arena, asked->dns != NULL ? asked->dns : text};
		const char *mail = asked->dns != NULL ? text : behind_records(text);
		good = explain(&ctx, name, mail, in.len - (size_t)(mail - text), &zone, asked->at_s, &out) == OK;
		if (!good) {
			fprintf(cli->err, "guanxi: %s:\n", name);
			cli->print_faults(&ctx, cli->err);
		}
	}
	good = good && fwrite(buf_text(&out), 1, out.len, cli->out) == out.len;
	buf_release(&out);
	buf_release(&in);
	arena_release(&arena);
	return good;
}

int mail_verify_files(struct cli *cli)
{
	const char *dns = command_value(cli, "dns"), *at = command_value(cli, "at");
	struct asked asked = {.at_s = ctx_now(cli->ctx) / 1000};
	struct buf records;
	int64_t ms;
	int status = 0;
	if (cli->n_files == 0) {
		fprintf(cli->err, "guanxi: 'mail verify' needs one or more FILEs\n");
		return 2;
	}
	if (at != NULL && !str_to_i64(at, &asked.at_s)) {
		if (!time_parse(at, &ms)) {
			fprintf(cli->err, "guanxi: --at is a time, or seconds since 1970\n");
			return 2;
		}
		asked.at_s = ms / 1000;
	}
	buf_init(&records, DNS_MAX);
	if (dns != NULL && !command_read_file(cli, dns, &records)) {
		buf_release(&records);
		return 1;
	}
	asked.dns = dns != NULL ? buf_text(&records) : NULL;
	for (size_t i = 0; i < cli->n_files; i++)
		status = verify_file(cli, cli->files[i], &asked) ? status : 1;
	buf_release(&records);
	return status;
}
