/* How the services are, for administrators. */
#include "base/jsonw.h"
#include "core/gate/gate.h"
#include "core/manifest/manifest.h"
#include "core/services/services.h"

static enum err list(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct service_health health;
	struct jsonw w;
	(void)req;
	jsonw_init(&w, http_body(res));
	jsonw_array(&w);
	for (size_t i = 0; services_health(app_services(ctx->app), i, &health); i++) {
		jsonw_object(&w);
		jsonw_kv_text(&w, "name", health.name);
		jsonw_kv_bool(&w, "here", health.here);
		jsonw_kv_int(&w, "turns", health.turns);
		jsonw_kv_int(&w, "failures", health.failures);
		jsonw_key(&w, "last_at");
		if (health.last_ms != 0)
			jsonw_time(&w, health.last_ms);
		else
			jsonw_null(&w);
		jsonw_kv_text(&w, "error", health.failures > 0 ? health.error : NULL);
		jsonw_end_object(&w);
	}
	jsonw_end_array(&w);
	http_set_header(res, "Cache-Control", "no-store");
	return OK;
}

const struct route services_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/services", .lane = LANE_READ, .door = DOOR_CAP, .cap = CAP_ADMIN, .handle = list,
	 .doc = "What runs all the time beside requests on this node: whether it is done here, its turns, and what went wrong."},
	{.pattern = NULL},
};
