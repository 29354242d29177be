select id, subsystem from exchange.package where id = any(:ids) order by id
