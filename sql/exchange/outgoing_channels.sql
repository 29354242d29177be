select distinct channel from exchange.outgoing where sent_at is null and due_at <= :now
