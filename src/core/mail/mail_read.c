/* A message's parts: GMime takes them apart, this decides which is text, which is attached, and what reports say. */
#include <gmime/gmime.h>
#include <string.h>

#include "base/str.h"
#include "core/mail/mail_internal.h"
#include "core/mail/mail_html.h"

/* One walk over the parts. */
struct reading {
	struct ctx *ctx;
	struct mail *mail;
	struct mail_signs *signs;
	struct buf text, html, report, feedback, original;
	struct mail_attachment *attachments;
	size_t n_attachments, parts, left_out;
	enum err err;
};

static void once(void)
{
	static bool begun;
	if (!begun)
		g_mime_init();
	begun = true;
}

static const char *keep(struct ctx *ctx, const char *text)
{
	struct buf clean;
	if (text == NULL)
		return NULL;
	buf_init(&clean, 1 << 20);
	const char *kept = NULL;
	/* header text may still be raw bytes of an encoding nobody named */
	if (mail_decode(ctx, "UTF-8", text, strnlen(text, 256 << 10), &clean) == OK)
		kept = arena_strdup(ctx->arena, buf_text(&clean));
	buf_release(&clean);
	return kept;
}

static enum err full(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, NULL, "mail_too_large");
}

static void part_bytes(GMimePart *part, struct buf *out)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	if (content == NULL)
		return;
	GMimeStream *stream = g_mime_stream_mem_new();
	(void)g_mime_data_wrapper_write_to_stream(content, stream);
	const GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	if (bytes != NULL && bytes->len > 0)
		buf_add(out, bytes->data, bytes->len);
	g_object_unref(stream);
}

static void attach(struct reading *r, GMimeObject *object, const char *name, size_t size)
{
	if (r->n_attachments >= MAIL_LIST_MAX) {
		r->left_out++;
		return;
	}
	GMimeContentType *type = g_mime_object_get_content_type(object);
	GMimeContentDisposition *disposition = g_mime_object_get_content_disposition(object);
	char *full_type = type != NULL ? g_mime_content_type_get_mime_type(type) : NULL;
	const char *how = disposition != NULL ? g_mime_content_disposition_get_disposition(disposition) : NULL;
	r->attachments[r->n_attachments++] = (struct mail_attachment){.name = keep(r->ctx, name),
		.type = keep(r->ctx, full_type != NULL ? full_type : "application/octet-stream"),
		.content_id = keep(r->ctx, g_mime_object_get_content_id(object)), .size = size, .embedded = how != NULL && str_equal_nocase(how, "inline")};
	g_free(full_type);
}

struct flow {
	struct buf *out;
	size_t depth; /* of quoting, in the line before */
	bool going;   /* that line goes on */
	bool delsp;
};

static size_t quote_depth(const char *line, size_t len)
{
	size_t depth = 0;
	while (depth < len && line[depth] == '>')
		depth++;
	return depth;
}

/* Ends the line before, where this one does not go on with it. */
static void begin_line(struct flow *f, size_t depth, bool sign)
{
	if (f->going && depth == f->depth && !sign)
		return;
	buf_puts(f->out, f->going ? "\n" : "");
	f->going = false;
	for (size_t i = 0; i < depth; i++)
		buf_puts(f->out, i + 1 < depth ? ">" : "> ");
}

/* One line of `len` bytes; `broken`: a line end follows. */
static void flow_line(struct flow *f, const char *line, size_t len, bool broken)
{
	size_t depth = quote_depth(line, len), skip = depth + (depth < len && line[depth] == ' ' ? 1 : 0);
	line += skip;
	len -= skip;
	bool sign = len == 3 && memcmp(line, "-- ", 3) == 0;
	begin_line(f, depth, sign);
	f->going = len > 0 && line[len - 1] == ' ' && !sign;
	buf_add(f->out, line, len - (f->going && f->delsp ? 1 : 0));
	if (!f->going && broken)
		buf_putc(f->out, '\n');
	f->depth = depth;
}

/* RFC 3676: lines that end in a space go on; quoting depth breaks, "-- " stands alone. */
static void unflow(struct buf *out, const char *text, size_t n, bool delsp)
{
	struct flow flow = {.out = out, .delsp = delsp};
	for (const char *end = text + n, *next; text < end; text = next) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		next = stop != NULL ? stop + 1 : end;
		flow_line(&flow, text, (size_t)((stop != NULL ? stop : end) - text), stop != NULL);
	}
}

static bool parameter_is(GMimeContentType *type, const char *name, const char *value)
{
	const char *is = g_mime_content_type_get_parameter(type, name);
	return is != NULL && str_equal_nocase(is, value);
}

