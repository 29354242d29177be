-- Packages and months that hold a case with this IDCASE, of any kind of register.
select report_month, package, row, 'H' as kind from pump.h_zap where idcase = :idcase
union all
select report_month, package, row, 'C' as kind from pump.c_zap where idcase = :idcase
union all
select report_month, package, row, 'T' as kind from pump.t_zap where idcase = :idcase
union all
select report_month, package, row, 'X' as kind from pump.x_zap where idcase = :idcase
order by report_month, package, row
