/* What may be shown of HTML: what stays, what goes, the hostile cases of others, and what is built to cost. */
#include "base/test/check.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/mail/mail_html.h"
#include "core/mail/mail_sanitize.h"
#include "html_check.h"

static struct arena arena;
static struct ctx ctx;
static struct buf out;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, 64 << 20);
	ctx_init(&ctx, &arena, clock_system());
	buf_init(&out, 256 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_release(&out);
	arena_release(&arena);
	return 0;
}

static const char *clean(const char *html, size_t n)
{
	buf_reset(&out);
	assert_int_equal(mail_sanitize(&ctx, html, n, &out), OK);
	const char *wrong = check_html(buf_text(&out));
	if (wrong != NULL)
		print_error("%.200s\nbecame %.200s\n", html, wrong);
	assert_null(wrong);
	return buf_text(&out);
}

static void test_cases(void **state)
{
	(void)state;
	static const struct {
		const char *html, *shown;
	} cases[] = {
		{"<p>Hello <b>you</b><br>there &amp; 你好</p>", "<p>Hello <b>you</b><br>there &amp; 你好</p>"},
		{"a < b > c", "a &lt; b &gt; c"},
		{"<script>alert(1)</script>x<style>p{}</style>y<title>z</title>", "xy"},
		{"<textarea><img src=x onerror=alert(1)></textarea>", "&lt;img src=x onerror=alert(1)&gt;"},
		{"<form action=x><input name=a><button>Send</button></form>", "Send"},
		{"<iframe src=x>in</iframe><object data=x>fallback</object><embed src=x>", "fallback"},
		{"<svg><a href=\"https://x.cn/\">word</a><script>alert(1)</script></svg>", "word"},
		{"<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "<table></table>"},
		{"<a href=\"https://x.cn/?a=1&b=2\" onclick=x target=_self rel=opener>l</a>",
		 "<a href=\"https://x.cn/?a=1&amp;b=2\" rel=\"noopener noreferrer\" target=\"_blank\">l</a>"},
		{"<a href=\"java\tscript:alert(1)\">l</a><a href=\" \x01javascript:1\">l</a><a href=\"JaVaScRiPt&colon;1\">l</a>", "<a>l</a><a>l</a><a>l</a>"},
		{"<a href=\"data:text/html,x\">l</a><a href=\"vbscript:x\">l</a><a href=\"//x.cn\">l</a><a href=\"/x\">l</a><a href=\"#x\">l</a><a href=file:///x>l</a>",
		 "<a>l</a><a>l</a><a>l</a><a>l</a><a>l</a><a>l</a>"},
		{"<a href=\"mailto:a@b.cn\">m</a>", "<a href=\"mailto:a@b.cn\" rel=\"noopener noreferrer\" target=\"_blank\">m</a>"},
		{"<img src=\"https://x.cn/a.png\" srcset=\"https://x.cn/b.png 2x\" alt=A width=3>", "<img data-mail-src=\"https://x.cn/a.png\" alt=\"A\" width=\"3\">"},
		{"<img src=\"CID:a@b\"><img src=\"data:image/png;base64,AAAA\"><img src=\"//x.cn/a.png\"><img src=\"javascript:1\">",
		 "<img data-mail-cid=\"a@b\"><img data-mail-within=\"1\"><img><img>"},
		{"<div id=x name=y class=z data-mail-src=\"https://x.cn\" background=\"https://x.cn\">a</div>", "<div>a</div>"},
		{"<div style=\"COLOR: red; position:fixed; top:0; background:url(https://x.cn); width:50%\">a</div>", "<div style=\"color:red;width:50%\">a</div>"},
		{"<div style=\"color:expression(alert(1));width:expr/**/ession(1)\">a</div>", "<div>a</div>"},
		{"<div style=\"background:\\75rl(x);color:red\">a</div>", "<div>a</div>"},
		{"<div style=\"margin:-9px;margin-left:99999px;padding:4px;display:fixed;background:#FFF !important\">a</div>",
		 "<div style=\"padding:4px;background-color:#FFF\">a</div>"},
		{"<div style='font-family:\"微软雅黑\",Arial;background-color:rgb(1, 2,3);color:rgb(1,url(x))'>a</div>",
		 "<div style=\"font-family:微软雅黑,Arial;background-color:rgb(1, 2,3)\">a</div>"},
		{"<div style=\"color:red;;x;:y;z:\">a</div>", "<div style=\"color:red\">a</div>"},
		{"<!-- <img src=x onerror=alert(1)> --><![CDATA[x]]>y", "y"},
		{"<template><b>x</b></template><noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">t</noscript>",
		 "<p title=\"&lt;/noscript&gt;&lt;img src=x onerror=alert(1)&gt;\">t</p>"},
		{"<plaintext><img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"},
		{"", ""},
		{"<", "&lt;"},
		{"<a href=", ""},
		{"<unknown-thing>kept</unknown-thing>", "kept"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *shown = clean(cases[i].html, strlen(cases[i].html));
		if (!str_equal(shown, cases[i].shown))
			print_error("case %zu\n", i);
		assert_string_equal(shown, cases[i].shown);
	}
}

/* The hostile cases of others; also each of them twice, and inside what a page would have round it. */
static void test_hostile(void **state)
{
	(void)state;
	char path[512];
	json_error_t error;
	const char *folder = getenv("GUANXI_SHARED_DATA");
	(void)snprintf(path, sizeof(path), "%s/html_hostile/payloads.json", folder != NULL ? folder : "../shared/data");
	json_t *all = json_load_file(path, 0, &error);
	if (all == NULL)
		skip();
	assert_true(json_array_size(all) >= 112);
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *payload = json_object_get(json_array_get(all, i), "payload");
		char *once = strdup(clean(json_string_value(payload), json_string_length(payload)));
		assert_non_null(once);
		(void)clean(once, strlen(once));
		free(once);
	}
	json_decref(all);
}

static void grow(struct buf *html, const char *piece, size_t n)
{
	buf_reset(html);
	for (size_t i = 0; i < n; i++)
		buf_puts(html, piece);
}

/* Depth, formatting that is opened again for each paragraph, attributes without end: answered, and the words are there. */
static void test_costly(void **state)
{
	(void)state;
	static const char *const pieces[] = {"<div>", "<b><p>", "<font color=1><p>", "<table><tr><td>", "<a x ", "<p>", "<li>", "<", "<!--", "&#x41", "</p>", "<svg>", "<select>"};
	struct buf html, words;
	buf_init(&html, 16 << 20);
	buf_init(&words, 64 << 20);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		grow(&html, pieces[i], 60000);
		buf_puts(&html, "<p>the end</p>");
		(void)clean(buf_text(&html), html.len);
		buf_reset(&words);
		assert_int_equal(mail_html_text(&ctx, buf_text(&html), html.len, &words), OK);
	}
	grow(&html, "<div>", 1000);
	buf_puts(&html, "deep");
	assert_non_null(strstr(clean(buf_text(&html), html.len), "deep"));
	grow(&html, "<p>A paragraph of <b>a newsletter</b>, <a href=\"https://x.cn\">with a link</a>.</p>\n<table><tr><td>cell</td></tr></table>", 20000);
	assert_null(strstr(clean(buf_text(&html), html.len), "&lt;table")); /* long, but not costly: shown as it is meant */
	buf_release(&words);
	buf_release(&html);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cases, begin, end),
		cmocka_unit_test_setup_teardown(test_hostile, begin, end),
		cmocka_unit_test_setup_teardown(test_costly, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
