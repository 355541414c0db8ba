/* Files of order lines, by guess and by the presets of shops; people and the firms they work for. */
#include <string.h>

#include "base/str.h"
#include "world.h"

static struct import_result import_text(struct world *world, const char *name, const char *content)
{
	struct import_request request = {.path = write_file(world, name, content)};
	return import(world, &request);
}

static void check_in(struct world *world, const struct import_result *r, int64_t rows, int64_t created, int64_t failed)
{
	if (r->failed != failed)
		print_error("first problem: %s\n", text(world, "SELECT field || ' ' || \"key\" || ' ' || coalesce(argument, '') FROM import_problem ORDER BY id DESC LIMIT 1"));
	if (r->rows != rows || r->created != created || r->failed != failed)
		test_fail("rows %lld created %lld updated %lld skipped %lld failed %lld", (long long)r->rows, (long long)r->created,
		          (long long)r->updated, (long long)r->skipped, (long long)r->failed);
}
#define check(...) check_in(world, __VA_ARGS__)

/* One number, to be compared in one line. */
#define COUNT(sql) number(world, "SELECT count(*) FROM " sql)

static void lines_guessed(struct world *world)
{
	struct import_result r = import_text(world, "t.csv", "订单号,下单时间,商品名称,数量,单价\nT1,2024-06-03 10:15:00+08:00,茶,2,10.00\n");
	check(&r, 1, 1, 0);
	assert_string_equal(text(world, "SELECT o.number || '/' || l.name || '/' || l.position FROM \"order\" o JOIN order_line l ON l.order_id = o.id"), "T1/茶/1");
	assert_int_equal(number(world, "SELECT total FROM \"order\" WHERE number = 'T1'"), 2000);
	assert_int_equal(number(world, "SELECT placed_at FROM \"order\" WHERE number = 'T1'"), 1717380900000);
	/* several lines: what the order has repeated, on its first row, or its number only on the first */
	r = import_text(world, "a.csv", "Order No.,Order Date,Item,Qty,Unit Price\nA1,2024-06-03,Tea,2,10\nA1,2024-06-03,Pot,1,35.5\nA2,2024-06-04,Cup,4,3\n");
	check(&r, 3, 3, 0);
	r = import_text(world, "b.csv", "订单编号,订单创建时间,宝贝标题,购买数量,价格\nB1,2024-06-03,茶,2,10\nB1,,壶,1,35.5\nB2,2024-06-04,杯,4,3\n");
	check(&r, 3, 3, 0);
	r = import_text(world, "c.csv", "order_id,created_at,sku,quantity,price\nC1,2024-06-03,X-1,2,10\n,,X-2,1,35.5\nC2,2024-06-04,X-3,4,3\n");
	check(&r, 3, 3, 0);
	for (const char *letter = "ABC"; *letter != '\0'; letter++) {
		const char *first = arena_printf(&world->arena, "SELECT lines_count * 100000 + total FROM \"order\" WHERE number = '%c1'", *letter);
		assert_int_equal(number(world, first), 2 * 100000 + 5550);
		assert_int_equal(number(world, arena_printf(&world->arena, "SELECT count(*) FROM \"order\" WHERE number LIKE '%c%%'", *letter)), 2);
	}
	assert_int_equal(COUNT("order_line l JOIN \"order\" o ON o.id = l.order_id WHERE l.position = 2"), 3);
	assert_int_equal(COUNT("customer"), 0);
	/* names such as #1001 are orders, not customers */
	r = import_text(world, "s.csv", "Name,Created at,Lineitem quantity,Lineitem name,Lineitem price\n#1001,2024-06-03,1,Mug,8\n#1001,,2,Lid,1.5\n#1002,2024-06-04,1,Mug,8\n");
	check(&r, 3, 3, 0);
	assert_int_equal(COUNT("\"order\" WHERE number IN ('#1001', '#1002')"), 2);
	assert_int_equal(number(world, "SELECT total FROM \"order\" WHERE number = '#1001'"), 1100);
	assert_int_equal(COUNT("customer"), 0);
}

