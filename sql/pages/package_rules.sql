-- Findings of a package by rule: most severe first, then most findings.
select member, rule, severity, min(element) as element, min(message) as message, count(*) as findings
from exchange.finding where package = :id
group by member, rule, severity
order by array_position(array['fatal', 'error', 'warning'], severity), findings desc, rule
