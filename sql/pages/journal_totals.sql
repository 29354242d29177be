-- What a period comes to by result: closed days from their totals (:whole: of all senders),
-- the packages of the others one by one.
with bounds as (
    select greatest(cast(:first as date), (select min(received_at) at time zone :zone from exchange.package)::date) as first,
           cast(:last as date) as last
), opened as (
    select d.day::timestamp at time zone :zone as since, (d.day::timestamp + interval '1 day') at time zone :zone as until
    from bounds b cross join generate_series(b.first, b.last, interval '1 day') d (day)
    where not exists (select from exchange.day_closed c where c.day = d.day::date)
), counted as (
    select t.result, t.packages, t.records, t.accepted, t.findings, t.kopecks
    from bounds b join exchange.day_totals t on t.day between b.first and b.last
    where :whole
      and (cast(:kind as text) is null or t.kind = :kind)
      and (cast(:channel as text) is null or t.channel = :channel)
      and (cast(:result as text) is null or t.result = :result)
      and (cast(:state as text) is null or cast(:state as text) = 'ANSWERED')
    union all
    select t.result, t.packages, t.records, t.accepted, t.findings, t.kopecks
    from bounds b join exchange.day_packages t on t.day between b.first and b.last
    where not :whole and (cast(:sender as text) is null or t.sender = :sender)
      and (not :stranger or t.sender is null)
      and (cast(:kind as text) is null or t.kind = :kind)
      and (cast(:channel as text) is null or t.channel = :channel)
      and (cast(:result as text) is null or t.result = :result)
      and (cast(:state as text) is null or cast(:state as text) = 'ANSWERED')
    union all
    select coalesce(p.result, p.state), 1, coalesce(p.records, 0), coalesce(p.accepted, 0), coalesce(p.findings, 0),
           coalesce((p.sums ->> 'SUMV')::bigint, 0)
    from opened o join exchange.package p on p.received_at >= o.since and p.received_at < o.until
    where (cast(:sender as text) is null or p.sender = :sender)
      and (not :stranger or p.sender is null)
      and (cast(:kind as text) is null or p.kind = :kind)
      and (cast(:channel as text) is null or p.channel = :channel)
      and (cast(:result as text) is null or p.result = :result)
      and (cast(:state as text) is null or p.state = :state)
)
select result, sum(packages)::bigint as packages, sum(records)::bigint as records, sum(accepted)::bigint as accepted,
       sum(findings)::bigint as findings, sum(kopecks)::bigint as kopecks
from counted group by result