/* Whose the order is: somebody known by phone is found again, a name alone is found or made, nobody is no fault. */
static void lines_customers(struct world *world)
{
	struct import_result r = import_text(world, "p.csv",
		"订单号,收货人,手机,收货地址,商品名称,数量,单价\n"
		"P1,王芳,13800138000,中山路1号,茶,1,10\nP1,,,,壶,1,20\nP2,王芳,13800138000,中山路1号,杯,1,5\nP3,,,,杯,1,5\n");
	check(&r, 4, 4, 0);
	assert_int_equal(COUNT("customer"), 1);
	assert_int_equal(number(world, "SELECT orders_count * 100000 + orders_total FROM customer WHERE phone = '+8613800138000'"), 2 * 100000 + 3500);
	assert_int_equal(COUNT("address WHERE street = '中山路1号'"), 1);
	assert_int_equal(COUNT("\"order\" WHERE customer_id IS NULL"), 1);
	r = import_text(world, "n.csv", "订单号,客户,商品名称,数量,单价\nN1,李雷,茶,1,10\nN1,李雷,壶,1,20\nN2,李雷,杯,1,5\nN3,王芳,杯,1,7\n");
	check(&r, 4, 4, 0);
	assert_int_equal(COUNT("customer WHERE name = '李雷'"), 1);
	assert_int_equal(number(world, "SELECT orders_count FROM customer WHERE name = '李雷'"), 2);
	assert_int_equal(number(world, "SELECT orders_count FROM customer WHERE name = '王芳'"), 3);
}

/* Products are found by their code, never made of an order's words. */
static void lines_products(struct world *world)
{
	(void)import_text(world, "products.csv", "商品名称,商品编码,售价\n茶壶,TP-1,39.5\n");
	struct import_result r = import_text(world, "l.csv", "订单号,商品编码,商品名称,数量,单价（元）\nL1,TP-1,壶,2,39.5\nL1,TP-9,盖,1,5\n");
	check(&r, 2, 2, 0);
	assert_int_equal(COUNT("product"), 1);
	assert_int_equal(COUNT("order_line l JOIN product p ON p.id = l.product_id WHERE p.sku = 'TP-1' AND l.name = '壶'"), 1);
	assert_int_equal(COUNT("order_line WHERE product_id IS NULL AND sku = 'TP-9'"), 1);
	assert_int_equal(number(world, "SELECT total FROM \"order\" WHERE number = 'L1'"), 8400);
}

/* The same orders in a later file: what the order says is brought up to date, its lines stay as they are. */
static void lines_again(struct world *world)
{
	struct import_result r = import_text(world, "1.csv", "订单号,订单状态,商品名称,数量,单价\nR1,已付款,茶,2,10\nR1,已付款,壶,1,30\n");
	check(&r, 2, 2, 0);
	r = import_text(world, "2.csv", "订单号,订单状态,商品名称,数量,单价\nR1,已完成,茶,2,10\nR1,已完成,壶,1,30\nR2,已付款,杯,1,3\n");
	check(&r, 3, 1, 0);
	assert_int_equal(r.updated, 1);
	assert_string_equal(text(world, "SELECT state FROM \"order\" WHERE number = 'R1'"), "completed");
	assert_int_equal(COUNT("order_line"), 3);
	assert_int_equal(import_undo(&world->ctx, r.run_id, NULL), OK);
	assert_string_equal(text(world, "SELECT state FROM \"order\" WHERE number = 'R1'"), "paid");
	assert_int_equal(COUNT("order_line"), 2);
}

/* "person/Acme Ltd" */
static const char *person(struct world *world, const char *name)
{
	return text(world, arena_printf(&world->arena, "SELECT kind || '/' || coalesce(employer, '-') FROM customer WHERE name = '%s'", name));
}

/* --- the exports of shops --------------------------------------------------------------- */

static const char *preset_of(struct world *world, const struct import_result *r)
{
	return text(world, arena_printf(&world->arena, "SELECT preset FROM import_run WHERE id = %lld", (long long)r->run_id));
}

