select state from pump.closing where id = :id for update
