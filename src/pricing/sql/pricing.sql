-- name: pricing_circle
WITH RECURSIVE up(book) AS (
	SELECT CAST(?1 AS BIGINT)
	UNION
	SELECT r.base_book_id FROM price_rule r JOIN up ON r.book_id = up.book WHERE r.base_book_id IS NOT NULL)
SELECT 1 FROM up WHERE book = ?2 LIMIT 1;

-- name: pricing_last_position
SELECT coalesce(max(position), 0) FROM price_rule WHERE book_id = ?1;

-- name: pricing_customer
SELECT level, country, region_id FROM customer WHERE id = ?1;

-- name: pricing_books
SELECT b.id, b.name, b.contract_no, b.currency, b.customer_id, b.tag_id, b.level, b.channel_id, b.region_id, b.country, b.priority, b.alone
FROM price_book b
WHERE b.active <> 0 AND (b.starts_on IS NULL OR b.starts_on <= ?1) AND (b.ends_on IS NULL OR b.ends_on >= ?1)
	AND (b.customer_id IS NULL OR b.customer_id = ?2) AND (b.level IS NULL OR b.level = ?3) AND (b.channel_id IS NULL OR b.channel_id = ?4)
	AND (b.region_id IS NULL OR b.region_id = ?5) AND (b.country IS NULL OR b.country = ?6)
	AND (b.tag_id IS NULL OR b.tag_id IN (SELECT t.link_id FROM customer_tags t WHERE t.record_id = ?2))
ORDER BY b.priority, b.id LIMIT 1001;

-- name: pricing_book
SELECT b.id, b.name, b.contract_no, b.currency, b.customer_id, b.tag_id, b.level, b.channel_id, b.region_id, b.country, b.priority, b.alone
FROM price_book b WHERE b.id = ?1;

-- name: pricing_categories
SELECT id, parent_id FROM category ORDER BY id LIMIT 100000;

-- name: pricing_rates
SELECT r.currency, r.rate FROM exchange_rate r
WHERE r.valid_from = (SELECT max(o.valid_from) FROM exchange_rate o WHERE o.currency = r.currency AND o.valid_from <= ?1);

-- name: pricing_promotions
SELECT p.id, p.name, p.kind, p.coupon, p.percent, p.amount, p.each_time, p.take, p.pay, p.gift_product_id, p.gift_quantity, p.product_id, p.category_id,
	p.min_amount, p.min_quantity, p.currency, p.exclusive, p.exclusion, p.max_uses, p.max_per_customer, p.used, p.coupon_key
FROM promotion p
WHERE p.active <> 0 AND (p.starts_at IS NULL OR p.starts_at <= ?1) AND (p.ends_at IS NULL OR p.ends_at > ?1)
	AND (p.customer_id IS NULL OR p.customer_id = ?2) AND (p.level IS NULL OR p.level = ?3) AND (p.channel_id IS NULL OR p.channel_id = ?4)
	AND (p.tag_id IS NULL OR p.tag_id IN (SELECT t.link_id FROM customer_tags t WHERE t.record_id = ?2))
ORDER BY p.position, p.id LIMIT 2001;

-- name: pricing_uses
SELECT count(*) FROM promotion_use WHERE promotion_id = ?1 AND customer_id = ?2;

-- name: promotion_take
UPDATE promotion SET used = used + 1 WHERE id = ?1 AND (max_uses IS NULL OR used < max_uses);

-- name: promotion_limit
SELECT max_per_customer, active, name FROM promotion WHERE id = ?1;

-- name: promotion_used
SELECT id FROM promotion_use WHERE promotion_id = ?1 AND reference = ?2;