static void shopify(struct world *world)
{
	struct import_result r = import_text(world, "orders_export.csv",
		"Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,"
		"Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Billing Name,Billing Company,Billing City,"
		"Billing Country,Billing Phone,Shipping Name,Shipping Address1,Shipping Address2,Shipping City,Shipping Zip,Shipping Country,Notes,Cancelled at,Payment Method,Refunded Amount,Phone\n"
		"#1001,ada@example.com,partially_refunded,2024-06-03 10:20:00 +0800,fulfilled,,no,USD,28.00,5.00,2.80,35.80,TEA,2.00,Post,2024-06-03 10:15:00 +0800,2,Tea,10.00,,T-1,"
		"Ada Lovelace,Analytical,London,GB,+442079460958,Ada Lovelace,12 Baker St,Flat 2,London,NW1,GB,Leave at door,,card,5.00,\n"
		"#1001,ada@example.com,,,,,,,,,,,,,,2024-06-03 10:15:00 +0800,1,Pot,10.00,,P-1,,,,,,,,,,,,,,,,\n"
		"#1002,ada@example.com,paid,2024-06-04 10:20:00 +0800,,,no,USD,12.00,0.00,2.00,12.00,,0.00,,2024-06-04 10:15:00 +0800,1,Cup,12.00,,C-1,Ada Lovelace,,,,,,,,,,,,,,0.00,\n"
		"#1003,,pending,,,,no,USD,1.00,0.00,0.00,1.00,,0.00,,2024-06-05 10:15:00 +0800,1,Bag,1.00,,,,,,,,,,,,,,,,,,\n");
	check(&r, 4, 4, 0);
	assert_string_equal(preset_of(world, &r), "shopify-orders");
	assert_int_equal(COUNT("customer"), 1);
	assert_string_equal(text(world, "SELECT name || '/' || employer || '/' || phone FROM customer"), "Ada Lovelace/Analytical/+442079460958");
	assert_string_equal(text(world, "SELECT street || '/' || city || '/' || postcode || '/' || country FROM address"), "12 Baker St Flat 2/London/NW1/GB");
	/* 2 × 10 + 10 − 2, 5 to send, 2.80 of tax; taxes that are in the prices are not added once more */
	assert_int_equal(number(world, "SELECT total FROM \"order\" WHERE number = '#1001'"), 3580);
	assert_int_equal(number(world, "SELECT total FROM \"order\" WHERE number = '#1002'"), 1200);
	assert_int_equal(number(world, "SELECT amount FROM payment WHERE kind = 'refund'"), 500);
	assert_int_equal(number(world, "SELECT lines_count FROM \"order\" WHERE number = '#1001'"), 2);
	assert_string_equal(text(world, "SELECT state FROM \"order\" WHERE number = '#1001'"), "shipped");
	assert_int_equal(number(world, "SELECT placed_at FROM \"order\" WHERE number = '#1001'"), 1717380900000);
	assert_int_equal(COUNT("\"order\" WHERE customer_id IS NULL AND state = 'placed'"), 1);
	/* the same export a day later: nothing twice, and what has changed */
	r = import_text(world, "later.csv", "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price\n"
		"#1003,,paid,2024-06-05 10:15:00 +0800,1,Bag,1.00\n#1004,ada@example.com,paid,2024-06-05 10:15:00 +0800,1,Bag,1.00\n");
	check(&r, 2, 1, 0);
	assert_int_equal(COUNT("customer"), 1);
	assert_string_equal(text(world, "SELECT state FROM \"order\" WHERE number = '#1003'"), "paid");
	assert_int_equal(number(world, "SELECT orders_count FROM customer"), 3);
}

