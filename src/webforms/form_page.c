/* The page that visitors see: no script, one inline style under a nonce, every text escaped, in the visitor's language. */
#include <string.h>

#include "base/str.h"
#include "webforms/webforms_internal.h"
#include "webforms_sql.h"

static const char style[] =
	"*{box-sizing:border-box}body{margin:0;background:#f5f5f2;color:#222;font:16px/1.6 system-ui,'PingFang SC','Microsoft YaHei',sans-serif}"
	"main{max-width:36em;margin:4vh auto;padding:1.5em;background:#fff;border-radius:10px;overflow-wrap:anywhere}h1{font-size:1.5em;line-height:1.3;margin:0 0 .5em}"
	".intro{margin:0 0 1.2em;white-space:pre-line}.field{margin:0 0 1.1em}label,legend{display:block;font-weight:600;margin-bottom:.25em}.must{color:#b3261e}"
	"input,select,textarea{font:inherit;width:100%;padding:.55em .7em;border:1px solid #767676;border-radius:6px;background:#fff;color:inherit}textarea{min-height:7em;resize:vertical}"
	".tick label{display:flex;gap:.6em;font-weight:400;align-items:flex-start}.tick input{width:1.25em;height:1.25em;flex:none;margin:.2em 0 0}"
	".help{font-size:.9em;color:#595959;margin:.25em 0 0}.wrong{color:#b3261e;margin:.25em 0 0;font-weight:600}.bad{border:2px solid #b3261e}"
	"#wrong{border:2px solid #b3261e;border-radius:6px;padding:.8em 1em;margin:0 0 1.2em}#wrong p,#wrong ul{margin:0}#wrong a{color:#b3261e}"
	"button{font:inherit;font-weight:600;padding:.7em 1.8em;border:0;border-radius:6px;background:#174ea6;color:#fff;cursor:pointer;min-height:44px}"
	"button:focus-visible,a:focus-visible,input:focus-visible,select:focus-visible,textarea:focus-visible{outline:3px solid #f9ab00;outline-offset:2px}"
	".other{position:absolute;left:-10000px;width:1px;height:1px;overflow:hidden}a{color:#174ea6}footer{margin-top:1.6em;font-size:.9em}footer a{margin-right:1em}"
	"@media(max-width:30em){main{margin:0;border-radius:0;padding:1.2em 1em}button{width:100%}}"
	"@media(prefers-color-scheme:dark){body{background:#121212;color:#eee}main{background:#1e1e1e}input,select,textarea{background:#2a2a2a;border-color:#9a9a9a}a{color:#8ab4f8}"
	"button{background:#8ab4f8;color:#111}.help{color:#bdbdbd}.must,.wrong,#wrong a{color:#f2b8b5}.bad,#wrong{border-color:#f2b8b5}}";

static const char *const languages[LOCALE_COUNT] = {[LOCALE_EN] = "en", [LOCALE_ZH_HANS] = "zh-Hans", [LOCALE_ZH_HANT] = "zh-Hant"};

static void escaped(struct buf *out, const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		const char *with = *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '&' ? "&amp;" : *text == '"' ? "&quot;" : *text == '\'' ? "&#39;" : NULL;
		if (with != NULL)
			buf_puts(out, with);
		else
			buf_putc(out, *text);
	}
}

