select id, kind, name, size, sha256, made_at, purged_at from exchange.document where package = :id order by id
