-- What a search comes to by result; not more than :most packages are counted.
select result, count(*) as packages, sum(records)::bigint as records, sum(accepted)::bigint as accepted,
       sum(findings)::bigint as findings, sum(kopecks)::bigint as kopecks
from (
    select coalesce(p.result, p.state) as result, coalesce(p.records, 0) as records, coalesce(p.accepted, 0) as accepted,
           coalesce(p.findings, 0) as findings, coalesce((p.sums ->> 'SUMV')::bigint, 0) as kopecks
    from exchange.package p
    where (cast(:since as timestamptz) is null or p.received_at >= :since)
      and (cast(:until as timestamptz) is null or p.received_at < :until)
      and (cast(:sender as text) is null or p.sender = :sender)
      and (not :stranger or p.sender is null)
      and (cast(:kind as text) is null or p.kind = :kind)
      and (cast(:channel as text) is null or p.channel = :channel)
      and (cast(:result as text) is null or p.result = :result)
      and (cast(:state as text) is null or p.state = :state)
      and (upper(p.name) like :part or p.number like :begins
           or p.sha256 like cast(:hash as text) or p.id = cast(:id as bigint))
    limit :most
) found
group by result
