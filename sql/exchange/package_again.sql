update exchange.package set due_at = :now, attempts = 0 where id = :id and state = 'FAILED'
