select id from pump.closing where kind = 'month' and state <> 'REJECTED' and period = :period
