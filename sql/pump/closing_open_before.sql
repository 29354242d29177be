-- Earlier months that have accepted registers and are not closed.
select distinct p.period from exchange.package p
where p.subsystem = 'pump' and p.kind = any(:kinds) and p.accepted > 0 and p.period < :period
  and p.period >= :since
  and not exists (select from pump.closing c where c.kind = 'month' and c.period = p.period
                  and c.state in ('APPROVED', 'DELIVERED'))
order by 1