static void woocommerce(struct world *world)
{
	struct import_result r = import_text(world, "woo.csv",
		"Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),Company (Billing),City (Billing),Country Code (Billing),Email (Billing),Phone (Billing),"
		"First Name (Shipping),Last Name (Shipping),Address 1&2 (Shipping),City (Shipping),Postcode (Shipping),Country Code (Shipping),Payment Method Title,Cart Discount Amount,"
		"Order Subtotal Amount,Order Shipping Amount,Order Refund Amount,Order Total Amount,Order Total Tax Amount,SKU,Item #,Item Name,Product Variation,Quantity (- Refund),Item Cost\n"
		"5001,Completed,2024-06-03 10:15,Gift,Wei,Zhang,Acme,Hangzhou,CN,wei@example.com,13800138000,Wei,Zhang,Lake Road 1,Hangzhou,310000,CN,Card,1.00,30.00,4.00,2.00,35.00,2.00,T-1,1,Tea,Size: L,2,10.00\n"
		"5001,Completed,2024-06-03 10:15,Gift,Wei,Zhang,Acme,Hangzhou,CN,wei@example.com,13800138000,Wei,Zhang,Lake Road 1,Hangzhou,310000,CN,Card,1.00,30.00,4.00,2.00,35.00,2.00,P-1,2,Pot,,1,10.00\n");
	check(&r, 2, 2, 0);
	assert_string_equal(preset_of(world, &r), "woocommerce-orders");
	assert_int_equal(COUNT("customer"), 1);
	assert_string_equal(text(world, "SELECT name || '/' || employer FROM customer"), "Wei Zhang/Acme");
	assert_int_equal(number(world, "SELECT total FROM \"order\""), 3500);
	assert_int_equal(number(world, "SELECT lines_count FROM \"order\""), 2);
	assert_int_equal(COUNT("payment WHERE kind = 'refund' AND amount = 200"), 1);
	assert_int_equal(COUNT("order_line WHERE note = 'Size: L'"), 1);
	assert_int_equal(COUNT("address"), 1);
}

/* Masked receivers tell nobody apart; the buyer's name at the shop does. */
static void taobao(struct world *world)
{
	struct import_result r = import_text(world, "ExportOrderList.csv",
		"订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,总金额,买家实际支付金额,订单状态,买家留言,收货人姓名,收货地址,运送方式,联系电话,联系手机,订单创建时间,订单付款时间,宝贝标题,宝贝种类,物流单号,物流公司,订单备注,宝贝总数量,店铺名称,退款金额\n"
		"\"=\"\"1001\"\"\",tb_wang,,30.00,5.00,35.00,32.00,交易成功,快点,王芳,浙江省杭州市中山路1号,快递,,'13800138000,2024-06-03 10:15:00,2024-06-03 10:16:00,\"茶，壶\",2,SF1,顺丰,,3,茶铺,0.00\n"
		"\"=\"\"1002\"\"\",tb_wang,,10.00,0.00,10.00,10.00,\"买家已付款，等待卖家发货\",,张**,浙江省****,快递,,138****8000,2024-06-04 10:15:00,,杯,1,,,,1,茶铺,0.00\n"
		"\"=\"\"1003\"\"\",tb_li,,10.00,0.00,10.00,10.00,交易关闭,,张**,浙江省****,快递,,138****8000,2024-06-05 10:15:00,,杯,1,,,,1,茶铺,10.00\n"
		"\"=\"\"1004\"\"\",t**,,10.00,0.00,10.00,10.00,交易成功,,张**,浙江省****,快递,,138****8000,2024-06-06 10:15:00,,杯,1,,,,1,茶铺,0.00\n"
		"\"=\"\"1005\"\"\",t**,,10.00,0.00,10.00,10.00,交易成功,,张**,浙江省****,快递,,138****8000,2024-06-06 10:15:00,,杯,1,,,,1,茶铺,0.00\n");
	check(&r, 5, 5, 0);
	assert_string_equal(preset_of(world, &r), "taobao-orders");
	assert_int_equal(COUNT("customer"), 2);
	assert_int_equal(COUNT("customer c JOIN identifier i ON i.customer_id = c.id WHERE i.value = 'tb_wang' AND c.name = '王芳' AND c.orders_count = 2"), 1);
	assert_int_equal(COUNT("customer WHERE name LIKE '张%' OR phone LIKE '%*%'"), 0);
	assert_int_equal(COUNT("\"order\" WHERE customer_id IS NULL"), 2);
	assert_int_equal(number(world, "SELECT total FROM \"order\" WHERE number = '1001'"), 3200);
	assert_int_equal(COUNT("\"order\" WHERE number = '1003' AND state = 'cancelled'"), 1);
	assert_int_equal(COUNT("payment WHERE amount = 1000 AND kind = 'refund'"), 1);
	assert_int_equal(COUNT("shipment WHERE tracking_no = 'SF1'"), 1);
	/* the buyer is found again by the same name, in the report of items too */
	r = import_text(world, "detail.csv", "订单编号,标题,价格,购买数量,外部系统编号,商品属性,套餐信息,备注,订单状态,商家编码,买家会员名,订单创建时间\n"
		"2001,茶,10.00,2,,颜色:红,,,交易成功,T-1,tb_li,2024-06-07 08:00:00\n2001,壶,30.00,1,,,,,交易成功,P-1,tb_li,2024-06-07 08:00:00\n");
	check(&r, 2, 2, 0);
	assert_string_equal(preset_of(world, &r), "taobao-lines");
	assert_int_equal(COUNT("customer"), 2);
	assert_int_equal(number(world, "SELECT total FROM \"order\" WHERE number = '2001'"), 5000);
	assert_int_equal(COUNT("order_line WHERE note = '颜色:红'"), 1);
}

