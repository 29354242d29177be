select seq, at, name, actor, details from exchange.event where package = :package order by seq
