select id, name, state, result, duplicate_of from exchange.package where id = :id for update
