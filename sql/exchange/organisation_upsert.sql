insert into exchange.organisation (code, kind, name, short_name, mnemonic, login, valid_from, valid_until)
values (:code, :kind, :name, :short_name, :mnemonic, :login, :valid_from, :valid_until)
on conflict (code) do update set
    kind = excluded.kind, name = excluded.name, short_name = excluded.short_name, mnemonic = excluded.mnemonic,
    login = excluded.login, valid_from = excluded.valid_from, valid_until = excluded.valid_until
