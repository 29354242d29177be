-- What format control refused of the accounts: cases and kopecks.
select id as package, sender as "CODE_MO", records - accepted as cases, coalesce((sums ->> 'SUMV_REFUSED')::bigint, 0) as amount
from exchange.package
where subsystem = 'pump' and kind = any(:kinds) and period = :period and state = 'ANSWERED' and duplicate_of is null
  and records > accepted and received_at <= :frozen_at
order by id
