/* The shipped model on reviews it has not learnt from, on sentences of other fields, on what people type; and how long it takes. */
#include "base/test/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/text/text.h"
#include "feeling/feeling.h"

static struct arena arena;
static struct ctx ctx;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, 32 << 20);
	ctx_init(&ctx, &arena, clock_system());
	assert_int_equal(text_open(&ctx), OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	text_close();
	arena_release(&arena);
	return 0;
}

static struct feeling read_text(const char *text)
{
	struct feeling f;
	assert_int_equal(feeling_read(&ctx, text, strlen(text), &f), OK);
	return f;
}

/* Every fifth by its hash, as tools/feeling_train.c holds them out. */
static void held_out(void **state)
{
	(void)state;
	const char *shared = getenv("GUANXI_SHARED_DATA");
	char command[500], line[65536];
	snprintf(command, sizeof(command), "gzip -dc '%s/chinese_reviews_waimai10k/waimai_10k.csv.gz' 2>/dev/null", shared != NULL ? shared : "../shared/data");
	FILE *file = popen(command, "r"); /* test only: a path of our own */
	int right = 0, all = 0;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		size_t n = strcspn(line, "\r\n");
		if (n < 3 || line[1] != ',' || str_hash(line + 2, n - 2) % 5 != 0)
			continue;
		line[n] = '\0';
		all++;
		right += (read_text(line + 2).score > 0) == (line[0] == '1');
		arena_reset(&arena);
	}
	pclose(file);
	if (all == 0)
		skip();
	print_message("held out: %d of %d right, %.4f\n", right, all, (double)right / all);
	assert_true(all > 2000);
	assert_true(right >= all * 0.88);
}

/* Written for this test, of fields the reviews are not about. */
static const struct {
	int good;
	const char *text;
} sentences[] = {
	{1, "房间很大很干净，前台热情，早餐丰富，下次还住这里"}, {0, "隔音太差，一晚上没睡好，卫生间还有异味"},
	{1, "手机手感很好，电池耐用，屏幕清晰，值得购买"}, {0, "用了三天就死机，客服推诿不给换"},
	{1, "书写得通俗易懂，读完很有收获，推荐给大家"}, {0, "内容空洞，错别字很多，浪费时间"},
	{1, "衣服合身，面料柔软，和描述一样"}, {0, "洗了一次就缩水掉色，质量太差"},
	{1, "水果新鲜，个头大，包装也仔细"}, {0, "收到一半都烂了，要求退款也没人理"},
	{1, "客服很耐心，问题当天就解决了，感谢"}, {0, "打了五次电话都没有人接，非常生气"},
	{0, "我要投诉，你们的送货员态度恶劣"}, {0, "一点也不好用，说明书也看不懂"}, {0, "不是很满意，和图片不符"},
	{1, "沒想到這麼快就收到了，品質很好"}, {0, "賣家欺騙消費者，根本是假貨"}, {1, "服務周到，環境優雅，非常滿意"},
	{1, "The room was clean and the staff were friendly and helpful."}, {0, "The room was dirty and the staff were rude."},
	{1, "Great phone, the battery lasts long and it works perfectly."}, {0, "It stopped working after two days. What a waste of money."},
	{0, "I am very disappointed, this is not what I ordered."}, {1, "Thank you for the quick reply, the problem is solved."},
	{0, "Nobody answers the phone and I still have no refund."}, {1, "Highly recommend, excellent value for the price!"},
	{0, "Not worth the price, poor quality."}, {1, "No problems at all, arrived on time and well packed."},
	{0, "The zipper broke the first time I used it."}, {1, "I love this jacket, it fits nicely and is comfortable."},
	{0, "This is unacceptable. I want my money back."}, {0, "The food was cold and tasteless."},
	{1, "Delicious food, pleasant atmosphere, we will be back."}, {0, "I wouldn't recommend this to anyone."},
	{1, "Not bad for the money, quite happy with it."}, {0, "Worst customer service I have ever experienced."},
};

static void other_fields(void **state)
{
	(void)state;
	int n = (int)(sizeof(sentences) / sizeof(sentences[0])), right = 0;
	for (int i = 0; i < n; i++) {
		bool ok = (read_text(sentences[i].text).score > 0) == (sentences[i].good != 0);
		right += ok;
		if (!ok)
			print_message("wrong: %s\n", sentences[i].text);
	}
	print_message("other fields: %d of %d\n", right, n);
	assert_true(right >= n * 9 / 10);
}

static bool says(const struct feeling *f, const char *word)
{
	for (size_t i = 0; i < f->n; i++) {
		if (str_equal(f->reasons[i].word, word))
			return true;
	}
	return false;
}

static void as_people_type(void **state)
{
	(void)state;
	/* scripts, widths and cases are one */
	assert_true(read_text("服務態度很差").score == read_text("服务态度很差").score);
	assert_true(read_text("ＶＥＲＹ　ＧＯＯＤ！").score == read_text("very good!").score);
	/* what denies turns it round */
	assert_true(read_text("好吃").score > 0.5 && read_text("不好吃").score < 0 && read_text("不太好吃").score < 0 && read_text("一点也不好吃").score < 0);
	assert_true(read_text("good").score > 0 && read_text("not good").score < 0 && read_text("isn't very good").score < 0 && read_text("isn’t good").score < 0);
	assert_true(read_text("不错").score > 0 && read_text("not only good").score > 0);
	/* reasons are words of the text */
	struct feeling f = read_text("送餐太慢，菜都凉了");
	assert_int_equal(f.kind, FEELING_NEGATIVE);
	assert_true(says(&f, "太慢") && says(&f, "凉了"));
	/* what says nothing */
	assert_int_equal(read_text("").kind, FEELING_NEUTRAL);
	assert_int_equal(read_text("12345 …… ()").kind, FEELING_NEUTRAL);
	assert_int_equal(read_text("\xf0\x9f\x98\x80").kind, FEELING_NEUTRAL);
}

/* Longer than is read, cut in a character; without any blank. */
static void very_long(void **state)
{
	(void)state;
	enum { N = 400000 };
	char *text = malloc(N + 1);
	assert_non_null(text);
	for (int i = 0; i + 3 <= N; i += 3)
		memcpy(text + i, "\xe5\xb7\xae", 3);
	text[N / 3 * 3] = '\0';
	assert_int_equal(read_text(text).kind, FEELING_NEGATIVE);
	memset(text, 'a', N);
	text[N] = '\0';
	assert_int_equal(read_text(text).kind, FEELING_NEUTRAL);
	free(text);
}

/* The bar is 100 us for 200 characters; a busy machine gets ten times that. */
static void quick(void **state)
{
	(void)state;
	static const char piece[] = "送餐太慢了菜都凉了味道也不好再也不会来了"; /* 20 characters */
	char text[10 * (sizeof(piece) - 1) + 1];
	for (size_t i = 0; i < 10; i++)
		memcpy(text + i * (sizeof(piece) - 1), piece, sizeof(piece) - 1);
	text[sizeof(text) - 1] = '\0';
	int64_t best = INT64_MAX;
	for (int i = 0; i < 200; i++) {
		int64_t began = time_monotonic_us();
		(void)read_text(text);
		int64_t took = time_monotonic_us() - began;
		best = took < best ? took : best;
		arena_reset(&arena);
	}
	print_message("%zu characters: %lld us\n", utf8_length(text, strlen(text)), (long long)best);
	assert_true(best < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(held_out), cmocka_unit_test(other_fields), cmocka_unit_test(as_people_type), cmocka_unit_test(very_long), cmocka_unit_test(quick),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