/* Part of an address: all but letters and digits as %XX. */
static void encoded(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
		if (plain)
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

static const char *said_arg(const struct ctx *ctx, const char *key, const char *arg)
{
	struct fault word = {.field = "", .key = key, .arg = arg};
	const char *text = app_message(ctx, &word);
	return text != NULL ? text : key;
}

static void say(const struct ctx *ctx, struct buf *out, const char *key)
{
	escaped(out, said_arg(ctx, key, NULL));
}

/* "https://shop.example" of "https://shop.example/thanks?x=1". */
static const char *origin_of(struct ctx *ctx, const char *url)
{
	size_t n = strlen("https://");
	return arena_strndup(ctx->arena, url, n + strcspn(url + n, "/?#"));
}

/* The sites that staff named may show it in a frame, nobody else. After it was sent browsers follow to where the form leads alone. */
static enum err put_policy(struct ctx *ctx, struct http_response *res, const struct record *form, char nonce[33])
{
	const char *sites[FORM_SITES_MAX], *ancestors = "", *leads = "", *url = form != NULL ? record_text(form, "redirect_url") : NULL;
	unsigned char bytes[16];
	size_t n = 0;
	enum err err = form != NULL ? form_sites(ctx, record_text(form, "sites"), sites, &n) : OK;
	if (err != OK)
		return err;
	for (size_t i = 0; i < n && ancestors != NULL; i++)
		ancestors = arena_printf(ctx->arena, "%s %s", ancestors, sites[i]);
	if (!str_empty(url) && str_starts(url, "https://"))
		leads = origin_of(ctx, url);
	ctx_random(ctx, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		nonce[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		nonce[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	nonce[32] = '\0';
	const char *policy = ancestors != NULL && leads != NULL
		? arena_printf(ctx->arena, "default-src 'none'; style-src 'nonce-%s'; form-action 'self' %s; frame-ancestors%s; base-uri 'none'", nonce, leads, n > 0 ? ancestors : " 'none'") : NULL;
	if (policy == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	http_set_header(res, "Content-Security-Policy", policy);
	http_set_header(res, "Referrer-Policy", "same-origin");
	http_set_header(res, "Cache-Control", "no-store");
	http_set_header(res, "X-Robots-Tag", "noindex");
	return OK;
}

static enum err begin(struct ctx *ctx, struct http_response *res, int status, const struct record *form, const char *title)
{
	struct buf *out = http_body(res);
	char nonce[33];
	enum err err = put_policy(ctx, res, form, nonce);
	if (err != OK)
		return err;
	http_status(res, status);
	http_content_type(res, "text/html; charset=utf-8");
	buf_printf(out, "<!doctype html><html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>", languages[ctx->locale]);
	escaped(out, title);
	buf_printf(out, "</title><style nonce=\"%s\">%s</style></head><body><main><h1>", nonce, style);
	escaped(out, title);
	buf_puts(out, "</h1>");
	return OK;
}

static void end(const struct http_request *req, const struct form_answer *a, struct buf *out)
{
	static const char *const names[LOCALE_COUNT] = {[LOCALE_EN] = "English", [LOCALE_ZH_HANS] = "简体中文", [LOCALE_ZH_HANT] = "繁體中文"};
	buf_puts(out, "<footer>");
	for (int l = 0; req->method == METHOD_GET && l < LOCALE_COUNT; l++) {
		buf_printf(out, "<a href=\"?lang=%s", languages[l]);
		for (size_t i = 0; a != NULL && i < FORM_UTM; i++) {
			if (a->utm[i] == NULL)
				continue;
			buf_printf(out, "&amp;%s=", form_utm_names[i]);
			encoded(out, a->utm[i]);
		}
		buf_printf(out, "\" lang=\"%s\">%s</a>", languages[l], names[l]);
	}
	buf_puts(out, "</footer></main></body></html>");
}

enum err form_page_says(struct ctx *ctx, const struct http_request *req, struct http_response *res, int status, const struct record *form, const char *head, const char *text)
{
	enum err err = begin(ctx, res, status, form, head);
	if (err != OK)
		return err;
	buf_puts(http_body(res), "<p class=\"intro\">");
	escaped(http_body(res), text);
	buf_puts(http_body(res), "</p>");
	end(req, NULL, http_body(res));
	return OK;
}

/* --- fields ----------------------------------------------------------------------------------- */

static const char *label_of(struct ctx *ctx, const struct form_field *f)
{
	return f->label[ctx->locale] != NULL ? f->label[ctx->locale] : entity_label(ctx, &f->info->fields[f->at]->label);
}

/* A field's own help is for colleagues. */
static const char *help_of(const struct ctx *ctx, const struct form_field *f)
{
	return f->help[ctx->locale];
}

/* What a browser may fill in by itself, by the field's name. */
static const char *completes(const struct form_field *f)
{
	static const char *const known[][2] = {
		{"name", "name"}, {"phone", "tel"}, {"email", "email"}, {"company", "organization"}, {"employer", "organization"}, {"job_title", "organization-title"},
		{"country", "country"}, {"province", "address-level1"}, {"city", "address-level2"}, {"website", "url"}, {"birthday", "bday"},
	};
	for (size_t i = 0; f->part != PART_MESSAGE && i < sizeof(known) / sizeof(known[0]); i++)
		if (str_equal(known[i][0], f->info->fields[f->at]->name))
			return known[i][1];
	return "off";
}

static const char *input_type(const struct field *field)
{
	static const char *const types[FIELD_TYPE_COUNT] = {
		[FIELD_EMAIL] = "type=\"email\"", [FIELD_PHONE] = "type=\"tel\"", [FIELD_URL] = "type=\"url\"", [FIELD_DATE] = "type=\"date\"",
		[FIELD_INT] = "type=\"text\" inputmode=\"numeric\"", [FIELD_DECIMAL] = "type=\"text\" inputmode=\"decimal\"", [FIELD_MONEY] = "type=\"text\" inputmode=\"decimal\"",
	};
	return types[field->type] != NULL ? types[field->type] : "type=\"text\"";
}

/* name, id, and what belongs to it for who does not see the page. */
static void attributes(struct buf *out, const struct form_answer *a, size_t i, bool help)
{
	const struct form_field *f = &a->spec->fields[i];
	bool bad = a->problems[i].key != NULL;
	buf_printf(out, " id=\"f%zu\" name=\"", i);
	escaped(out, f->name);
	buf_putc(out, '"');
	if (f->required)
		buf_puts(out, " aria-required=\"true\"");
	if (bad)
		buf_puts(out, " aria-invalid=\"true\" class=\"bad\"");
	if (bad && help)
		buf_printf(out, " aria-describedby=\"w%zu h%zu\"", i, i);
	else if (bad || help)
		buf_printf(out, " aria-describedby=\"%c%zu\"", bad ? 'w' : 'h', i);
}

static void put_select(struct ctx *ctx, struct buf *out, const struct form_answer *a, size_t i, const char *value)
{
	const struct field *field = a->spec->fields[i].info->fields[a->spec->fields[i].at];
	buf_puts(out, "<select");
	attributes(out, a, i, help_of(ctx, &a->spec->fields[i]) != NULL);
	buf_puts(out, "><option value=\"\"></option>");
	for (const struct option *o = field->options; o != NULL && o->value != NULL; o++) {
		if (o->retired)
			continue;
		buf_puts(out, "<option value=\"");
		escaped(out, o->value);
		buf_printf(out, "\"%s>", str_equal(o->value, value) ? " selected" : "");
		escaped(out, entity_label(ctx, &o->label));
		buf_puts(out, "</option>");
	}
	buf_puts(out, "</select>");
}

static void put_input(struct ctx *ctx, struct buf *out, const struct form_answer *a, size_t i, const char *value)
{
	const struct form_field *f = &a->spec->fields[i];
	const struct field *field = f->info->fields[f->at];
	bool help = help_of(ctx, f) != NULL;
	if (field->type == FIELD_ENUM) {
		put_select(ctx, out, a, i, value);
	} else if (field->type == FIELD_NOTE) {
		buf_printf(out, "<textarea rows=\"5\" maxlength=\"%d\"", FORM_NOTE_MAX);
		attributes(out, a, i, help);
		buf_puts(out, ">\n");
		escaped(out, value);
		buf_puts(out, "</textarea>");
	} else {
		buf_printf(out, "<input %s autocomplete=\"%s\"", input_type(field), completes(f));
		attributes(out, a, i, help);
		buf_puts(out, " value=\"");
		escaped(out, value);
		buf_puts(out, "\">");
	}
}

static void put_label(struct ctx *ctx, struct buf *out, const struct form_field *f)
{
	escaped(out, label_of(ctx, f));
	if (f->required)
		buf_puts(out, " <span class=\"must\" aria-hidden=\"true\">*</span>");
}

static void put_notes(struct ctx *ctx, struct buf *out, const struct form_answer *a, size_t i)
{
	const char *help = help_of(ctx, &a->spec->fields[i]);
	if (help != NULL) {
		buf_printf(out, "<p class=\"help\" id=\"h%zu\">", i);
		escaped(out, help);
		buf_puts(out, "</p>");
	}
	if (a->problems[i].key != NULL) {
		buf_printf(out, "<p class=\"wrong\" id=\"w%zu\">", i);
		escaped(out, said_arg(ctx, a->problems[i].key, a->problems[i].arg));
		buf_puts(out, "</p>");
	}
}

static void put_field(struct ctx *ctx, struct buf *out, const struct form_answer *a, size_t i)
{
	const struct form_field *f = &a->spec->fields[i];
	const char *value = a->values[i] != NULL ? a->values[i] : "";
	if (f->info->fields[f->at]->type == FIELD_BOOL) {
		buf_puts(out, "<div class=\"field tick\"><label><input type=\"checkbox\" value=\"true\"");
		attributes(out, a, i, help_of(ctx, f) != NULL);
		buf_puts(out, str_equal(value, "true") ? " checked><span>" : "><span>");
		put_label(ctx, out, f);
		buf_puts(out, "</span></label>");
	} else {
		buf_printf(out, "<div class=\"field\"><label for=\"f%zu\">", i);
		put_label(ctx, out, f);
		buf_puts(out, "</label>");
		put_input(ctx, out, a, i, value);
	}
	put_notes(ctx, out, a, i);
	buf_puts(out, "</div>");
}

/* --- consents, the question, what goes along -------------------------------------------------------- */

/* The words of a text that people agree to, in the visitor's language or the nearest. */
static enum err consent_words(struct ctx *ctx, const char *name, const char **ret)
{
	struct stmt *stmt;
	bool row = true;
	int best = LOCALE_COUNT + 1;
	*ret = NULL;
	enum err err = db_prepare(ctx, ctx->db, &sql_form_consent_words, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, name);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		const char *language = stmt_text(stmt, 0);
		bool chinese = ctx->locale != LOCALE_EN, near = chinese == str_starts(language != NULL ? language : "", "zh");
		int rank = str_equal(language, languages[ctx->locale]) ? 0 : near ? 1 : 2;
		if (rank < best) {
			best = rank;
			*ret = arena_strdup(ctx->arena, stmt_text(stmt, 1));
		}
	}
	stmt_done(stmt);
	return err;
}

static enum err put_consents(struct ctx *ctx, struct buf *out, const struct form_answer *a)
{
	enum err err = OK;
	for (size_t i = 0; err == OK && i < a->spec->n_consents; i++) {
		const char *words = NULL;
		err = consent_words(ctx, a->spec->consents[i].version, &words);
		if (words == NULL) /* nobody agrees to what they cannot read */
			continue;
		bool bad = a->consent_problem[i];
		buf_printf(out, "<div class=\"field tick\"><label><input type=\"checkbox\" id=\"agree%zu\" name=\"agree%zu\" value=\"1\"%s%s%s><span>", i, i, a->agreed[i] ? " checked" : "",
		           a->spec->consents[i].required ? " aria-required=\"true\"" : "", bad ? " aria-invalid=\"true\"" : "");
		escaped(out, words);
		buf_puts(out, a->spec->consents[i].required ? " <span class=\"must\" aria-hidden=\"true\">*</span></span></label>" : "</span></label>");
		if (bad) {
			buf_printf(out, "<p class=\"wrong\" id=\"wa%zu\">", i);
			say(ctx, out, "web_form_agree");
			buf_puts(out, "</p>");
		}
		buf_puts(out, "</div>");
	}
	return err;
}

static enum err put_question(struct ctx *ctx, struct buf *out, const struct form_answer *a)
{
	int x, y;
	if (!a->question)
		return OK;
	enum err err = form_stamp_question(ctx, a->stamp, &x, &y);
	const char *numbers = err == OK ? arena_printf(ctx->arena, "%d" FAULT_PART "%d", x, y) : NULL;
	if (numbers == NULL)
		return err != OK ? err : fail(ctx, ERR_LIMIT, "", "memory");
	buf_puts(out, "<div class=\"field\"><label for=\"answer\">");
	escaped(out, said_arg(ctx, "web_form_question", numbers));
	buf_puts(out, " <span class=\"must\" aria-hidden=\"true\">*</span></label><input id=\"answer\" name=\"answer\" type=\"text\" inputmode=\"numeric\" autocomplete=\"off\" aria-required=\"true\"></div>");
	return OK;
}

static void put_hidden(struct buf *out, const char *name, const char *value)
{
	if (str_empty(value))
		return;
	buf_printf(out, "<input type=\"hidden\" name=\"%s\" value=\"", name);
	escaped(out, value);
	buf_puts(out, "\">");
}

static void put_summary(struct ctx *ctx, struct buf *out, const struct form_answer *a)
{
	if (a->n_problems == 0 && a->general.key == NULL)
		return;
	buf_puts(out, "<div id=\"wrong\" role=\"alert\"><p>");
	say(ctx, out, a->general.key != NULL ? a->general.key : "web_form_check");
	buf_puts(out, "</p>");
	if (a->n_problems > 0)
		buf_puts(out, "<ul>");
	for (size_t i = 0; i < a->spec->n; i++) {
		if (a->problems[i].key == NULL)
			continue;
		buf_printf(out, "<li><a href=\"#f%zu\">", i);
		escaped(out, label_of(ctx, &a->spec->fields[i]));
		buf_puts(out, "</a></li>");
	}
	for (size_t i = 0; i < a->spec->n_consents; i++) {
		if (!a->consent_problem[i])
			continue;
		buf_printf(out, "<li><a href=\"#agree%zu\">", i);
		say(ctx, out, "web_form_agree");
		buf_puts(out, "</a></li>");
	}
	buf_puts(out, a->n_problems > 0 ? "</ul></div>" : "</div>");
}

enum err form_page(struct ctx *ctx, const struct http_request *req, struct http_response *res, int status, const struct form_answer *a)
{
	const char *title = form_text(ctx, a->form, "title"), *intro = form_text(ctx, a->form, "intro");
	struct buf *out = http_body(res);
	enum err err = begin(ctx, res, status, a->form, title != NULL ? title : record_text(a->form, "name"));
	if (err != OK)
		return err;
	if (intro != NULL) {
		buf_puts(out, "<p class=\"intro\">");
		escaped(out, intro);
		buf_puts(out, "</p>");
	}
	put_summary(ctx, out, a);
	buf_printf(out, "<form method=\"post\" action=\"/f/%s?lang=%s\" accept-charset=\"utf-8\" novalidate>", record_text(a->form, "door_key"), languages[ctx->locale]);
	put_hidden(out, "stamp", a->stamp);
	put_hidden(out, "page", a->page);
	if (req->method != METHOD_GET)
		put_hidden(out, "again", "1");
	for (size_t i = 0; i < FORM_UTM; i++)
		put_hidden(out, form_utm_names[i], a->utm[i]);
	for (size_t i = 0; i < a->spec->n; i++)
		if (!a->spec->fields[i].hidden)
			put_field(ctx, out, a, i);
	/* seen by machines alone, which fill in whatever there is */
	buf_puts(out, "<div class=\"other\" aria-hidden=\"true\"><label>Fax <input name=\"fax_number\" tabindex=\"-1\" autocomplete=\"off\"></label></div>");
	err = put_consents(ctx, out, a);
	if (err == OK)
		err = put_question(ctx, out, a);
	if (err != OK)
		return err;
	buf_puts(out, "<p><button type=\"submit\">");
	say(ctx, out, "web_form_send");
	buf_puts(out, "</button></p></form>");
	end(req, a, out);
	return OK;
}
