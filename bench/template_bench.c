/* How long a letter of forty fields takes, compiled once.
 *
 *   template_bench
 *
 * Prints microseconds: rendering it as HTML (forty values, a section, a list of five lines with a partial each), compiling it. */
#include <stdio.h>

#include "base/timeutil.h"
#include "core/template/template.h"

enum { FIELDS = 40, LINES = 5, RENDERS = 200000, COMPILES = 20000 };

static char names[FIELDS][24];
static struct template_member members[FIELDS + 1];
static struct template_member line_members[LINES][2];
static struct template_value lines[LINES];

static const char *line_partial(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return "<tr><td>{{what}}</td><td>{{price}}</td></tr>\n";
}

static void fill(void)
{
	for (int i = 0; i < FIELDS; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "field_%d", i);
		members[i] = template_member_of(names[i], template_text(i % 4 == 0 ? "王伟 & 李娜" : "a value of usual length"));
	}
	for (int i = 0; i < LINES; i++) {
		line_members[i][0] = template_member_of("what", template_text("茶叶礼盒"));
		line_members[i][1] = template_member_of("price", template_text("128.00"));
		lines[i] = (struct template_value){.kind = TEMPLATE_OBJECT, .n = 2, .members = line_members[i]};
	}
	members[FIELDS] = template_member_of("lines", (struct template_value){.kind = TEMPLATE_LIST, .n = LINES, .items = lines});
}

static void write_source(struct buf *source)
{
	for (int i = 0; i < FIELDS; i++)
		buf_printf(source, "<p>Some words before the value, {{field_%d}}, and some after it.</p>\n", i);
	buf_puts(source, "{{#field_0}}shown{{/field_0}}\n<table>\n{{#lines}}\n  {{>line}}\n{{/lines}}\n</table>\n");
}

int main(void)
{
	struct arena arena;
	struct ctx ctx;
	struct buf source, out;
	struct template *compiled = NULL;
	struct template_options options = {.context = TEMPLATE_HTML, .partial = line_partial};
	struct template_value data = {.kind = TEMPLATE_OBJECT, .n = FIELDS + 1, .members = members};
	struct template_run run = {0};
	arena_init(&arena, (size_t)1 << 30);
	ctx_init(&ctx, &arena, clock_system());
	buf_init(&source, 1 << 20);
	buf_init(&out, 1 << 20);
	fill();
	write_source(&source);
	int status = template_compile(&ctx, buf_text(&source), source.len, &options, &compiled) != OK;
	int64_t began = time_monotonic_us();
	for (int i = 0; i < RENDERS && status == 0; i++) {
		buf_reset(&out);
		status = template_render(&ctx, compiled, &data, &run, &out) != OK;
	}
	(void)printf("render, %zu bytes  %6.2f us\n", out.len, (double)(time_monotonic_us() - began) / RENDERS);
	template_free(compiled);
	began = time_monotonic_us();
	for (int i = 0; i < COMPILES && status == 0; i++) {
		status = template_compile(&ctx, buf_text(&source), source.len, &options, &compiled) != OK;
		template_free(compiled);
	}
	(void)printf("compile, %zu bytes %6.2f us\n", source.len, (double)(time_monotonic_us() - began) / COMPILES);
	buf_release(&source);
	buf_release(&out);
	arena_release(&arena);
	return status;
}
