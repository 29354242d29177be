insert into exchange.document (package, kind, name, sha256, size, made_at)
values (:package, :kind, :name, :sha256, :size, :made_at)
