insert into checks.decision (edition, state, enabled_from, decided_by, reason)
select id, :state, :enabled_from, :decided_by, :reason from checks.edition where id = :id
returning id
