insert into exchange.package
    (channel, source_key, sender, address, name, reference, attached, incomplete, sha256, size, received_at,
     kind, subsystem, number, reception)
values
    (:channel, :source_key, :sender, :address, :name, :reference, :attached, :incomplete, :sha256, :size, :received_at,
     :kind, :subsystem, :number, cast(:reception as jsonb))
on conflict (channel, source_key) do nothing
returning id
