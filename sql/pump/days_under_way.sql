select id from pump.closing where kind = 'day' and state not in ('DELIVERED', 'REJECTED') order by id
