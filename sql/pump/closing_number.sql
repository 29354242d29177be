select count(*) from pump.closing where kind = :kind and period = :period
