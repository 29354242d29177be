-- Acts of insurers on a case, in their order, with what each withheld and the closing that withholds it.
select a.package, a.smo, o.short_name, a.number, a.date, a.kont, c.oplata, c.sump, c.sank_it, c.penalty,
       (select array_agg(distinct s.s_osn order by s.s_osn) from pump.act_sanction s
        where s.package = c.package and s.act_case = c."row") as codes,
       (select max(m.id) from pump.closing m where m.kind = 'month' and m.state <> 'REJECTED' and a.package = any(m.acts)) as month
from pump.act_case c
join pump.act a on (a.package, a."row") = (c.package, c.act)
left join exchange.organisation o on o.code = a.smo
where c.case_package = :package and c.case_row = :row
order by a.date, a.package, a."row"
