update pump.closing set state = :state, decided_by = :who, decided_at = :at, reason = :reason where id = :id
