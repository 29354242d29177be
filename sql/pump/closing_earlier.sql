-- Closed months before a period, the oldest first.
select id, period from pump.closing
where kind = 'month' and state in ('APPROVED', 'DELIVERED') and period < :period and period >= :since
order by period
