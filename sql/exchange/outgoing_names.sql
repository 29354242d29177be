select name, sha256 from exchange.outgoing where channel = :channel and address = :address and name like :pattern
