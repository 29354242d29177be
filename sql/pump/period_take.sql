select pg_advisory_xact_lock(hashtext('pump.period'), extract(epoch from cast(:period as date))::bigint::int)
