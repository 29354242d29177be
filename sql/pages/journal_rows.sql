-- A page of the journal, newest first, after a package (keyset); columns named as those of the daily journal.
select p.id, p.received_at, p.answered_at, o.short_name as sender, p.sender as sender_code, p.channel, p.name, p.kind, p.size,
       p.sha256, p.state, p.result, p.duplicate_of, p.period, p.records, p.accepted, p.findings,
       (p.sums ->> 'SUMV')::bigint as sum_accepted,
       sent.answers, sent.unsent, sent.sent_at
from exchange.package p
left join exchange.organisation o on o.code = p.sender
cross join lateral (
    select count(*) as answers, count(*) filter (where g.sent_at is null) as unsent, max(g.sent_at) as sent_at
    from exchange.outgoing g where g.package = p.id
) sent
where (cast(:since as timestamptz) is null or p.received_at >= :since)
  and (cast(:until as timestamptz) is null or p.received_at < :until)
  and (cast(:sender as text) is null or p.sender = :sender)
  and (not :stranger or p.sender is null)
  and (cast(:kind as text) is null or p.kind = :kind)
  and (cast(:channel as text) is null or p.channel = :channel)
  and (cast(:result as text) is null or p.result = :result)
  and (cast(:state as text) is null or p.state = :state)
  and (cast(:begins as text) is null or upper(p.name) like :part or p.number like :begins
       or p.sha256 like cast(:hash as text) or p.id = cast(:id as bigint))
  and (cast(:after_id as bigint) is null or (p.received_at, p.id) < (cast(:after_at as timestamptz), cast(:after_id as bigint)))
order by p.received_at desc, p.id desc
limit :limit