static void youzan(struct world *world)
{
	struct import_result r = import_text(world, "youzan.csv",
		"订单号,订单状态,订单创建时间,买家付款时间,商品名称,商品规格,规格编码,商品编码,商品单价,商品数量,商品金额小计,商品实际成交金额,商品留言,收货人/提货人,收货人手机号/提货人手机号,收货人省份,收货人城市,收货人地区,"
		"详细收货地址/提货地址,买家备注,商品已退款金额,买家昵称,买家手机号\n"
		"E1,交易完成,2024-06-03 10:15:00,2024-06-03 10:16:00,蛋糕,6寸,G1,,100.00,1,100.00,90.00,生日快乐,王芳,13800138000,北京,北京,朝阳区,建国路1号,下午送,0.00,芳芳,13900139000\n"
		"E1,交易完成,2024-06-03 10:15:00,2024-06-03 10:16:00,蜡烛,,G2,,5.00,2,10.00,10.00,,王芳,13800138000,北京,北京,朝阳区,建国路1号,下午送,10.00,芳芳,13900139000\n"
		"E2,待发货,2024-06-04 10:15:00,2024-06-04 10:16:00,蛋糕,6寸,G1,,100.00,1,100.00,100.00,,王*,138****8000,北京,北京,朝阳区,****,,0.00,芳芳,13900139000\n"
		"E3,待发货,2024-06-04 10:15:00,2024-06-04 10:16:00,蛋糕,6寸,G1,,100.00,1,100.00,100.00,,王*,138****8000,北京,北京,朝阳区,****,,0.00,,\n");
	check(&r, 4, 4, 0);
	assert_string_equal(preset_of(world, &r), "youzan-lines");
	assert_int_equal(COUNT("customer"), 1);
	assert_int_equal(number(world, "SELECT orders_count FROM customer WHERE name = '王芳' AND phone = '+8613900139000'"), 2);
	assert_int_equal(number(world, "SELECT total FROM \"order\" WHERE number = 'E1'"), 10000);
	assert_int_equal(COUNT("payment WHERE kind = 'refund' AND amount = 1000"), 1);
	assert_int_equal(COUNT("order_line WHERE note = '6寸 生日快乐'"), 1);
	r = import_text(world, "orders.csv",
		"订单号,订单状态,订单创建时间,买家付款时间,商品金额合计,运费,订单实付金额,全部商品名称,商品种类数,收货人/提货人,收货人手机号/提货人手机号,买家昵称,买家手机号,订单已退款金额,分销员,分销员\n"
		"F1,交易完成,2024-06-05 10:15:00,2024-06-05 10:16:00,110.00,8.00,100.00,蛋糕;蜡烛,2,王芳,13800138000,芳芳,13900139000,0.00,,\n");
	check(&r, 1, 1, 0);
	assert_string_equal(preset_of(world, &r), "youzan-orders");
	assert_int_equal(number(world, "SELECT total FROM \"order\" WHERE number = 'F1'"), 10000);
	assert_int_equal(COUNT("customer"), 1);
}

/* --- the exports of address books --------------------------------------------------------- */

