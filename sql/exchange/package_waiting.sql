select id, size from exchange.package
where subsystem = :subsystem and (state = 'RECEIVED' or (state = 'FAILED' and due_at <= :now and attempts < :attempts))
order by size > :small, id limit :limit
