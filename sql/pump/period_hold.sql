-- Shared with other packages of the month; a closing waits for it and lets nothing of the month in meanwhile.
select pg_advisory_xact_lock_shared(hashtext('pump.period'), extract(epoch from cast(:period as date))::bigint::int)
