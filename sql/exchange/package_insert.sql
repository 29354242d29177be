insert into exchange.package
    (channel, source_key, sender, address, name, reference, attached, incomplete, sha256, size, received_at,
     kind, subsystem, number)
values
    (:channel, :source_key, :sender, :address, :name, :reference, :attached, :incomplete, :sha256, :size, :received_at,
     :kind, :subsystem, :number)
on conflict (channel, source_key) do nothing
returning id
