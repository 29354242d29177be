select name from exchange.package where id = :id
