select role, name, size, sha256 from exchange.member where package = :id order by role
