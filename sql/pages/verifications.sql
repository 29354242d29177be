select seq, at, actor, details from exchange.event
where actor <> 'система' and name = 'VERIFIED' order by seq desc limit :limit
