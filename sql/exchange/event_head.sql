select seq, hash from exchange.event order by seq desc limit 1
