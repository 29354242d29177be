select kind, name, sha256, size, made_at from exchange.document where package = :package and purged_at is null order by kind
