/* What people and platforms call the columns: names as import_guess_fold leaves them
 * (lower case, simplified characters, no blanks or marks), with '|' between. */
#include "core/exchange/guess.h"

const struct guess_word guess_words[] = {
	{"customer", "name", "name|fullname|customername|customer|client|clientname|contactname|contact|displayname|buyer|buyername|"
	                     "companyname|company|accountname|account|firstname|givenname|名称|姓名|客户|客户名称|客户姓名|联系人|联系人姓名|"
	                     "会员名|会员姓名|买家|买家姓名|买家昵称|买家会员名|昵称|公司|公司名称|企业名称|单位名称|顾客|顾客姓名"},
	{"customer", "number", "customerid|customerno|customernumber|customercode|clientid|clientno|accountnumber|accountid|memberid|memberno|"
	                       "externalid|id|reference|ref|客户编号|客户号|客户代码|客户id|会员编号|会员号|会员id|会员卡号|编号"},
	{"customer", "kind", "kind|type|customertype|companytype|isacompany|客户类型|类型"},
	{"customer", "stage", "stage|lifecyclestage|status|客户阶段|阶段|客户状态"},
	{"customer", "level", "level|tier|grade|customerlevel|memberlevel|客户级别|客户等级|会员等级|级别|等级"},
	{"customer", "source", "source|leadsource|channel|来源|客户来源|渠道"},
	{"customer", "tags", "tags|tag|labels|categories|category|标签|客户标签|分类"},
	{"customer", "phone", "phone|phonenumber|mobile|mobilephone|cell|cellphone|tel|telephone|contactnumber|phone1|手机|手机号|手机号码|电话|"
	                      "电话号码|联系电话|联系方式|联系手机|移动电话|买家手机"},
	{"customer", "email", "email|emailaddress|mail|email1|电子邮箱|电子邮件|邮箱|邮件|买家邮箱|邮件地址"},
	{"customer", "country", "country|countrycode|countryregion|nation|国家|国家地区|国家或地区"},
	{"customer", "province", "province|state|region|stateprovince|省|省份|省州|所在省"},
	{"customer", "city", "city|town|locality|市|城市|所在城市|所在市"},
	{"customer", "district", "district|county|area|区|区县|县|所在区"},
	{"customer", "language", "language|lang|locale|语言"},
	{"customer", "gender", "gender|sex|性别"},
	{"customer", "birthday", "birthday|birthdate|dateofbirth|dob|bday|生日|出生日期|出生年月"},
	{"customer", "occupation", "occupation|jobtitle|title|position|role|职业|职务|职位"},
	{"customer", "employer", "employer|organisation|organization|org|companyofcontact|工作单位|所在单位|单位"},
	{"customer", "industry", "industry|sector|companyindustry|lineofbusiness|行业|所属行业"},
	{"customer", "registration_no", "registrationno|taxid|vat|vatnumber|taxvat|统一社会信用代码|税号|营业执照号"},
	{"customer", "website", "website|url|web|homepage|companywebsite|网站|网址|官网"},
	{"customer", "owner_id", "owner|salesrep|salesperson|accountmanager|负责人|业务员|销售|跟进人|归属人"},
	{"customer", "note", "note|notes|comment|comments|remark|remarks|description|备注|说明|描述"},
	{"customer", "interests", "interests|hobbies|兴趣|爱好|兴趣爱好"},
	{"address", "street", "street|address|address1|streetaddress|addressline1|shippingaddress|地址|详细地址|收货地址|街道|街道地址"},
	{"address", "postcode", "zip|zipcode|postcode|postalcode|邮编|邮政编码"},
	{"address", "receiver", "receiver|recipient|shippingname|收件人|收货人|收货人姓名"},
	{"product", "name", "name|title|product|productname|producttitle|itemname|item|description|名称|商品|商品名称|商品标题|产品|产品名称|品名|宝贝标题"},
	{"product", "sku", "sku|variantsku|productcode|itemcode|itemno|productid|stockcode|internalreference|code|handle|商品编码|商品编号|货号|"
	                   "产品编码|产品编号|商家编码|商品代码|编码"},
	{"product", "category_id", "category|productcategory|type|producttype|类目|商品分类|产品分类|分类|品类"},
	{"product", "brand", "brand|vendor|manufacturer|品牌|厂家"},
	{"product", "model", "model|modelno|型号|规格型号"},
	{"product", "price", "price|unitprice|saleprice|salesprice|listprice|variantprice|单价|价格|售价|销售价"},
	{"product", "compare_at_price", "compareatprice|variantcompareatprice|msrp|rrp|市场价|划线价|原价"},
	{"product", "cost", "cost|costprice|purchaseprice|成本|成本价|进价"},
	{"product", "currency", "currency|币种|货币"},
	{"product", "unit", "unit|uom|单位|计量单位"},
	{"product", "barcode", "barcode|ean|upc|gtin|variantbarcode|条形码|条码|国际条码"},
	{"product", "weight_g", "grams|variantgrams|weightg|重量克|重量g"},
	{"product", "description", "description|body|bodyhtml|longdescription|描述|商品描述|详情|商品详情"},
	{"product", "tags", "tags|标签"},
	{"order", "number", "ordernumber|orderno|orderid|ordernum|order|invoiceno|invoice|invoicenumber|orderreference|订单号|订单编号|单号|"
	                    "主订单编号|交易号|发票号"},
	{"order", "placed_at", "orderdate|placedat|date|invoicedate|createdat|orderedat|purchasedate|transactiondate|下单时间|订单时间|订单日期|"
	                       "订单创建时间|创建时间|日期|成交时间|交易时间"},
	{"order", "paid_at", "paidat|paymentdate|datepaid|付款时间|支付时间|订单付款时间"},
	{"order", "state", "status|state|orderstatus|financialstatus|状态|订单状态"},
	{"order", "total", "total|amount|ordertotal|totalamount|totalprice|grandtotal|revenue|总金额|订单金额|实付金额|实收金额|总价|金额|"
	                   "买家实际支付金额|应付金额"},
	{"order", "currency", "currency|币种|货币"},
	{"order", "shipping_fee", "shipping|shippingfee|shippingcost|freight|postage|运费|邮费"},
	{"order", "discount", "discount|discountamount|totaldiscount|优惠|优惠金额|折扣"},
	{"order", "tax", "tax|taxes|totaltax|税|税额|税费"},
	{"order", "country", "shippingcountry|ordercountry|收货国家"},
	{"order", "note", "note|notes|comment|remark|buyernote|买家留言|备注|订单备注"},
	{"order", "channel_id", "channel|shop|store|saleschannel|店铺|店铺名称|渠道|销售渠道"},
	{"order_line", "sku", "sku|lineitemsku|stockcode|productcode|itemcode|商品编码|商家编码|货号|外部系统编号"},
	{"order_line", "name", "lineitemname|itemname|productname|product|item|description|宝贝标题|商品名称|商品标题|标题"},
	{"order_line", "quantity", "quantity|qty|lineitemquantity|units|count|数量|购买数量|宝贝数量|件数"},
	{"order_line", "unit_price", "unitprice|lineitemprice|price|itemprice|单价|价格|商品单价"},
	{"order_line", "discount", "lineitemdiscount|linediscount|行优惠"},
	{"interaction", "subject", "subject|topic|主题"},
	{"interaction", "body", "body|content|message|text|内容|沟通内容|跟进内容"},
	{"interaction", "at", "date|time|at|datetime|时间|跟进时间|沟通时间|日期"},
	{"interaction", "kind", "kind|type|channel|类型|方式|跟进方式"},
	{"identifier", "value", "identifier|value|标识|标识值"},
	{NULL, NULL, NULL},
};

const char guess_companies[] = "|company|companyname|organization|organisation|organizationname|org|accountname|account|employer|businessname|"
                               "公司|公司名称|公司名|企业|企业名称|单位|单位名称|工作单位|所在单位|所在公司|任职公司|";
const char guess_receivers[] = "|receiver|recipient|shippingname|收件人|收货人|收货人姓名|收件人姓名|";
const char guess_middle_names[] = "|middlename|middle|mname|additionalname|中间名|";
/* What stands beside a heading without being part of it. */
const char *const guess_remarks[] = {"必填", "选填", "非必填", "可选", "required", "optional", "mandatory", "人民币", "元", "rmb", "cny", "usd", "eur", NULL};
const char guess_first_names[] = "|firstname|givenname|fname|first|名|名字|";
const char guess_last_names[] = "|lastname|familyname|surname|lname|last|姓|姓氏|";
