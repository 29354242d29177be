delete from exchange.sighting where channel = :channel and key = :key
