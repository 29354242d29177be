select (frozen_at at time zone 'Europe/Moscow')::date from pump.closing
where kind = 'month' and state <> 'REJECTED' and period = :period
