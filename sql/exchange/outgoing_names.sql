select name from exchange.outgoing where channel = :channel and address = :address
