-- Replays of a change that people asked for on the pages, the newest first: of a rule, or of editions (rule is null).
select e.at, e.actor, e.details -> 'request' as request, e.details ->> 'run' as run
from exchange.event e
where e.name = 'RULE_IMPACT_ASKED' and e.name like 'RULE\_IMPACT%'
  and e.details -> 'request' ->> 'rule' = coalesce(cast(:rule as text), '')
order by e.seq desc limit :limit
