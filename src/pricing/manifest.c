#include "core/manifest/manifest.h"
#include "core/command/command.h"
#include "pricing/pricing_store.h"

enum { QUESTIONS_MAX = 64 << 20 };

static int price_answers(struct cli *cli)
{
	struct buf in, out;
	if (cli->n_files != 1) {
		fprintf(cli->err, "guanxi: 'price ask' needs one FILE\n");
		return 2;
	}
	buf_init(&in, QUESTIONS_MAX);
	buf_init(&out, QUESTIONS_MAX);
	int status = 1;
	if (command_read_file(cli, cli->files[0], &in)) {
		status = pricing_ask(cli->ctx, buf_text(&in), in.len, &out) == OK ? 0 : command_failed(cli);
		if (out.len > 0 && fwrite(buf_text(&out), 1, out.len, cli->out) != out.len)
			status = 1;
	}
	buf_release(&in);
	buf_release(&out);
	return status;
}

static const struct command pricing_commands[] = {
	{"price ask", NEEDS_NOTHING, NULL, "FILE", "Answers a JSON list of questions on price lists and units, one answer a line, with its steps.", price_answers},
	{.name = NULL},
};

static const struct entity *const entities[] = {
	&price_book_entity, &price_rule_entity, &exchange_rate_entity, &product_unit_entity, &promotion_entity, &promotion_use_entity, NULL,
};

static const struct route *const routes[] = {pricing_routes, NULL};

/* Prices are the firm's: managers keep them, sales people see the promotions. */
static const struct role_right rights[] = {
	{"manager", "price_book", "aaa-aa"}, {"manager", "price_rule", "aaaaaa"}, {"manager", "exchange_rate", "aaa-aa"}, {"manager", "product_unit", "aaaaaa"},
	{"manager", "promotion", "aaa-aa"},  {"manager", "promotion_use", "a-----"}, {"sales", "price_book", "------"}, {"sales", "price_rule", "------"},
	{"sales", "exchange_rate", "a-----"}, {"sales", "product_unit", "a-----"}, {"sales", "promotion", "a-----"}, {"sales", "promotion_use", "------"}, {0},
};

extern const struct manifest pricing_manifest;
const struct manifest pricing_manifest = {
	.name = "pricing", .commands = pricing_commands, .entities = entities, .routes = routes, .settings = pricing_settings, .rights = rights,
};
