/* Pinyin and index tokens. */
#include "text_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "core/text/text.h"

static void pinyin_reads_names(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *in, *full, *initials;
	} list[] = {
		{"张伟", "zhangwei", "zw"},
		{"張偉", "zhangwei", "zw"},
		{"单雄信", "shanxiongxin", "sxx"},
		{"曾国藩", "zengguofan", "zgf"},
		{"仇英", "qiuying", "qy"},
		{"解缙", "xiejin", "xj"},
		{"区小明", "ouxiaoming", "oxm"},
		{"區小明", "ouxiaoming", "oxm"},
		{"查良镛", "zhaliangyong", "zly"},
		{"盖叫天", "gejiaotian", "gjt"},
		{"翟天临", "zhaitianlin", "ztl"},
		{"缪斯", "miaosi", "ms"},
		{"朴正熙", "piaozhengxi", "pzx"},
		{"尉迟恭", "yuchigong", "ycg"},
		{"尉迟", "yuchi", "yc"},
		{"万俟卨", "moqixie", "mqx"},
		{"长孙无忌", "zhangsunwuji", "zswj"},
		{"欧阳修", "ouyangxiu", "oyx"},
		{"吕布", "lvbu", "lb"},
		{"王长江", "wangchangjiang", "wcj"},
		{"李乾", "liqian", "lq"},
		{"单人床垫特价", "danrenchuangdiantejia", "drcdtj"},
		{"重庆火锅有限公司", "chongqinghuoguoyouxiangongsi", "cqhgyxgs"},
		{"重慶火鍋店", "chongqinghuoguodian", "cqhgd"},
		{"长沙", "changsha", "cs"},
		{"長沙臭豆腐", "changshachoudoufu", "cscdf"},
		{"成都小吃", "chengduxiaochi", "cdxc"},
		{"厦门航空", "xiamenhangkong", "xmhk"},
		{"中国银行", "zhongguoyinhang", "zgyh"},
		{"音乐教室", "yinyuejiaoshi", "yyjs"},
		{"国贸大厦", "guomaodasha", "gmds"},
		{"西藏旅行社", "xizanglvxingshe", "xzlxs"},
		{"会计师事务所", "kuaijishishiwusuo", "kjssws"},
		{"會計師", "kuaijishi", "kjs"},
		{"六安瓜片", "luanguapian", "lagp"},
		{"番禺", "panyu", "py"},
		{"蚌埠台州丽水", "bengbutaizhoulishui", "bbtzls"},
		{"东阿阿胶", "dongeejiao", "deej"},
		{"调味料批发", "tiaoweiliaopifa", "twlpf"},
		{"西洋参切片", "xiyangshenqiepian", "xysqp"},
		{"曾经沧海难为水", "cengjingcanghainanweishui", "cjchnws"},
		{"北京老曾家私房菜", "beijinglaozengjiasifangcai", "bjlzjsfc"},
		{"行长", "hangzhang", "hz"},
		{"都江堰水利", "dujiangyanshuili", "djysl"},
		{"王小明 (VIP)", "wangxiaoming", "wxm"},
		{"John", "", ""},
		{"", "", ""},
		{"😀", "", ""},
		{"𠮷", "ji", "j"},
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		const char *full, *initials;
		assert_int_equal(text_pinyin(&f->ctx, list[i].in, strlen(list[i].in), &full, &initials), OK);
		assert_string_equal(full, list[i].full);
		assert_string_equal(initials, list[i].initials);
	}
}

static const char *tokens(struct fixture *f, const char *in, enum text_kind kind)
{
	struct buf buf;
	buf_init(&buf, 1 << 16);
	assert_int_equal(text_index_tokens(&f->ctx, in, strlen(in), kind, &buf), OK);
	char *out = arena_strdup(f->ctx.arena, buf_text(&buf));
	assert_non_null(out);
	buf_release(&buf);
	return out;
}

