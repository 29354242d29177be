select period from pump.closing where id = any(:closings)
