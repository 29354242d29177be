-- A file of a report on a rule: its name as the journal has it.
select f.key as name, f.value as sha256
from exchange.event e cross join lateral jsonb_each_text(e.details -> 'files') f
where e.seq = :seq and e.name = 'RULE_IMPACT' and e.name like 'RULE\_IMPACT%' and e.details -> 'request' ->> 'rule' = :rule
  and f.key = :file
