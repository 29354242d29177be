-- Settlement of closings, summed by month, by payer, by organisation: exactly one of the three is not null in a row.
with summed as (
    select c.period, l.payer, l.code_mo, sum(accepted_1)::bigint as accepted_1, sum(accepted_2)::bigint as accepted_2,
           sum(accepted_3)::bigint as accepted_3, sum(accepted_4)::bigint as accepted_4,
           sum(capita + result + stations)::bigint as norms, sum(ambulance)::bigint as ambulance,
           sum(gross)::bigint as gross, sum(gross - payable)::bigint as withheld, sum(payable)::bigint as payable
    from pump.line l join pump.closing c on c.id = l.closing
    where l.closing = any(cast(:closings as bigint[]))
    group by grouping sets ((c.period), (l.payer), (l.code_mo))
)
select s.*, o.short_name as name, o.kind as organisation
from summed s left join exchange.organisation o on o.code = coalesce(s.payer, s.code_mo)
order by s.period, s.gross desc, s.payer, s.code_mo