static void address_books(struct world *world)
{
	struct import_result r = import_text(world, "outlook.csv",
		"Title,First Name,Middle Name,Last Name,Suffix,Company,Job Title,Business Street,Business City,Business Postal Code,Business Country/Region,Home Street,Home City,Home Country/Region,"
		"Business Phone,Home Phone,Mobile Phone,E-mail Address,E-mail 2 Address,Notes,Web Page\n"
		"Ms.,Olive,,Outlook,,Acme Ltd,Buyer,1 Work St,Leeds,LS1,United Kingdom,2 Home Rd,York,United Kingdom,+44 20 7946 0001,+44 20 7946 0002,+44 7700 900123,olive@example.com,olive@home.example,Met,\n"
		",,,,,Bolt AG,,,,,,,,,+49 30 901820,,,info@bolt.example,,,\n");
	check(&r, 2, 2, 0);
	assert_string_equal(preset_of(world, &r), "outlook-contacts");
	assert_string_equal(person(world, "Olive Outlook"), "person/Acme Ltd");
	assert_string_equal(person(world, "Bolt AG"), "company/-");
	assert_string_equal(text(world, "SELECT phone FROM customer WHERE name = 'Olive Outlook'"), "+447700900123");
	assert_int_equal(COUNT("identifier i JOIN customer c ON c.id = i.customer_id WHERE c.name = 'Olive Outlook' AND i.kind = 'phone'"), 2);
	assert_int_equal(COUNT("identifier WHERE kind = 'email' AND value = 'olive@home.example'"), 1);
	assert_int_equal(COUNT("address WHERE (street = '1 Work St' AND city = 'Leeds' AND country = 'GB' AND kind = 'work') OR (street = '2 Home Rd' AND city = 'York' AND kind = 'home')"), 2);
	r = import_text(world, "google.csv",
		"First Name,Middle Name,Last Name,Name Prefix,Name Suffix,Organization Name,Organization Title,Birthday,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,"
		"Phone 1 - Label,Phone 1 - Value,Phone 2 - Label,Phone 2 - Value,Address 1 - Street,Address 1 - City,Address 1 - Postal Code,Address 1 - Country,Custom Field 1 - Label,Custom Field 1 - Value\n"
		"伟,,张,,,茶业公司,经理,1990-05-06,,* myContacts ::: VIP,,wei@example.com,,wei2@example.com,Mobile,13800138000,Work,13900139000,湖滨路1号,杭州,310000,中国,微信,zhangwei88\n");
	check(&r, 1, 1, 0);
	assert_string_equal(preset_of(world, &r), "google-contacts");
	assert_string_equal(person(world, "张伟"), "person/茶业公司");
	assert_int_equal(COUNT("identifier WHERE kind = 'wechat' AND value = 'zhangwei88'"), 1);
	assert_int_equal(COUNT("identifier i JOIN customer c ON c.id = i.customer_id WHERE c.name = '张伟'"), 3);
	assert_int_equal(COUNT("address WHERE street = '湖滨路1号' AND city = '杭州' AND country = 'CN'"), 1);
	assert_int_equal(COUNT("tag WHERE name = 'VIP'"), 1);
	assert_int_equal(COUNT("tag WHERE name LIKE '*%'"), 0);
	r = import_text(world, "hubspot.csv", "Record ID,First Name,Last Name,Email,Phone Number,Company Name,Lifecycle Stage,City,Country/Region\n77,Henry,Spot,henry@example.com,+1 212 555 0123,Hub GmbH,Customer,Boston,United States\n");
	check(&r, 1, 1, 0);
	assert_string_equal(preset_of(world, &r), "hubspot-contacts");
	assert_string_equal(person(world, "Henry Spot"), "person/Hub GmbH");
	/* found again by the id, whatever the name has become */
	r = import_text(world, "hubspot2.csv", "Record ID,First Name,Last Name,Email,Phone Number,Company Name,Lifecycle Stage,City,Country/Region\n77,Henry,Spotty,h2@example.com,,Hub GmbH,Customer,Boston,United States\n");
	check(&r, 1, 0, 0);
	assert_int_equal(COUNT("customer WHERE name LIKE 'Henry%'"), 1);
	r = import_text(world, "sf.csv", "Salutation,First Name,Last Name,Title,Account Name,Mailing Street,Mailing City,Mailing Zip/Postal Code,Mailing Country,Phone,Mobile,Email,Contact ID\n"
		"Ms.,Sally,Sales,VP,Force Inc,1 Market,San Francisco,94105,US,+1 415 555 0100,+1 415 555 0101,sally@example.com,0031a\n");
	check(&r, 1, 1, 0);
	assert_string_equal(preset_of(world, &r), "salesforce-contacts");
	assert_string_equal(person(world, "Sally Sales"), "person/Force Inc");
}