static void tokens_follow_the_grammar(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *in;
		enum text_kind kind;
		const char *out;
	} list[] = {
		{"", TEXT_WORDS, ""},
		{"杭州西湖區 Building 5", TEXT_WORDS, "杭州西湖区 building 5"},
		{"iPhone15手機", TEXT_WORDS, "iphone 15 手机"},
		{"O'Brien & Söhne", TEXT_WORDS, "obrien sohne"},
		{"Jean-Luc", TEXT_WORDS, "jean luc"},
		{"ひらがなカタカナ", TEXT_WORDS, "ひらがなカタカナ"},
		{"😀 \"quoted\" (x)*", TEXT_WORDS, "quoted x"},
		{"张伟", TEXT_NAME, "张伟 *zhangwei,zw,wei"},
		{"張偉明", TEXT_NAME, "张伟明 *zhangweiming,zwm,weiming"},
		{"欧阳修", TEXT_NAME, "欧阳修 *ouyangxiu,oyx,xiu"},
		{"单伟", TEXT_NAME, "单伟 *shanwei,sw,wei *danwei,dw,wei"},
		{"孟　非", TEXT_NAME, "孟 非 *mengfei,mf,fei"},
		{"阿凡提·买买提", TEXT_NAME, "阿凡提 买买提 *afantimaimaiti,aftmmt,maimaiti *afanti,aft,fanti"},
		{"曾", TEXT_NAME, "曾 *zeng,z"},
		{"单", TEXT_NAME, "单 *shan,s *dan,d"},
		{"老曾", TEXT_NAME, "老曾 *laozeng,lz,zeng"},
		{"曾总", TEXT_NAME, "曾总 *zengzong,zz *zeng,z"},
		{"小单", TEXT_NAME, "小单 *xiaoshan,xs,shan *xiaodan,xd,dan"},
		{"朝阳大厦", TEXT_NAME, "朝阳大厦 *chaoyangdasha,cyds,yangdasha *zhaoyangdaxia,zydx"},
		{"张三先生", TEXT_NAME, "张三先生 *zhangsanxiansheng,zsxs *zhangsan,zs,san"},
		{"曾国豪 Tom", TEXT_NAME, "曾国豪 tom *zengguohao,zgh"},
		{"尉迟", TEXT_NAME, "尉迟 *yuchi,yc,chi *weichi,wc"},
		{"吕布", TEXT_NAME, "吕布 *lvbu,lb,bu *lubu,lb,bu"},
		{"杭州西湖科技", TEXT_NAME, "杭州西湖科技 *hangzhouxihukeji,hzxhkj"},
		{"张伟 Tom", TEXT_NAME, "张伟 tom *zhangwei,zw"},
		{"Tom 张伟", TEXT_NAME, "tom 张伟 *zhangwei,zw"},
		{"John Smith", TEXT_NAME, "john smith"},
		{"ジョン・スミス", TEXT_NAME, "ジョン スミス *jonsumisu,js,sumisu"},
		{"とうきょう", TEXT_NAME, "とうきょう *toukyou *tokyo"},
		{"がっこう ちゃ", TEXT_NAME, "がっこう ちゃ *gakkoucha,gc,cha *gakkocha,gc,cha"},
		{"김민준", TEXT_NAME, "김민준 *gimminjun,gmj,minjun *kimminjun,kmj,minjun"},
		{"이 서연", TEXT_NAME, "이 서연 *iseoyeon,isy,seoyeon *leeseoyeon,lsy,seoyeon"},
		{"삼성전자 서울", TEXT_NAME, "삼성전자 서울 *samseongjeonjaseoul"},
		{"葛\U000E0100飾", TEXT_NAME, "葛饰 *geshi,gs,shi"},
		{"256GB 15pro", TEXT_WORDS, "256 gb 15 pro"},
		{"+8657188887777;ext=8001", TEXT_NUMBER, "#57188887777/86 #8001/"},
		{"+8613800138000", TEXT_NUMBER, "#13800138000/86"},
		{"+12025550123", TEXT_NUMBER, "#2025550123/1"},
		{"+85212345678", TEXT_NUMBER, "#12345678/852"},
		{"13800138000", TEXT_NUMBER, "#13800138000/"},
		{"SO-2024-000123", TEXT_NUMBER, "#so2024000123/ so 2024 000123"},
		{"订单2024", TEXT_NUMBER, "#2024/ 订单 2024"},
		{"１２３４５", TEXT_NUMBER, "#12345/"},
		{"Wang.Wei@Example.com", TEXT_EMAIL, "@wang.wei@example.com wang wei"},
		{"a\"b(c@x.cn", TEXT_EMAIL, "@a_b_c@x.cn a b c"},
		{"not an address", TEXT_EMAIL, "not an address"},
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		assert_string_equal(tokens(f, list[i].in, list[i].kind), list[i].out);
	struct buf buf;
	buf_init(&buf, 100);
	assert_int_equal(text_index_tokens(&f->ctx, "a", 1, TEXT_WORDS, &buf), OK);
	assert_int_equal(text_index_tokens(&f->ctx, "b", 1, TEXT_WORDS, &buf), OK);
	assert_string_equal(buf_text(&buf), "a b");
	buf_release(&buf);
	buf_init(&buf, 4);
	assert_int_equal(text_index_tokens(&f->ctx, "longer than that", 16, TEXT_WORDS, &buf), ERR_LIMIT);
	buf_release(&buf);
}

