insert into exchange.trusted_address (address, organisation) values (lower(:address), :code)
