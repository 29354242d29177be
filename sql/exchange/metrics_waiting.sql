-- Packages without an answer, and for how long the oldest one waits.
select subsystem, state, count(*) as value,
       extract(epoch from greatest(now() - min(received_at), interval '0'))::float8 as oldest
from exchange.package where state <> 'ANSWERED' group by subsystem, state order by subsystem, state
