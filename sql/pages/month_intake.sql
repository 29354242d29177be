-- What format control refused of the registers of a period.
select coalesce(sum(records - accepted), 0)::bigint as cases, coalesce(sum((sums ->> 'SUMV_REFUSED')::bigint), 0)::bigint as amount
from exchange.package
where subsystem = 'pump' and kind like 'PUMP\__' and period = :period and state = 'ANSWERED' and duplicate_of is null
  and received_at <= :frozen_at
