update checks.edition set report_sha256 = :sha256 where id = :id
