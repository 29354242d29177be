update exchange.outgoing set sent_at = :now where id = :id and sent_at is null
