insert into exchange.event (seq, package, at, name, actor, details, previous, hash)
values (0, :package, :at, :name, :actor, cast(:details as jsonb), '', '')
