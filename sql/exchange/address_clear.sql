delete from exchange.trusted_address where organisation = :code
