update exchange.package set
    state = 'ANSWERED', result = :result, duplicate_of = :duplicate_of, period = :period, records = :records,
    accepted = :accepted, findings = :findings, sums = cast(:sums as jsonb), answered_at = :answered_at,
    due_at = null, last_error = null
where id = :id
