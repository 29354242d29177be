insert into exchange.outgoing
    (package, channel, address, name, sha256, size, subject, body, reference, created_at, due_at)
values
    (:package, :channel, :address, :name, :sha256, :size, :subject, :body, :reference, :created_at, :created_at)
