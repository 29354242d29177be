update exchange.package set attempts = attempts + 1
where id = :id and state in ('RECEIVED', 'FAILED')
