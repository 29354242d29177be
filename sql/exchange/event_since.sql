-- Whether an event of a name has happened since a moment.
select exists (select from exchange.event where at >= :since and name = :name)
