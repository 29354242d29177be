-- Packages that a task of the scheduler has received or was the last to take, in the order of their numbers.
with found as (
    select id from exchange.package where run = cast(:run as jsonb)
    union
    select id from exchange.package where reception = cast(:run as jsonb)
)
select p.id, p.name, p.sender as sender_code, o.short_name as sender, p.kind, p.state, p.result, p.received_at
from found f join exchange.package p on p.id = f.id left join exchange.organisation o on o.code = p.sender
order by p.id
limit :limit
