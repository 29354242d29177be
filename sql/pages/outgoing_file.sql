select name, sha256 from exchange.outgoing where package = :id and id = :file
