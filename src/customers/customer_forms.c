/* Brings records of before to the forms in which values are kept now. */
#include "customers/customers.h"

#include "customers/customers_sql.h"

enum err customer_forms_upgrade(struct ctx *ctx)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_customer_birth_days, &stmt);
	if (err != OK)
		return err;
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}
