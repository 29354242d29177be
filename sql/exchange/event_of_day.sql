-- Whether an event of a name is about a day; it cannot have been written before the day began.
select exists (select from exchange.event where at >= :since and name = :name and details ->> 'day' = :day)