static void read_text(struct reading *r, GMimePart *part, GMimeContentType *type, struct buf *out)
{
	struct buf bytes, text;
	buf_init(&bytes, MAIL_BYTES_MAX);
	buf_init(&text, (size_t)MAIL_BYTES_MAX * 3);
	part_bytes(part, &bytes);
	if (r->err == OK)
		r->err = mail_decode(r->ctx, g_mime_content_type_get_parameter(type, "charset"), buf_text(&bytes), bytes.len, &text);
	if (out->len > 0 && text.len > 0 && out->data[out->len - 1] != '\n')
		buf_putc(out, '\n');
	if (parameter_is(type, "format", "flowed"))
		unflow(out, buf_text(&text), text.len, parameter_is(type, "delsp", "yes"));
	else
		buf_add(out, buf_text(&text), text.len);
	buf_release(&text);
	buf_release(&bytes);
}

static void read_report(struct reading *r, GMimePart *part, struct buf *out)
{
	struct buf bytes;
	buf_init(&bytes, MAIL_BYTES_MAX);
	part_bytes(part, &bytes);
	if (r->err == OK)
		r->err = mail_decode(r->ctx, NULL, buf_text(&bytes), bytes.len, out);
	buf_puts(out, "\n\n");
	buf_release(&bytes);
}

enum place { TO_ATTACHED, TO_TEXT, TO_HTML, TO_REPORT, TO_FEEDBACK, TO_ORIGINAL };

/* Where a part goes by its type alone. */
static enum place place_of(GMimeContentType *type)
{
	static const struct {
		const char *type, *subtype;
		enum place place;
	} places[] = {
		{"message", "feedback-report", TO_FEEDBACK}, {"message", "delivery-status", TO_REPORT}, {"message", "global-delivery-status", TO_REPORT},
		{"message", "xdelivery-status", TO_REPORT}, {"text", "rfc822-headers", TO_ORIGINAL}, {"message", "global-headers", TO_ORIGINAL},
		{"message", "*", TO_ATTACHED}, {"text", "html", TO_HTML}, {"text", "calendar", TO_ATTACHED}, {"text", "*", TO_TEXT},
	};
	for (size_t i = 0; type != NULL && i < sizeof(places) / sizeof(places[0]); i++) {
		if (g_mime_content_type_is_type(type, places[i].type, places[i].subtype))
			return places[i].place;
	}
	return type == NULL ? TO_TEXT : TO_ATTACHED;
}

/* By its own word and by its name: a named text with no word on how to show it is the text, where there is none yet. */
static bool is_attached(const struct reading *r, GMimeObject *object, const char *name)
{
	GMimeContentDisposition *disposition = g_mime_object_get_content_disposition(object);
	const char *how = disposition != NULL ? g_mime_content_disposition_get_disposition(disposition) : NULL;
	if (how != NULL && str_equal_nocase(how, "attachment"))
		return true;
	return !str_empty(name) && (how != NULL || r->text.len > 0 || r->html.len > 0);
}

static void read_attached(struct reading *r, GMimePart *part, const char *name)
{
	struct buf bytes;
	buf_init(&bytes, MAIL_BYTES_MAX);
	part_bytes(part, &bytes);
	attach(r, GMIME_OBJECT(part), name, bytes.len);
	buf_release(&bytes);
}

/* To the text, to the reports, or to what is attached. */
static void read_leaf(struct reading *r, GMimePart *part)
{
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
	const char *name = g_mime_part_get_filename(part);
	enum place place = place_of(type);
	if ((place == TO_TEXT || place == TO_HTML) && is_attached(r, GMIME_OBJECT(part), name))
		place = TO_ATTACHED;
	r->signs->has_original |= place == TO_ORIGINAL;
	if (place == TO_ATTACHED)
		read_attached(r, part, name);
	else if (place == TO_TEXT || place == TO_HTML)
		read_text(r, part, type, place == TO_HTML ? &r->html : &r->text);
	else
		read_report(r, part, place == TO_REPORT ? &r->report : place == TO_FEEDBACK ? &r->feedback : &r->original);
}

static void read_embedded(struct reading *r, GMimeMessagePart *part)
{
	GMimeMessage *message = g_mime_message_part_get_message(part);
	char *headers = message != NULL ? g_mime_object_get_headers(GMIME_OBJECT(message), NULL) : NULL;
	const char *subject = message != NULL ? g_mime_message_get_subject(message) : NULL;
	r->signs->has_original = true;
	if (headers != NULL && r->err == OK)
		r->err = mail_decode(r->ctx, NULL, headers, strlen(headers), &r->original);
	buf_puts(&r->original, "\n");
	char *whole = message != NULL ? g_mime_object_to_string(GMIME_OBJECT(message), NULL) : NULL;
	attach(r, GMIME_OBJECT(part), subject, whole != NULL ? strlen(whole) : 0);
	g_free(whole);
	g_free(headers);
}

