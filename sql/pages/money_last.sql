select max(period) as period from pump.closing where kind = 'month' and state in ('APPROVED', 'DELIVERED')
