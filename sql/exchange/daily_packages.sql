-- The day's packages, by the fund's local time.
select p.id, p.received_at, p.answered_at, o.short_name as sender, p.sender as sender_code, p.channel, p.name, p.kind, p.size,
       p.sha256, p.state, p.result, p.duplicate_of, p.period, p.records, p.accepted, p.findings,
       (p.sums ->> 'SUMV')::bigint as sum_accepted,
       (select count(*) from exchange.outgoing g where g.package = p.id) as answers,
       (select min(g.sent_at) from exchange.outgoing g where g.package = p.id) as sent_at
from exchange.package p left join exchange.organisation o on o.code = p.sender
where p.received_at >= :since and p.received_at < :until
order by p.id
