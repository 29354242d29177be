insert into exchange.outgoing
    (channel, address, name, sha256, size, subject, body, created_at, due_at, recipient)
values
    (:channel, :address, :name, :sha256, :size, :subject, :body, :created_at, :created_at, :recipient)
on conflict (channel, address, name, sha256) where package is null do nothing
