update exchange.document set purged_at = :now where id = :id
