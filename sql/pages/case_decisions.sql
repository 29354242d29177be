-- What closings decided on cases with this number, the last closing first, with the settlement's line that pays for them.
select d.closing, d.package, d."row", d.code_mo, d.payer, payer.short_name as payer_name, d.due, d.sumv, d.oplata, d.sump,
       d.sank_it, c.period, c.kind, c.state, c.act_number, c.act_date, c.decided_by, c.decided_at,
       l.payer is not null as settled, l.accepted_1 + l.accepted_2 + l.accepted_3 + l.accepted_4 as accepted,
       l.capita + l.result + l.stations + l.ambulance as norms, l.gross, l.advance, l.debt, l.sanction, l.fine, l.payable,
       of_line.cases as line_cases, of_line.sump as line_sump
from pump.decision d
join pump.closing c on c.id = d.closing
left join exchange.organisation payer on payer.code = d.payer
left join pump.line l on (l.closing, l.payer, l.code_mo) = (d.closing, d.payer, d.code_mo)
left join lateral (
    select sum(a.cases - a.refused)::bigint as cases, sum(a.sump)::bigint as sump from pump.month_kind a
    where a.closing = d.closing and a.payer = d.payer and a.code_mo = d.code_mo
) of_line on true
where d.idcase = :idcase
order by d.closing desc, d.package, d."row"
limit 200
