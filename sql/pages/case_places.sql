-- Accepted cases with this number in registers of all kinds, with their packages; of one organisation or all.
select z.report_month, z.package, z.row, z.kind, z.n_zap, z.lpu, z.date_z_1, z.date_z_2, z.sumv,
       p.name, p.sender, p.received_at, p.result, p.answered_at, p.purged_at, o.short_name
from (
    select report_month, package, row, 'H' as kind, n_zap, lpu, date_z_1, date_z_2, sumv from pump.h_zap where idcase = :idcase
    union all
    select report_month, package, row, 'C', n_zap, lpu, date_z_1, date_z_2, sumv from pump.c_zap where idcase = :idcase
    union all
    select report_month, package, row, 'T', n_zap, lpu, date_z_1, date_z_2, sumv from pump.t_zap where idcase = :idcase
    union all
    select report_month, package, row, 'X', n_zap, lpu, date_z_1, date_z_2, sumv from pump.x_zap where idcase = :idcase
) z
join exchange.package p on p.id = z.package
left join exchange.organisation o on o.code = p.sender
where cast(:mo as text) is null or :mo in (p.sender, z.lpu)
order by p.received_at, z.package, z.row
limit 200
