update exchange.package set attempts = attempts + 1, run = coalesce(cast(:run as jsonb), run)
where id = :id and state in ('RECEIVED', 'FAILED')
