update pump.closing set state = :state where id = :id
