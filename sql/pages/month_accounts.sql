-- «По кодировкам счетов»: cases of each account by payer.
select d.package, p.name, d.code_mo, coalesce(m.short_name, d.code_mo) as mo, d.kind, coalesce(d.payer, '') as payer,
       count(*) as cases, sum(d.sumv)::bigint as sumv, count(*) filter (where d.oplata = 1) as paid,
       count(*) filter (where d.oplata = 3) as partly, count(*) filter (where d.oplata = 2) as refused,
       sum(d.sank_it)::bigint as sank_it, sum(d.sump)::bigint as sump
from pump.decision d
left join exchange.package p on p.id = d.package
left join exchange.organisation m on m.code = d.code_mo
where d.closing = :id group by 1, 2, 3, 4, 5, 6 order by d.code_mo, d.package, 6
