insert into exchange.day_rules
select day, rule, severity, sum(packages), sum(findings)
from exchange.day_findings where day = :day
group by day, rule, severity