/* Of this thread's processor time, so that a loaded machine does not count. */
static int64_t spent_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* Every name of the corpus has a reading for each character, quickly. */
static void a_quarter_million_names(void **state)
{
	struct fixture *f = *state;
	size_t n;
	char *data = shared_data_new("chinese_names/Ancient_Names_Corpus_25W.txt.gz", &n);
	if (!data)
		skip();
	size_t names = 0, unread = 0;
	struct arena_mark mark = arena_mark(f->ctx.arena);
	struct buf buf;
	buf_init(&buf, 1 << 12);
	int64_t start = spent_us();
	for (char *line = data; line < data + n;) {
		char *end = memchr(line, '\n', (size_t)(data + n - line));
		size_t len = end ? (size_t)(end - line) : (size_t)(data + n - line);
		const char *full, *initials;
		assert_int_equal(text_pinyin(&f->ctx, line, len, &full, &initials), OK);
		buf_reset(&buf);
		assert_int_equal(text_index_tokens(&f->ctx, line, len, TEXT_NAME, &buf), OK);
		names++;
		unread += len > 3 && !*full;
		arena_rewind(f->ctx.arena, mark);
		line += len + 1;
	}
	int64_t us = spent_us() - start;
	print_message("%zu names, pinyin and tokens %.2f us each, %zu without a reading\n", names,
	              (double)us / (double)names, unread);
	assert_true(names > 255000);
	assert_true(unread < 50);
#ifndef __SANITIZE_THREAD__ /* its time is not ours */
	assert_true(us < (int64_t)names * 50); /* the aim is 5; other sanitizers are slow */
#endif
	buf_release(&buf);
	free(data);
}

/* Each word of the dictionary the table was made of is read as it stands there: what is left out of the table follows
 * from what is in it. Rarer second readings, of which a word has two, are not. */
static void words_are_read_as_in_the_dictionary(void **state)
{
	struct fixture *f = *state;
	FILE *in = fopen("/usr/share/rime-data/pinyin_simp.dict.yaml", "r");
	char line[512], wanted[256];
	size_t words = 0, wrong = 0;
	if (!in)
		skip();
	struct arena_mark mark = arena_mark(f->ctx.arena);
	while (fgets(line, sizeof line, in)) {
		char *rest = NULL, *word = strtok_r(line, "\t", &rest), *reading = strtok_r(NULL, "\t", &rest), *weight = strtok_r(NULL, "\t\n", &rest);
		if (!reading || !weight || !strchr(reading, ' ') || strtod(weight, NULL) < 100)
			continue;
		size_t len = (size_t)snprintf(wanted, sizeof wanted, "*");
		for (const char *p = reading; *p; p++)
			if (*p != ' ')
				wanted[len++] = *p;
		wanted[len] = 0;
		words++;
		wrong += !strstr(tokens(f, word, TEXT_NAME), wanted);
		arena_rewind(f->ctx.arena, mark);
	}
	(void)fclose(in);
	print_message("%zu words, %zu read otherwise\n", words, wrong);
	assert_true(words > 20000);
	assert_true(wrong * 1000 < words);
}

int run_name_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pinyin_reads_names, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(tokens_follow_the_grammar, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(words_are_read_as_in_the_dictionary, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(a_quarter_million_names, fixture_open, fixture_close),
	};
	return cmocka_run_group_tests_name("text: names", tests, NULL, NULL);
}