/* Two people with one phone or one address of mail stay two; the same ones are found by the phone or else by the mail. */
static void shared_contacts(struct world *world)
{
	struct import_result r = import_text(world, "a.csv", "First Name,Last Name,E-mail Address,Mobile Phone\nAnn,Lee,home@example.com,+44 7700 900001\nBob,Lee,home@example.com,+44 7700 900001\n");
	check(&r, 2, 2, 0);
	assert_int_equal(COUNT("customer"), 2);
	r = import_text(world, "b.csv", "First Name,Last Name,E-mail Address,Mobile Phone\nAnn,Lee,,+44 7700 900001\nBob,Lee,home@example.com,+44 7700 900099\n");
	check(&r, 2, 0, 0);
	assert_int_equal(COUNT("customer"), 2);
	assert_string_equal(text(world, "SELECT phone FROM customer WHERE name = 'Bob Lee'"), "+447700900099");
}

static void cards(struct world *world)
{
	struct import_result r = import_text(world, "c.vcf", "BEGIN:VCARD\nVERSION:3.0\nN:张;伟;;;\nFN:张伟\nORG:茶业公司\nTEL;TYPE=CELL:13800138000\nTEL;TYPE=WORK:0571-88887777\nEMAIL:w@example.com\n"
		"EMAIL:w2@example.com\nADR;TYPE=HOME:;;湖滨路1号;杭州;浙江;310000;中国\nADR;TYPE=WORK:;;解放路2号;宁波;浙江;315000;中国\nX-QQ:12345\nEND:VCARD\n"
		"BEGIN:VCARD\nVERSION:3.0\nFN:Bolt AG\nORG:Bolt AG\nTEL:+49 30 901820\nEND:VCARD\n");
	check(&r, 2, 2, 0);
	assert_string_equal(person(world, "张伟"), "person/茶业公司");
	assert_string_equal(person(world, "Bolt AG"), "company/-");
	assert_string_equal(text(world, "SELECT city || country FROM customer WHERE name = '张伟'"), "杭州CN");
	assert_int_equal(COUNT("address WHERE (street = '湖滨路1号' AND city = '杭州' AND postcode = '310000' AND country = 'CN') OR (street = '解放路2号' AND city = '宁波' AND country = 'CN')"), 2);
	assert_int_equal(COUNT("identifier"), 3);
	assert_int_equal(COUNT("identifier WHERE kind = 'qq' AND value = '12345'"), 1);
	r = import_text(world, "again.vcf", "BEGIN:VCARD\nVERSION:3.0\nFN:张伟\nTEL;TYPE=CELL:138 0013 8000\nTITLE:经理\nEND:VCARD\n");
	check(&r, 1, 0, 0);
	assert_int_equal(COUNT("customer WHERE name = '张伟' AND occupation = '经理'"), 1);
}

/* --- people and firms ------------------------------------------------------------------- */

