-- The closing that counts of each report month of a period: the one that is not rejected, else the last rejected one.
select distinct on (period) id, period, state, act_number, act_date, decided_at
from pump.closing
where kind = 'month' and period between date_trunc('month', cast(:first as date))::date and :last
order by period, state = 'REJECTED', id desc
