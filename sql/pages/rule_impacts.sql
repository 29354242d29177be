-- Reports on a change of a rule with the decision on each, the newest first. A decision is on the last of equal reports before it.
select e.seq, e.at, e.details -> 'request' as request, e.details -> 'files' as files, d.name as decision, d.at as decided_at,
       d.actor as decided_by, d.details ->> 'reason' as reason
from exchange.event e
left join lateral (
    select d.name, d.at, d.actor, d.details from exchange.event d
    where d.name like 'RULE\_IMPACT%' and d.name in ('RULE_IMPACT_APPROVED', 'RULE_IMPACT_REJECTED')
      and d.details -> 'request' ->> 'rule' = :rule
      and d.details ->> 'digest' = e.details ->> 'digest' and d.details -> 'files' = e.details -> 'files' and d.seq > e.seq
      and not exists (
          select from exchange.event n
          where n.name = 'RULE_IMPACT' and n.name like 'RULE\_IMPACT%' and n.seq > e.seq and n.seq < d.seq
            and n.details ->> 'digest' = e.details ->> 'digest' and n.details -> 'files' = e.details -> 'files'
      )
    order by d.seq limit 1
) d on true
where e.name = 'RULE_IMPACT' and e.name like 'RULE\_IMPACT%' and e.details -> 'request' ->> 'rule' = :rule
order by e.seq desc limit :limit
