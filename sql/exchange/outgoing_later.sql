update exchange.outgoing set due_at = :due_at where id = :id and sent_at is null