static void read_part(struct reading *r, GMimeObject *object, int depth);

static void read_multipart(struct reading *r, GMimeMultipart *multipart, int depth)
{
	int count = g_mime_multipart_get_count(multipart);
	/* "This is a message in MIME format" is for old programs; without parts it is the text itself */
	const char *stray[] = {g_mime_multipart_get_prologue(multipart), g_mime_multipart_get_epilogue(multipart)};
	for (size_t i = 0; count == 0 && i < 2; i++) {
		if (stray[i] != NULL && r->err == OK)
			r->err = mail_decode(r->ctx, NULL, stray[i], strlen(stray[i]), &r->text);
	}
	for (int i = 0; i < count; i++)
		read_part(r, g_mime_multipart_get_part(multipart, i), depth + 1);
}

static void read_part(struct reading *r, GMimeObject *object, int depth) /* NOLINT(misc-no-recursion): MAIL_DEPTH_MAX */
{
	if (object == NULL || r->err != OK)
		return;
	if (depth > MAIL_DEPTH_MAX || ++r->parts > MAIL_PARTS_MAX) {
		r->left_out++;
		return;
	}
	if (GMIME_IS_MULTIPART(object))
		read_multipart(r, GMIME_MULTIPART(object), depth);
	else if (GMIME_IS_MESSAGE_PART(object))
		read_embedded(r, GMIME_MESSAGE_PART(object));
	else if (GMIME_IS_PART(object))
		read_leaf(r, GMIME_PART(object));
	else
		r->left_out++;
}

/* --- headers ----------------------------------------------------------- */

static const char *addresses(struct ctx *ctx, InternetAddressList *list)
{
	char *text = list != NULL && internet_address_list_length(list) > 0 ? internet_address_list_to_string(list, NULL, FALSE) : NULL;
	const char *kept = keep(ctx, text);
	g_free(text);
	return kept;
}

static void add_ids(struct ctx *ctx, const char *header, const char **list, size_t *n)
{
	GMimeReferences *ids = header != NULL ? g_mime_references_parse(NULL, header) : NULL;
	for (int i = 0; ids != NULL && i < g_mime_references_length(ids) && *n < MAIL_LIST_MAX; i++) {
		const char *id = keep(ctx, g_mime_references_get_message_id(ids, i));
		/* "<yes>" was typed, and joins strangers */
		bool known = id == NULL || strchr(id, '@') == NULL;
		for (size_t k = 0; !known && k < *n; k++)
			known = str_equal(list[k], id);
		if (!known)
			list[(*n)++] = id;
	}
	if (ids != NULL)
		g_mime_references_free(ids);
}

static enum err read_headers(struct reading *r, GMimeMessage *message)
{
	struct ctx *ctx = r->ctx;
	struct mail *mail = r->mail;
	const char **references = arena_array(ctx->arena, MAIL_LIST_MAX, sizeof(*references));
	r->attachments = arena_array(ctx->arena, MAIL_LIST_MAX, sizeof(*r->attachments));
	if (references == NULL || r->attachments == NULL)
		return full(ctx);
	InternetAddressList *from = g_mime_message_get_from(message);
	mail->from = addresses(ctx, from);
	if (from != NULL && internet_address_list_length(from) > 0 && INTERNET_ADDRESS_IS_MAILBOX(internet_address_list_get_address(from, 0)))
		mail->from_address = keep(ctx, internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(internet_address_list_get_address(from, 0))));
	mail->to = addresses(ctx, g_mime_message_get_to(message));
	mail->subject = keep(ctx, g_mime_message_get_subject(message));
	mail->message_id = keep(ctx, g_mime_message_get_message_id(message));
	add_ids(ctx, g_mime_object_get_header(GMIME_OBJECT(message), "References"), references, &mail->n_references);
	add_ids(ctx, g_mime_object_get_header(GMIME_OBJECT(message), "In-Reply-To"), references, &mail->n_references);
	mail->references = references;
	mail->attachments = r->attachments;
	struct buf headers;
	buf_init(&headers, MAIL_BYTES_MAX);
	char *raw = g_mime_object_get_headers(GMIME_OBJECT(message), NULL);
	enum err err = raw != NULL ? mail_decode(ctx, NULL, raw, strlen(raw), &headers) : OK;
	r->signs->headers = arena_strdup(ctx->arena, buf_text(&headers));
	g_free(raw);
	buf_release(&headers);
	GMimeObject *body = g_mime_message_get_mime_part(message);
	GMimeContentType *type = body != NULL ? g_mime_object_get_content_type(body) : NULL;
	const char *report_type = type != NULL ? g_mime_content_type_get_parameter(type, "report-type") : NULL;
	r->signs->report_type = report_type != NULL ? keep(ctx, report_type) : "";
	return err != OK ? err : r->signs->headers == NULL || r->signs->report_type == NULL ? full(ctx) : OK;
}

