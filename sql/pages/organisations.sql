select code, kind, name, short_name, mnemonic, login, valid_from, valid_until from exchange.organisation order by kind, code
