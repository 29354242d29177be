-- The same bytes under other numbers of the journal.
select id, name, received_at, result from exchange.package where sha256 = :sha256 and id <> :id order by id limit 20