/* --- the whole --------------------------------------------------------- */

static const char *settle(struct reading *r, struct buf *buf)
{
	const char *text = buf_failed(buf) ? NULL : arena_strndup(r->ctx->arena, buf_text(buf), buf->len);
	if (text == NULL && r->err == OK)
		r->err = full(r->ctx);
	buf_release(buf);
	return text;
}

static bool blank(const char *text)
{
	return text[strspn(text, " \t\n\f\v")] == '\0';
}

static enum err finish(struct reading *r)
{
	struct mail *mail = r->mail;
	struct mail_signs *signs = r->signs;
	bool has_html = r->html.len > 0;
	mail->text = settle(r, &r->text);
	const char *html = settle(r, &r->html);
	signs->report = settle(r, &r->report);
	signs->feedback = settle(r, &r->feedback);
	signs->original = settle(r, &r->original);
	if (r->err != OK)
		return r->err;
	mail->html = has_html ? html : NULL;
	mail->n_attachments = r->n_attachments;
	mail->left_out = r->left_out;
	if (has_html && blank(mail->text)) {
		struct buf words;
		buf_init(&words, MAIL_BYTES_MAX);
		enum err err = mail_html_text(r->ctx, html, strlen(html), &words);
		mail->text = err == OK ? arena_strdup(r->ctx->arena, buf_text(&words)) : "";
		buf_release(&words);
		if (err != OK || mail->text == NULL)
			return err != OK ? err : full(r->ctx);
	}
	return mail_judge(r->ctx, signs, mail);
}

/* GMime wants lines ended by LF, and no mbox line before the headers. The caller frees it. */
static char *prepare(const char *bytes, size_t n, size_t *ret_n)
{
	char *copy = g_try_malloc(n + 1);
	if (copy == NULL)
		return NULL;
	bool only_cr = memchr(bytes, '\n', n) == NULL;
	const char *end = bytes + n, *at = bytes;
	while (at < end && (*at == '\n' || *at == '\r'))
		at++;
	if (end - at > 5 && memcmp(at, "From ", 5) == 0) {
		const char *line = memchr(at, only_cr ? '\r' : '\n', (size_t)(end - at));
		at = line != NULL ? line + 1 : end;
	}
	*ret_n = (size_t)(end - at);
	memcpy(copy, at, *ret_n);
	for (size_t i = 0; only_cr && i < *ret_n; i++)
		copy[i] = copy[i] == '\r' ? '\n' : copy[i];
	*ret_n = mail_join_words(copy, *ret_n);
	copy[*ret_n] = '\0';
	return copy;
}

static GMimeMessage *parse(const char *bytes, size_t n)
{
	static const char *charsets[] = {"utf-8", "gb18030", "big5", "windows-1252", NULL};
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes, n);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeParserOptions *options = g_mime_parser_options_new();
	g_mime_parser_options_set_fallback_charsets(options, charsets);
	g_mime_parser_options_set_rfc2047_compliance_mode(options, GMIME_RFC_COMPLIANCE_LOOSE);
	g_mime_parser_options_set_parameter_compliance_mode(options, GMIME_RFC_COMPLIANCE_LOOSE);
	g_mime_parser_options_set_address_compliance_mode(options, GMIME_RFC_COMPLIANCE_LOOSE);
	g_mime_parser_options_set_allow_addresses_without_domain(options, TRUE);
	GMimeMessage *message = g_mime_parser_construct_message(parser, options);
	g_mime_parser_options_free(options);
	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

enum err mail_read(struct ctx *ctx, const void *bytes, size_t n, struct mail *ret)
{
	struct mail_signs signs = {.headers = "", .report = "", .feedback = "", .original = "", .report_type = ""};
	struct reading r = {.ctx = ctx, .mail = ret, .signs = &signs};
	struct buf *bufs[] = {&r.text, &r.html, &r.report, &r.feedback, &r.original};
	*ret = (struct mail){.text = ""};
	if (n > MAIL_BYTES_MAX)
		return full(ctx);
	once();
	size_t len = 0;
	char *copy = prepare(n > 0 ? bytes : "", n, &len);
	GMimeMessage *message = copy != NULL ? parse(copy, len) : NULL;
	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		buf_init(bufs[i], (size_t)MAIL_BYTES_MAX * 3);
	if (copy == NULL) {
		r.err = full(ctx);
	} else if (message == NULL) { /* no message at all: it is text */
		r.err = mail_decode(ctx, NULL, copy, len, &r.text);
	} else {
		r.err = read_headers(&r, message);
		read_part(&r, g_mime_message_get_mime_part(message), 0);
		g_object_unref(message);
	}
	enum err err = finish(&r);
	g_free(copy);
	return err;
}
