update exchange.package set state = 'FAILED', last_error = :error, due_at = :due_at
where id = :id and state <> 'ANSWERED'
