select seq, package, at, name, actor, hash from exchange.event where at >= :since and at < :until order by seq
