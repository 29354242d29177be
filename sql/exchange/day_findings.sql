insert into exchange.day_findings
select cast(:day as date), sender, member, rule, severity, count(*), sum(findings)
from (
    select p.id, p.sender, f.member, f.rule, f.severity, count(*) as findings
    from exchange.package p join exchange.finding f on f.package = p.id
    where p.received_at >= cast(:day as timestamp) at time zone :zone
      and p.received_at < (cast(:day as timestamp) + interval '1 day') at time zone :zone
    group by p.id, p.sender, f.member, f.rule, f.severity
) of_package
group by sender, member, rule, severity
