select name, sha256 from exchange.document where package = :id and id = :file and purged_at is null
