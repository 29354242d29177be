-- The edition that the last approval of a proposal put in force.
select (details ->> 'edition')::bigint from exchange.event
where name = :name and details ->> 'digest' = :digest
order by seq desc limit 1
