update exchange.package set purged_at = :now where id = :id