static void companies(struct world *world)
{
	struct import_result r = import_text(world, "o.csv", "First Name,Last Name,Company,E-mail Address\nOlive,Outlook,Acme Ltd,olive@example.com\n,,Bolt AG,info@bolt.example\n");
	check(&r, 2, 2, 0);
	assert_string_equal(person(world, "Olive Outlook"), "person/Acme Ltd");
	assert_string_equal(person(world, "Bolt AG"), "company/-");
	assert_int_equal(COUNT("customer WHERE name = 'Acme Ltd'"), 0);
	r = import_text(world, "h.csv", "Company Name,Last Name,First Name,Email\nHub GmbH,Spot,Henry,henry@hub.example\n");
	check(&r, 1, 1, 0);
	assert_string_equal(person(world, "Henry Spot"), "person/Hub GmbH");
	r = import_text(world, "s.csv", "Account Name,Full Name,Phone\nForce Inc,Sally Sales,+1 212 555 0123\n");
	check(&r, 1, 1, 0);
	assert_string_equal(person(world, "Sally Sales"), "person/Force Inc");
	r = import_text(world, "z.csv", "公司名称,姓名,手机\n杭州茶业有限公司,陈晨,13700137001\n宁波港口公司,,13700137002\n");
	check(&r, 2, 2, 0);
	assert_string_equal(person(world, "陈晨"), "person/杭州茶业有限公司");
	assert_string_equal(person(world, "宁波港口公司"), "company/-");
	/* a file of nothing but firms */
	r = import_text(world, "f.csv", "Company,Phone\nGlobex,+1 212 555 0199\n");
	check(&r, 1, 1, 0);
	assert_string_equal(person(world, "Globex"), "company/-");
	/* names in the order of their script, whatever the headings */
	r = import_text(world, "n.csv", "First Name,Middle Name,Last Name,E-mail\n伟,,张,w@example.com\n민준,,김,m@example.com\nVăn An,,Nguyễn,n@example.com\nJohn,Q.,Public,j@example.com\nたろう,,やまだ,t@example.com\n");
	check(&r, 5, 5, 0);
	assert_string_equal(text(world, "SELECT name FROM customer WHERE email = 'w@example.com'"), "张伟");
	assert_string_equal(text(world, "SELECT name FROM customer WHERE email = 'm@example.com'"), "김민준");
	assert_string_equal(text(world, "SELECT name FROM customer WHERE email = 'n@example.com'"), "Nguyễn Văn An");
	assert_string_equal(text(world, "SELECT name FROM customer WHERE email = 'j@example.com'"), "John Q. Public");
	assert_string_equal(text(world, "SELECT name FROM customer WHERE email = 't@example.com'"), "やまだたろう");
}

/* Marks, hints and units beside a heading. */
static void headings(struct world *world)
{
	struct import_result r = import_text(world, "m.csv", "*姓名（必填）,手机号【必填】,城市(选填),E-mail [optional],生日<可选>\n周杰,13600136001,杭州,zj@example.com,1990-05-06\n");
	check(&r, 1, 1, 0);
	assert_string_equal(text(world, "SELECT phone || '/' || city || '/' || email || '/' || birthday FROM customer WHERE name = '周杰'"),
	                    "+8613600136001/杭州/zj@example.com/1990-05-06");
	r = import_text(world, "e.csv", "Full Name (required),Phone number - required,City:\nAda,+44 20 7946 0958,London\n");
	check(&r, 1, 1, 0);
	assert_string_equal(text(world, "SELECT phone || '/' || city FROM customer WHERE name = 'Ada'"), "+442079460958/London");
}

#define CASE(name) \
	static void test_##name(void **state) \
	{ \
		(void)state; \
		on_each_engine(name); \
	}
CASE(lines_guessed)
CASE(lines_customers)
CASE(lines_products)
CASE(lines_again)
CASE(shopify)
CASE(woocommerce)
CASE(taobao)
CASE(youzan)
CASE(address_books)
CASE(shared_contacts)
CASE(cards)
CASE(companies)
CASE(headings)

int main(int argc, char **argv)
{
	int status = 0;
	if (file_helper(argc, argv, &status))
		return status;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_guessed), cmocka_unit_test(test_lines_customers), cmocka_unit_test(test_lines_products),
		cmocka_unit_test(test_lines_again), cmocka_unit_test(test_shopify), cmocka_unit_test(test_woocommerce),
		cmocka_unit_test(test_taobao), cmocka_unit_test(test_youzan), cmocka_unit_test(test_address_books), cmocka_unit_test(test_shared_contacts), cmocka_unit_test(test_cards),
		cmocka_unit_test(test_companies), cmocka_unit_test(test_headings),
	};
	return cmocka_run_group_tests_name("import/orders", tests, NULL, NULL);
}
