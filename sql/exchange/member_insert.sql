insert into exchange.member (package, role, name, size, sha256) values (:package, :role, :name, :size, :sha256)
