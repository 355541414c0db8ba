-- name: service_lease_take
INSERT INTO service_lease (name, holder, until) VALUES (?1, ?2, ?3)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
 WHERE service_lease.holder = excluded.holder OR service_lease.until < ?4;

-- name: service_lease_give
DELETE FROM service_lease WHERE name = ?1 AND holder = ?2;
