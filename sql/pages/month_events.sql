select at, name, actor, details from exchange.event
where package is null and name like 'MONTH\_%' and (details ->> 'closing')::bigint = :id order by seq
