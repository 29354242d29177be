-- A package that may be prepared with others: its first attempt, which is noted here; not one that another run holds.
update exchange.package set attempts = attempts + 1, run = coalesce(cast(:run as jsonb), run)
where id in (
    select id from exchange.package
    where id = :id and state = 'RECEIVED' and attempts = 0 and sender is not null and attached and not incomplete
      and size between 1 and :most
    for update skip locked
)
returning id, sender, channel, address, name, reference, sha256, size, received_at, incomplete, attached
