-- Months with accepted registers that nobody has frozen yet.
select distinct p.period from exchange.package p
where p.subsystem = 'pump' and p.kind = any(:kinds) and p.accepted > 0 and p.period is not null
  and not exists (select from pump.closing c where c.kind = 'month' and c.state <> 'REJECTED' and c.period = p.period)
order by 1
