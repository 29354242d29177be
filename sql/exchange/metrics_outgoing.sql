-- Files that are not sent yet, those whose sending failed before among them, and for how long the oldest one waits.
select channel, count(*) as value, count(*) filter (where attempts > 1) as failing,
       extract(epoch from greatest(now() - min(created_at), interval '0'))::float8 as oldest
from exchange.outgoing where sent_at is null group by channel order by channel
