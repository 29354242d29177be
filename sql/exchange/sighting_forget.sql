delete from exchange.sighting where channel = :channel and not key = any(:keys)
