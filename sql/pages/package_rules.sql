-- Findings of a package by rule with the first of each: most severe first, then most findings.
with counted as (
    select member, rule, severity, min(ordinal) as first, count(*) as findings
    from exchange.finding where package = :id
    group by member, rule, severity
)
select c.member, c.rule, c.severity, f.element, f.message, c.findings
from counted c join exchange.finding f on f.package = :id and f.ordinal = c.first
order by array_position(array['fatal', 'error', 'warning'], c.severity), c.findings desc, c.rule
