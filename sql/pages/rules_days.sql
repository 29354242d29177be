-- Findings of a period by rule and severity, most findings first; closed days from their totals (:whole: of all senders).
with opened as (
    select d.day::timestamp at time zone :zone as since, (d.day::timestamp + interval '1 day') at time zone :zone as until
    from generate_series(
        greatest(cast(:first as date), (select min(received_at) at time zone :zone from exchange.package)::date),
        cast(:last as date), interval '1 day') d (day)
    where not exists (select from exchange.day_closed c where c.day = d.day::date)
), of_package as (
    select f.rule, f.severity, count(*) as findings
    from opened o
    cross join lateral ( -- by its index, day after day, whatever the planner thinks of the number of days
        select p.id from exchange.package p
        where p.received_at >= o.since and p.received_at < o.until and p.findings > 0
          and (cast(:sender as text) is null or p.sender = :sender)
        offset 0
    ) p
    cross join lateral (
        select f.rule, f.severity from exchange.finding f
        where f.package = p.id and (cast(:rule as text) is null or f.rule = :rule)
        offset 0
    ) f
    group by p.id, f.rule, f.severity
), counted as ( -- each part summed by itself: together they would be sorted
    select t.rule, t.severity, sum(t.packages) as packages, sum(t.findings) as findings from exchange.day_rules t
    where :whole and t.day between :first and :last and (cast(:rule as text) is null or t.rule = :rule)
    group by t.rule, t.severity
    union all
    select t.rule, t.severity, sum(t.packages), sum(t.findings) from exchange.day_findings t
    where not :whole and t.day between :first and :last and (cast(:rule as text) is null or t.rule = :rule)
      and (cast(:sender as text) is null or t.sender = :sender)
    group by t.rule, t.severity
    union all
    select rule, severity, count(*), sum(findings) from of_package group by rule, severity
)
select rule, severity, sum(packages)::bigint as packages, sum(findings)::bigint as findings
from counted group by rule, severity order by findings desc, rule
